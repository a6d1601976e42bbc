#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The unit tests, and the scripts that feed bad input, under AddressSanitizer and
# UndefinedBehaviorSanitizer.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

ok "configure" scripts/configure build-sanitize -Db_sanitize=address,undefined -Db_lundef=false
ok "build" ninja -C build-sanitize

export STRATAPACK_TESTS_BRIEF=1
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:exitcode=99
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:exitcode=99
export STRATAPACK_BUILD=$PWD/build-sanitize STRATAPACK=$PWD/build-sanitize/stratapack
for test in build-sanitize/tests/unit/test_*; do
	[ -d "$test" ] || all_ok "${test##*/} with sanitizers" "$test"
done
for script in steps bad_input; do
	mkdir "$scratch/$script"
	all_ok "$script.sh with sanitizers" env TMPDIR="$scratch/$script" "tests/integration/$script.sh"
done
done_testing
