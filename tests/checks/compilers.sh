#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both compilers build everything without a warning; each is a part.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
parts "${1-}" gcc clang
cd "$STRATAPACK_SOURCE" || exit 1

export CC=$part
ok "build with $part" build_apart "build-$part" -Dwerror=true --
done_testing
