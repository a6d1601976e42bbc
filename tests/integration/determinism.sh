#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same input gives the same bytes, whatever the circumstances.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

make_store "$scratch/root"
# A layer of many megabytes, so that several threads have something to do.
pseudo_random 9000000 large >"root$more/large"
seq 1000000 >"root$more/larger"
chmod 444 "root$more"/*
cp -p "root$data/share/name" "root$more/name"

# build_in OUTPUT ROOT OPTION…: every output whose compression is COMPRESSION.
build_in() {
	local output=$1 root=$2 archive=universal-archive
	shift 2
	[[ $compression != zstd* ]] || archive=oci-archive
	mkdir "$output"
	"$STRATAPACK" build --graph "$root/graph.json" --root "$root" --strategy per-item \
		--compression "$compression" --entrypoint "$hello/bin/hello" -S "/bin=$shell/bin" \
		-o "oci:$output/layout:hello:1" -o "$archive:$output/archive.tar:example.org/hello:1" "$@"
}

# The same store, written in another order, without hard links.
mkdir -p shuffled
(cd root && find . -mindepth 1 -print0 | shuf -z --random-source=<(pseudo_random 1000000 order)) |
	while IFS= read -r -d '' path; do
		mkdir -p "shuffled/$(dirname "$path")"
		if [ -d "root/$path" ] && [ ! -L "root/$path" ]; then
			mkdir -p "shuffled/$path"
		else
			cp -P "root/$path" "shuffled/$path"
		fi
	done
find shuffled -type d -exec chmod 755 {} +
chmod 755 "shuffled$shell/bin/busybox" "shuffled$hello/bin/hello"
jq '.items |= reverse | .items[].references |= reverse' root/graph.json >shuffled/graph.json
empty "the shuffled store has no hard links" "$(find shuffled -type f -links +1)"
# The same store with everything linked that can be, as stores deduplicate.
cp -a root linked
ln -f "linked$data/share/name" "linked$more/name"
mkdir -p elsewhere

for compression in none gzip gzip:1 gzip:9 zstd zstd:1 zstd:12; do
	must "build, $compression" build_in "${compression/:/-}" root
	for threads in 1 2 3 8; do
		ok "build with $threads threads, $compression" build_in "other" root --threads $threads
		same "$threads threads, $compression" "${compression/:/-}" other
		rm -rf other
	done
done

compression=gzip
vary() { # vary NAME COMMAND…
	local name=$1
	shift
	ok "build with another $name" "$@"
	same "another $name" gzip other
	rm -rf other
}
with_umask() {
	(umask "$1" && build_in other root)
}
with_environment() {
	(export "${1?}" && build_in other root)
}
in_directory() {
	(cd elsewhere && build_in "$scratch/other" "$1")
}
vary "umask" with_umask 077
vary "umask, none at all" with_umask 000
for locale in C POSIX en_US.UTF-8 tr_TR.UTF-8; do
	vary "locale $locale" with_environment "LC_ALL=$locale"
done
vary "time zone" with_environment TZ=Asia/Kathmandu
vary "scratch directory" with_environment "TMPDIR=$scratch/elsewhere"
vary "home" with_environment HOME=/nonexistent
vary "working directory" in_directory ../root
vary "order of files and no hard links" build_in other shuffled
vary "set of hard links" build_in other linked
sleep 1.1
vary "moment" build_in other root
find root -exec touch -h -d 2001-02-03 {} +
vary "time stamps in the store" build_in other root

# What the umask leaves of outputs is right, too.
(umask 077 && "$STRATAPACK" build --graph root/graph.json --root root -o docker-archive:private.tar)
is "files are created under the umask" "$(stat -c %a private.tar)" 600

# SOURCE_DATE_EPOCH is the time of everything that has one.
export SOURCE_DATE_EPOCH=1234567890
ok "build with SOURCE_DATE_EPOCH" build_in epoch root
is "it is the time of the image" "$(skopeo inspect --config --raw oci:epoch/layout:1 | jq -r .created)" \
	2009-02-13T23:31:30Z
ok "build with SOURCE_DATE_EPOCH again" build_in other root --threads 1
same "SOURCE_DATE_EPOCH" epoch other
done_testing
