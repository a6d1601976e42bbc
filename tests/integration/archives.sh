#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An archive of uncompressed layers is laid out before they are made, and they are written straight
# to their places: once, and to the same bytes as on standard output, where that cannot be done.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

make_store "$scratch/root"
pseudo_random 9000000 large >"root$more/large"
seq 1000000 >"root$more/larger"
# Two items with the same directory and nothing else have the same layer, below all others.
mkdir root/store/twins
jq '(.items[] | select(.id | endswith("-shell-1.36"))).references += ["/store/twin", "/store/twins"] |
	.items += [("/store/twin", "/store/twins") |
		{id: ., content: "files", size: 4096, identity: ., files: ["/store/twins"]}]' \
	root/graph.json >root/twins.json
transports=(docker-archive docker-v1-archive oci-archive universal-archive)
reference=example.org/team/hello:2.0

# build_to GRAPH OUTPUT… [-- OPTION…]
build_to() {
	local graph=$1 outputs=()
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		outputs+=(-o "$1")
		shift
	done
	"$STRATAPACK" build --graph "root/$graph.json" --root root --strategy per-item --compression none \
		--entrypoint "$hello/bin/hello" -S "/bin=$shell/bin" "${outputs[@]}" "${@:2}"
}
to_stdout() { # to_stdout GRAPH TRANSPORT FILE OPTION…: copies finished layers
	build_to "$1" "$2:-:$reference" -- "${@:4}" >"$3"
}

for graph in graph twins; do
	for transport in "${transports[@]}"; do
		must "on stdout: $graph, $transport" to_stdout $graph "$transport" "wanted-$graph-$transport" --no-cache
		for threads in 1 2 3 8; do
			ok "in a file: $graph, $transport, $threads threads" build_to $graph "$transport:a.tar:$reference" \
				-- --no-cache --threads $threads
			same "are the same bytes: $graph, $transport, $threads threads" "wanted-$graph-$transport" a.tar
			rm a.tar
		done
		ok "sound: $graph, $transport" "$STRATAPACK" verify "wanted-$graph-$transport"
	done
done
is "the twins are one member of a docker-archive" "$(tar -tf wanted-twins-docker-archive | grep -c '\.tar$')" \
	"$(($(tar -tf wanted-graph-docker-archive | grep -c '\.tar$') + 1))"

# Beside others, and with the cache: while it fills, full, and with a blob missing.
outputs=()
for transport in "${transports[@]}"; do
	outputs+=("$transport:many/$transport:$reference")
done
many() { # many NAME OUTPUT… -- OPTION…
	local name=$1 transport
	shift
	mkdir -p many
	ok "$name" build_to twins "$@"
	for transport in "${transports[@]}"; do
		same "the same bytes: $name, $transport" "wanted-twins-$transport" "many/$transport"
	done
}
many "all archives at once" "${outputs[@]}" -- --no-cache
many "with a layout" "${outputs[@]}" "oci:many/layout:$reference" -- --no-cache
ok "the layout is sound" "$STRATAPACK" verify "oci:many/layout:$reference"
rm -rf many/layout
many "with a directory" dir:many/dir "${outputs[@]}" -- --no-cache
ok "the directory is sound" "$STRATAPACK" verify dir:many/dir
rm -rf many/dir
many "an empty cache" "${outputs[@]}" -- --cache cache
ok "the cache is sound" "$STRATAPACK" cache verify --cache cache
blobs=$(find cache/blobs -type f | wc -l)
many "a full cache" "${outputs[@]}" -- --cache cache
is "and nothing new in it" "$(find cache/blobs -type f | wc -l)" "$blobs"
rm "$(find cache/blobs -type f -printf '%s %p\n' | sort -rn | sed -n '2s/^[0-9]* //p')"
many "a cache with a blob missing" "${outputs[@]}" -- --cache cache
is "which is there again" "$(find cache/blobs -type f | wc -l)" "$blobs"
to_a_pipe() {
	build_to twins "docker-archive:-:$reference" "oci-archive:many/beside.tar:$reference" -- --no-cache | cat >many/piped.tar
}
ok "one on stdout and one in a file" to_a_pipe
same "the one on stdout" wanted-twins-docker-archive many/piped.tar
same "the one in a file" wanted-twins-oci-archive many/beside.tar

# On top of another image, whose layers are copied: one of them is a layer of this image, too.
ok "an image to build on" "$STRATAPACK" build --graph root/twins.json --root root /store/twin \
	--strategy per-item --compression none --no-tmp --no-cache -o oci:base:base
for transport in "${transports[@]}"; do
	ok "on a base, on stdout: $transport" to_stdout graph "$transport" based --no-cache --base oci:base
	for threads in 1 3; do
		ok "on a base: $transport, $threads threads" build_to graph "$transport:many/based:$reference" -- \
			--no-cache --base oci:base --threads $threads
		same "the same bytes: on a base, $transport, $threads threads" based many/based
	done
	ok "on a base with that layer, on stdout: $transport" to_stdout twins "$transport" based --no-cache \
		--base oci:base
	ok "on a base with that layer: $transport" build_to twins "$transport:many/based:$reference" -- \
		--no-cache --base oci:base
	same "the same bytes: on a base with that layer, $transport" based many/based
	ok "sound: on a base with that layer, $transport" "$STRATAPACK" verify many/based
done

# A disk with room for the archive, and for no second copy of it.
size=$(stat -c %s wanted-graph-docker-archive)
mkdir disk
mount -t tmpfs -o "size=$((size / 1024 + 200))k" tmpfs disk
at_exit umount disk
for transport in "${transports[@]}"; do
	ok "written once: $transport" build_to graph "$transport:disk/a.tar:$reference" -- --no-cache
	is "nothing else is there: $transport" "$(ls -A disk)" a.tar
	rm disk/a.tar
done
# One that has not: noticed before a byte is written, as the file that takes all room shows.
mount -o "remount,size=$((size / 1024 - 100))k" disk
for transport in "${transports[@]}"; do
	fails_with 1 "no space" "no room: $transport" build_to graph "$transport:disk/a.tar:$reference" -- --no-cache
	empty "nothing is left: $transport" "$(ls -A disk)"
done

# A file that changes after the archive was laid out, or while it is read.
changing() { # changing NAME COMMAND…
	local name=$1 status=0 _
	shift
	for _ in {1..10}; do
		truncate -s 600M "root$more/zeros"
		rm -rf out && mkdir out
		build_to graph "docker-archive:out/a.tar:$reference" "docker-v1-archive:out/b.tar:$reference" -- --no-cache \
			>changing.stdout 2>changing.stderr &
		local process=$!
		wait_for_open $process "$(realpath "root$more")/zeros"
		"$@"
		wait $process
		status=$?
		[ $status -eq 0 ] || break
	done
	is "exit status when $name" $status 1
	ok "the message names the file: $name" grep -F "$more/zeros" changing.stderr
	empty "nothing is left behind: $name" "$(ls -A out)"
}
changing "a file shrinks" truncate -s 1M "root$more/zeros"
changing "a file grows" truncate -s 700M "root$more/zeros"

# Stopped at any moment, nothing has the final name but what is whole.
truncate -s 300M "root$more/zeros"
for signal in KILL TERM; do
	whole=0 partial="" leftovers=""
	for moment in {1..12}; do
		rm -rf out && mkdir out
		"$STRATAPACK" build --graph root/graph.json --root root --strategy per-item --compression none \
			--no-cache -o docker-archive:out/a.tar >/dev/null 2>&1 &
		process=$!
		sleep "$(awk -v moment="$moment" 'BEGIN { print moment * 0.04 }')"
		kill -$signal $process 2>/dev/null
		wait $process 2>/dev/null
		leftovers+=$(find out -mindepth 1 ! -name a.tar)
		[ -e out/a.tar ] || continue
		whole=$((whole + 1))
		"$STRATAPACK" verify out/a.tar >/dev/null 2>&1 || partial+=" $moment"
	done
	empty "what is there after SIG$signal is whole ($whole of 12)" "$partial"
	[ $signal = KILL ] || empty "nothing else is there after SIG$signal" "$leftovers"
done
done_testing
