# SPDX-License-Identifier: Apache-2.0
# Lines of text become a C source with an array of them. Comments and empty lines stay, so that errors
# count lines as the file has them.
s/\\/\\\\/g
s/"/\\"/g
s/.*/"&",/
1i\
#include "graph/dpkg/generated_table.h"\
const char *const strata_generated_lines[] = {
$a\
};\
const size_t strata_generated_line_count =\
	sizeof(strata_generated_lines) / sizeof(*strata_generated_lines);
