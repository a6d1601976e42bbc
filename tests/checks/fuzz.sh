#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every parser survives its corpus, what the program itself writes, and some hundred damaged copies of
# both. The damage is the same in every run.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

mkdir -p root/a root/b seeds/{plan,recipe,layer,image,image_documents,graph_json,words,rates,fleet}
echo a >root/a/f
ln -s ../a root/b/l
printf '{"stratapackGraph":1,"items":[{"id":"/a","references":["/b"]},{"id":"/b","size":7}],"roots":["/a"]}' \
	>seeds/graph_json/graph
from=(--graph seeds/graph_json/graph --root root)
must "a plan" "$STRATAPACK" plan "${from[@]}" -o seeds/plan/plan
must "images" "$STRATAPACK" build "${from[@]}" --cache cache -q --compression none \
	-o oci-archive:seeds/image/oci:x:1 -o docker-archive:seeds/image/docker:x:1 \
	-o universal-archive:seeds/image/universal:x:1 -o oci:layout:x:1
cp cache/recipes/* seeds/layer/
manifest=layout/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' layout/index.json)
config=layout/blobs/sha256/$(jq -r '.config.digest[7:]' "$manifest")
{
	cat "$config"
	printf '\0'
	jq -c '.config.digest = "@" | .config.size = 0 | .layers = []' "$manifest" | sed 's/"size":0/"size":#/'
	printf '\0'
	jq -c '.manifests[0].digest = "@" | .manifests[0].size = 0' layout/index.json | sed 's/"size":0/"size":#/'
} >seeds/image_documents/chain
words=0
for word in registry.example:5000/a/b:tag@sha256:0 oci:path:name:tag zstd:19 u=rwX,go-w "/srv/app-?/* /srv/app-1/x" \
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" \
	" -- N <n@example.org>  Thu, 01 Feb 2024 12:00:00 +0000" $'\302\233\342\200\256\377'; do
	words=$((words + 1))
	printf %s "$word" >"seeds/words/$words"
done
echo '{"stratapackFleet":1,"images":[{"name":"x","graph":"g.json","weight":2}]}' >seeds/fleet/one
echo '{"stratapackRates":1,"rates":{"a":{"perYear":3}}}' >seeds/rates/one

cat >damage.py <<'END'
import os, random, sys
target, sources = sys.argv[1], sys.argv[2:]
dice = random.Random(target)
bytes_of_note = [b"\0", b"\xff", b"[" * 300, b"{\"a\":" * 300, b"-1", b"18446744073709551616", b"1e999", b"\"", b"\n", b"../", b"%n%s", b"\xc2\x9b"]
count = 0
for source in sources:
    whole = open(source, "rb").read()
    for _ in range(300 // len(sources) + 10):
        text = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(text) + 1)
            way = dice.randrange(5)
            if way == 0: del text[at:]
            elif way == 1: del text[at:at + dice.randint(1, 40)]
            elif way == 2: text[at:at] = dice.choice(bytes_of_note)
            elif way == 3 and at < len(text): text[at] ^= 1 << dice.randrange(8)
            else: text[at:at] = text[dice.randrange(len(text) + 1):][:dice.randint(1, 600)]
        count += 1
        open(f"damaged/{target}/{count}", "wb").write(text)
END
for program in "$STRATAPACK_BUILD"/tests/fuzz/fuzz_*; do
	if [ ! -f "$program" ] || [ ! -x "$program" ]; then
		continue
	fi
	target=${program##*/fuzz_}
	mkdir -p "damaged/$target"
	mapfile -t inputs < <(find "$STRATAPACK_SOURCE/tests/fuzz/corpus/$target" "seeds/$target" -type f 2>/dev/null | sort)
	[ ${#inputs[@]} -gt 0 ] || inputs=(seeds/graph_json/graph)
	[ "$target" != tar_reader ] || inputs+=(seeds/image/oci)
	python3 damage.py "$target" "${inputs[@]}"
	mapfile -t damaged < <(find "damaged/$target" -type f | sort -V)
	ok "$target: ${#inputs[@]} inputs and ${#damaged[@]} damaged ones" \
		timeout 200 "$program" "${inputs[@]}" "${damaged[@]}"
done
done_testing
