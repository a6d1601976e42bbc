# SPDX-License-Identifier: Apache-2.0
# Lines of text become elements of an array in C. Comments and empty lines stay, so that errors count
# lines as the file has them.
s/\\/\\\\/g
s/"/\\"/g
s/.*/"&",/
