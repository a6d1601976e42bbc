#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit tests, and the scripts that feed bad input, under AddressSanitizer and
# UndefinedBehaviorSanitizer, each a part.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
mapfile -t names < <(unit_tests | sed 's,.*/,,')
parts "${1-}" steps bad_input "${names[@]}"
cd "$STRATAPACK_SOURCE" || exit 1

test=$(unit_test "$part")
must "build" build_apart build-sanitize -Db_sanitize=address,undefined -Db_lundef=false -- "${test:-stratapack}"

export STRATAPACK_TESTS_BRIEF=1
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:exitcode=99
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
export STRATAPACK_BUILD=$PWD/build-sanitize STRATAPACK=$PWD/build-sanitize/stratapack
if [ -n "$test" ]; then
	all_ok "$part with sanitizers" "build-sanitize/$test"
else
	mkdir "$scratch/$part"
	all_ok "$part.sh with sanitizers" env TMPDIR="$scratch/$part" "tests/integration/$part.sh"
fi
done_testing
