#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What works with several threads, under ThreadSanitizer: the pool, the building of layers, the blob
# store, and the program with its progress line. Each is a part.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

tests=(test_util test_layer_build test_cache test_final_offsets)
parts "${1-}" program "${tests[@]}"
test=$(unit_test "$part")
must "build" build_apart build-threads -Db_sanitize=thread -Db_lundef=false -- "${test:-stratapack}"

export STRATAPACK_TESTS_BRIEF=1
export TSAN_OPTIONS=halt_on_error=0:exitcode=99:second_deadlock_stack=1
if [ -n "$test" ]; then
	all_ok "$part with ThreadSanitizer" "build-threads/$test"
	done_testing
	exit
fi

program=$PWD/build-threads/stratapack
make_store "$scratch/root"
mapfile -t store < <(store_options "$scratch/root")
seq 1000000 >"$scratch/root$more/larger"
cd "$scratch" || exit 1
for compression in none gzip zstd; do
	for try in first again; do
		# The progress line is drawn on a terminal only; `script` gives it one.
		ok "build on a terminal with ThreadSanitizer, $compression, $try" script -qec \
			"$(printf '%q ' "$program" build "${store[@]}" --strategy per-item --threads 4 \
				--compression "$compression" --cache cache -o "oci:$compression-$try:x:1")" \
			terminal.log
	done
done
not "the terminal saw no warning" grep -a ThreadSanitizer terminal.log
ok "verify with ThreadSanitizer" "$program" verify oci:gzip-first
ok "prune with ThreadSanitizer" "$program" cache prune --cache cache --max-size 0
done_testing
