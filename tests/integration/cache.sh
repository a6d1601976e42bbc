#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Layers are built once: the cache gives the same bytes, sees every change, and survives a kill.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

make_store "$scratch/root"
cache=$scratch/cache
graph=(--graph "$scratch/root/graph.json" --root "$scratch/root" --strategy per-item)
build() { # build OUTPUT [OPTION…]
	local output=$1
	shift
	"$STRATAPACK" build "${graph[@]}" "$@" -o "oci:$output:hello:1"
}
layers() {
	"$STRATAPACK" cache list --json --cache "$cache" | jq "$@"
}

ok "a build without a cache" build plain --no-cache
ok "a build that fills one" build first --cache "$cache"
same "the same bytes" plain first
is "the image is in its layout" "$(jq ".manifests | length" "$cache/index.json")" 1
is "every layer is in it" "$(layers length)" \
	"$(skopeo inspect --raw oci:first:1 | jq '.layers | length')"

# Unchanged: no content is opened, which removing all permission to read would show to others than
# root; root is shown by the blobs, none of which is new.
inodes=$(stat -c '%i %Y' "$cache"/blobs/sha256/* | sort)
ok "an unchanged rebuild" build second --cache "$cache"
same "the same bytes again" plain second
is "no blob is new" "$(stat -c '%i %Y' "$cache"/blobs/sha256/* | sort)" "$inodes"

ok "another format from the cache" "$STRATAPACK" build "${graph[@]}" --cache "$cache" \
	-o docker-archive:other.tar:hello:1
ok "which is sound" "$STRATAPACK" verify other.tar
is "and builds nothing" "$(stat -c '%i %Y' "$cache"/blobs/sha256/* | sort | comm -23 - <(echo "$inodes") | wc -l)" 0

ok "skopeo copies from the cache" skopeo_copy "oci:$cache:1" dir:copy
is "the image that was built" "$(jq -r .config.digest copy/manifest.json)" \
	"$(skopeo inspect --raw oci:plain:1 | jq -r .config.digest)"

# One item changed: one layer more.
before=$(layers length)
echo changed >>"$scratch/root$data/share/name"
ok "a rebuild after a change" build third --cache "$cache"
ok "the same without the cache" build fresh --no-cache
same "gives the new bytes" fresh third
is "one layer was built" "$(layers length)" $((before + 1))

# A change that keeps size and modification time.
cp -p "$scratch/root$data/share/name" saved
tr '[:lower:]' '[:upper:]' <saved >"$scratch/root$data/share/name"
touch -r saved "$scratch/root$data/share/name"
ok "a rebuild after a hidden change" build fourth --cache "$cache"
ok "the same without the cache, hidden change" build fresh2 --no-cache
same "sees it" fresh2 fourth

# Spoiled blobs are noticed and built anew. Outputs share them by hard links: take a copy first.
rm -rf first second third fourth
largest=$(find "$cache/blobs/sha256" -type f -printf '%s %p\n' | sort -rn | sed -n '1s/^[0-9]* //p')
printf X | dd of="$largest" bs=1 seek=700 conv=notrunc status=none
ok "a build from a spoiled cache" build fifth --cache "$cache"
same "has the right bytes" fresh2 fifth
rm -rf fifth
printf X | dd of="$largest" bs=1 seek=700 conv=notrunc status=none
"$STRATAPACK" cache verify --cache "$cache" >findings
is "verifying finds it" $? 3
ok "names the blob" grep -qF "${largest##*/}" findings
ok "and removes it" grep -q "1 blob removed" findings
ok "nothing more is wrong then" "$STRATAPACK" cache verify --cache "$cache"

# Describe: the digests of what would be written, and nothing written.
ok "describe" bash -c '"$@" >described.json' - "$STRATAPACK" build "${graph[@]}" --describe --no-cache
ok "plan --digests" bash -c '"$@" >planned.json' - "$STRATAPACK" plan "${graph[@]}" --digests --no-cache
is "the layers are those that build writes" "$(jq -r '.layers[].digest' described.json)" \
	"$(skopeo inspect --raw oci:fresh2:1 | jq -r '.layers[].digest')"
is "so is the manifest" "$(jq -r .manifest.digest described.json)" \
	"$(skopeo inspect --format '{{.Digest}}' oci:fresh2:1)"
is "so is the image ID" "$(jq -r .imageId described.json)" \
	"$(skopeo inspect --raw oci:fresh2:1 | jq -r .config.digest)"
is "plan --digests agrees" "$(jq -c '[.imageId, .manifest, .layers]' planned.json)" \
	"$(jq -c '[.imageId, .manifest, .layers]' described.json)"
fails_with 2 "--describe writes no image" "describe with an output" "$STRATAPACK" build "${graph[@]}" --describe -o oci:x

# Many at once, some of them killed.
rm -rf "$cache"
for round in 1 2 3 4 5 6 7 8; do
	"$STRATAPACK" build "${graph[@]}" --cache "$cache" --compression zstd:3 \
		-o "oci:run$round:hello:1" &
	if [ $((round % 2)) = 0 ]; then
		sleep "0.0$round" && kill -9 $! 2>/dev/null
	fi
done
wait
ok "the cache is sound after kills" "$STRATAPACK" cache verify --cache "$cache"
ok "a build from it" build after --cache "$cache" --compression zstd:3
ok "and one without" build after2 --no-cache --compression zstd:3
same "give the same" after2 after
for round in 1 3 5 7; do
	same "so did run $round" after2 "run$round"
done

# Pruning.
fails_with 2 "needs a limit" "prune without a limit" "$STRATAPACK" cache prune --cache "$cache"
fails_with 2 "is no size" "a size that is none" "$STRATAPACK" cache prune --max-size 3X --cache "$cache"
ok "prune everything" "$STRATAPACK" cache prune --max-size 0 --cache "$cache"
is "nothing is left" "$(find "$cache/blobs" -type f | wc -l) $(layers length)" "0 0"
is "no image either" "$(jq '.manifests | length' "$cache/index.json")" 0

# Where there can be none.
mkdir -p home && touch home/.cache
ok "without a home that can be written" env -u STRATAPACK_CACHE HOME="$scratch/home" \
	"$STRATAPACK" build "${graph[@]}" -o oci:homeless
fails_with 1 "--no-cache" "a cache that cannot be" "$STRATAPACK" build "${graph[@]}" --cache "$scratch/home/.cache/x" -o oci:y

done_testing
