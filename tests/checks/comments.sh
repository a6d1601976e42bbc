#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Comments speak of what is there.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

mapfile -t files < <(git ls-files 'src/*.[ch]' 'include/*.h' 'lab/*.[ch]')
ok "comments name only parameters that are there" python3 tests/checks/comments.py "${files[@]}"

# The check itself, on a small file.
made_up() { # made_up COMMENT: check a file with a function of LAYER and SIZE below this comment.
	printf '/* %s */\nint fill(struct layer *layer,\n\tsize_t size);\n' "$1" >"$scratch/made-up.h"
	(cd "$scratch" && python3 "$STRATAPACK_SOURCE/tests/checks/comments.py" made-up.h)
}
ok "a parameter may be named" made_up "Fill LAYER with SIZE bytes."
ok "the parts of a form are no parameters" made_up "Fill LAYER from HOST/NAME[:TAG]."
not "a stale parameter is found" made_up "Fill BUFFER with SIZE bytes."
is "the place and the name are said" "$(made_up "Fill BUFFER with SIZE bytes.")" "made-up.h:1: BUFFER"
not "a torn comment is found" made_up "Fill LAYER with SIZE
 *bytes."

# unexplained FILE…: print each .c file without a header of its own name and without a comment right
# below the line of its licence.
unexplained() {
	local file
	for file; do
		[ -e "${file%.c}.h" ] || sed -n 2p "$file" | grep -q '^/\*' || echo "$file"
	done
}

mapfile -t c_files < <(git ls-files 'src/*.c' 'lab/*.c')
empty "a file without a header begins with what it decides" "$(unexplained "${c_files[@]}")"

licence='/* SPDX-License-Identifier: Apache-2.0 */'
printf '%s\n/* Why. */\n#include <a.h>\n' "$licence" >"$scratch/explained.c"
printf '%s\n#include <a.h>\n' "$licence" >"$scratch/unexplained.c"
is "one that does not is found" "$(unexplained "$scratch"/{explained,unexplained}.c)" "$scratch/unexplained.c"
done_testing
