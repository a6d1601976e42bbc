#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit tests under valgrind, each a part.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
mapfile -t names < <(unit_tests | sed 's,.*/,,')
parts "${1-}" "${names[@]}"

export STRATAPACK_TESTS_BRIEF=1
all_ok "$part under valgrind" valgrind -q --leak-check=full \
	--errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
	--track-fds=no --child-silent-after-fork=yes "$STRATAPACK_BUILD/$(unit_test "$part")"
done_testing
