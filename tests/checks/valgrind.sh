#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit tests under valgrind.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

export STRATAPACK_TESTS_BRIEF=1
for test in "$STRATAPACK_BUILD"/tests/unit/test_*; do
	[ -d "$test" ] || all_ok "${test##*/} under valgrind" valgrind -q --leak-check=full \
		--errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
		--track-fds=no --child-silent-after-fork=yes "$test"
done
done_testing
