#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The form of the sources.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

mapfile -t c_files < <(git ls-files '*.c' '*.h')
mapfile -t shell_files < <(git ls-files -z | xargs -0 grep -IlE '^#!/(bin/sh|usr/bin/env bash)')

# Each major version writes some lines in another way (initialisers in macros, pointers to structures without
# a name), and no settings make them agree.
readonly clang_format=14
version=$(clang-format --version | sed 's/.*version \([0-9]*\).*/\1/')
if [ "$version" = $clang_format ]; then
	ok "C sources are as clang-format writes them" clang-format --dry-run -Werror "${c_files[@]}"
else
	skip "C sources are as clang-format writes them" "clang-format is $version, and the form is that of $clang_format"
fi
ok "shell scripts please shellcheck" shellcheck -x "${shell_files[@]}"
not "no line ends in white space" git grep -InE '[ 	]+$' -- ':!*.md' ':!tests/data'

# What a reader must be told, a file must say: its licence, in the first two lines.
licences_are_named() {
	local file missing=0
	for file in "${c_files[@]}" "${shell_files[@]}"; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: ' || { echo "$file" && missing=1; }
	done
	return $missing
}
ok "C sources and scripts name their licence" licences_are_named
done_testing
