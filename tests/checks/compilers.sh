#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both compilers build everything without a warning.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

for compiler in gcc clang; do
	export CC=$compiler
	ok "configure for $compiler" scripts/configure "build-$compiler" -Dwerror=true
	ok "build with $compiler" ninja -C "build-$compiler"
done
done_testing
