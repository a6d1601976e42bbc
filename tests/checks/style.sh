#!/usr/bin/env bash
# The form of the sources.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

mapfile -t c_files < <(git ls-files '*.c' '*.h')
mapfile -t shell_files < <(git ls-files -z | xargs -0 grep -IlE '^#!/(bin/sh|usr/bin/env bash)')

ok "C sources are as clang-format writes them" clang-format --dry-run -Werror "${c_files[@]}"
ok "shell scripts please shellcheck" shellcheck -x "${shell_files[@]}"
not "no line ends in white space" git grep -InE '[ 	]+$' -- ':!*.md' ':!tests/data'
done_testing
