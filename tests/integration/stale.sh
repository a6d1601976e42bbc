#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file that changed is never served from the cache, on file systems of every kind.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1
at_exit unmount_below "$scratch"

printf '{"stratapackGraph":1,"items":[{"id":"/item"}],"roots":["/item"]}' >graph.json

# build DIRECTORY [OPTION…]: pack DIRECTORY/item/file with the cache beside it, and print what is in
# the layer.
build() {
	local directory=$1
	shift
	rm -rf image.tar
	"$STRATAPACK" build --graph graph.json --root "$directory" --cache "$directory.cache" \
		--compression none -o docker-archive:image.tar "$@" 2>notes || return 1
	grep -ao '[A-Z]\{4\}-content' image.tar
}
blobs() {
	find "$1.cache/blobs" -type f | wc -l
}

# change_and_build NAME DIRECTORY: write, build, write as many bytes, build: as fast as can be.
change_and_build() {
	local name=$1 directory=$2 word wrong=0
	mkdir "$directory/item"
	for word in AAAA BBBB CCCC DDDD EEEE FFFF GGGG HHHH; do
		printf '%s-content' "$word" >"$directory/item/file"
		[ "$(build "$directory")" = "$word-content" ] || wrong=$((wrong + 1))
	done
	is "$name: every change is in the layer" "$wrong" 0
	# Once the files rest, the cache serves.
	sleep 2.3
	build "$directory" >first
	inodes=$(stat -c '%i %Z' "$directory".cache/blobs/sha256/* | sort)
	build "$directory" >second
	is "$name: what rests is served" "$(stat -c '%i %Z' "$directory".cache/blobs/sha256/* | sort)" "$inodes"
	is "$name: as it is" "$(cat first second)" "$(printf 'HHHH-content\nHHHH-content')"
}

# on_image NAME MKFS…: the same on a file system in a file.
on_image() {
	local name=$1
	shift
	truncate -s 64M "$name.img"
	mkdir "$name"
	if "$@" "$name.img" >mkfs.log 2>&1 && mount -o loop "$name.img" "$name" 2>>mkfs.log; then
		change_and_build "$name" "$name"
	else
		skip "$name: every change is in the layer" "$(tail -n 1 mkfs.log | tr -d '#')"
		skip "$name: what rests is served" "as above"
		skip "$name: as it is" "as above"
	fi
}

on_image ext4-small-inodes mkfs.ext4 -q -I 128 -F
on_image ext4 mkfs.ext4 -q -F
on_image fat mkfs.vfat
mkdir tmpfs
must "mounting" mount -t tmpfs none tmpfs
change_and_build tmpfs tmpfs
if overlay_works; then
	mkdir lower upper work overlay
	must "mounting" mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none overlay
	change_and_build overlayfs overlay
else
	for about in "every change is in the layer" "what rests is served" "as it is"; do
		skip "overlayfs: $about" "there is no overlayfs here"
	done
fi

# What no time tells: a write through a mapping. Reading again finds it, says so and mends the cache.
cat >through_mapping.py <<'END'
import mmap, sys
with open(sys.argv[1], "r+b") as file:
    with mmap.mmap(file.fileno(), 0) as mapping:
        mapping[0:4] = b"HHHH"
        print("mapped", flush=True)
        sys.stdin.readline()
        mapping[0:4] = b"XXXX"
        print("written", flush=True)
        sys.stdin.readline()
END
mkfifo orders answers
python3 through_mapping.py tmpfs/item/file <orders >answers &
writer=$!
exec 4>orders 5<answers
read -r _ <&5
sleep 0.1
build tmpfs >first
echo >&4
read -r _ <&5
is "the mapping was written to" "$(cat tmpfs/item/file)" XXXX-content
is "the cache is read again" "$(build tmpfs --verify-cache)" XXXX-content
if [ "$(cat first)" != XXXX-content ]; then
	ok "which is told" grep -q "the cache had other contents for layer 1" notes
fi
is "and mended" "$(build tmpfs)" XXXX-content
is "it is right then" "$(build tmpfs --verify-cache)" XXXX-content
not "and nothing is told" grep -q "the cache had other contents" notes
echo >&4
exec 4>&-
wait "$writer"

done_testing
