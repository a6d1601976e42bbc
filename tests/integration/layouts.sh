#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is in a layout or in a cache already is not believed, what is none of ours is not written
# through, and what killed runs have left behind goes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

mkdir -p root/a root/b
pseudo_random 30000 a >root/a/file
echo text >root/b/file
echo '{"stratapackGraph":1,"items":[{"id":"/a"},{"id":"/b"}]}' >graph.json
graph=(--graph graph.json --root root --strategy per-item)
build() { # build OUTPUT [OPTION…]
	local output=$1
	shift
	"$STRATAPACK" build "${graph[@]}" -q "$@" -o "oci:$output:hello:1"
}
blob_of() { # blob_of LAYOUT {manifest|config|layer}
	local manifest
	manifest=$(jq -r '.manifests[0].digest[7:]' "$1/index.json")
	case $2 in
	manifest) echo "$1/blobs/sha256/$manifest" ;;
	config) echo "$1/blobs/sha256/$(jq -r '.config.digest[7:]' "$1/blobs/sha256/$manifest")" ;;
	layer) echo "$1/blobs/sha256/$(jq -r '.layers[-1].digest[7:]' "$1/blobs/sha256/$manifest")" ;;
	esac
}

# damage WAY FILE
damage() {
	local size
	size=$(stat -c %s "$2")
	case $1 in
	zeros) head -c "$size" /dev/zero >new && mv new "$2" ;;
	in-place) printf X | dd of="$2" bs=1 seek=$((size - 1)) conv=notrunc status=none ;;
	short) truncate -s -1 "$2" ;;
	empty) : >"$2" ;;
	link) head -c "$size" /dev/zero >victim && ln -sf "$PWD/victim" "$2" ;;
	dangling) ln -sf "$PWD/nothing" "$2" ;;
	device) rm "$2" && ln -s /dev/full "$2" ;;
	pipe) rm "$2" && mkfifo "$2" ;;
	esac
}

ok "a layout" build sound --no-cache
for part in manifest config layer; do
	for way in zeros in-place short empty link dangling device pipe; do
		for cache in "--no-cache" "--cache=cache"; do
			# With a cache, layers are links to its blobs; the other ways tell nothing new.
			case $cache$way in --cache*short | --cache*empty | --cache*dangling | --cache*pipe) continue ;; esac
			rm -rf layout victim nothing
			build layout "$cache" || exit 1
			[ $way != in-place ] || rm -rf cache # it shares the file with the layout
			damage $way "$(blob_of sound "$part" | sed s/sound/layout/)"
			ok "$part, $way, $cache: a build into the layout" \
				timeout 20 "$STRATAPACK" build "${graph[@]}" -q "$cache" -o oci:layout:hello:1
			same "$part, $way, $cache: it is whole" sound layout
		done
		[ $way != link ] || is "$part: what the link led to is as it was" \
			"$(tr -d '\0' <victim | wc -c)" 0
		[ $way != dangling ] || ok "$part: the link led to nothing" [ ! -e nothing ]
	done
done

# Readers refuse what is no regular file.
for way in link device pipe; do
	for part in config layer; do
		rm -rf layout
		cp -r sound layout
		damage $way "$(blob_of sound "$part" | sed s/sound/layout/)"
		for command in verify inspect; do
			not "$command, $part, $way" timeout 20 "$STRATAPACK" $command oci:layout
			cp ok.log said
			ok "$command says so, $part, $way" grep -q "is no regular file" said
		done
	done
done

# An index is made of sound images only.
for part in config layer; do
	rm -rf layout joined
	cp -r sound layout
	damage zeros "$(blob_of sound "$part" | sed s/sound/layout/)"
	not "index, $part" "$STRATAPACK" index oci:layout -o oci:joined
	ok "index, $part: nothing is written" [ ! -e joined ]
done

# A cache whose index is damaged, or whose entries are.
rm -rf cache
must "a build" build first --cache=cache
for text in "" "{" "{}" "null" '{"manifests": 7}'; do
	printf '%s' "$text" >cache/index.json
	rm -rf again
	ok "the index is '$text'" build again --cache=cache
	same "the index is '$text': the image" sound again
	ok "the index is '$text': the cache is sound" "$STRATAPACK" verify oci:cache
done
entries=$(find cache/recipes -name '*.json' | wc -l)
entry=$(find cache/recipes -name '*.json' | head -n 1)
cp "$entry" kept
echo garbage >"$entry"
ok "a malformed entry" "$STRATAPACK" cache list --cache=cache
is "is removed" "$(find cache/recipes -name '*.json' | wc -l)" $((entries - 1))
for way in fifo link directory; do
	rm -f "$entry"
	case $way in
	fifo) mkfifo "$entry" ;;
	link) ln -s "$PWD/kept" "$entry" ;;
	directory) mkdir "$entry" ;;
	esac
	blobs=$(find cache/blobs -type f | wc -l)
	not "listing with a $way for an entry" timeout 20 "$STRATAPACK" cache list --cache=cache
	not "pruning with a $way for an entry" timeout 20 "$STRATAPACK" cache prune --max-size 0 --cache=cache
	is "nothing is lost by a $way" "$(find cache/recipes cache/blobs -mindepth 1 -name '*.json' | wc -l) $(find cache/blobs -type f | wc -l)" "$entries $blobs"
	rm -rf "$entry" again
	ok "a build with a cache that had a $way" build again --cache=cache
done
if [ "$(id -u)" = 0 ]; then
	chmod -R go-rwx cache/recipes
	chmod 777 cache cache/recipes
	chmod 666 cache/lock
	chmod o+x "$scratch" "$scratch"/..
	before=$(find cache/recipes -name '*.json' | wc -l)
	not "a user who may not read the entries" setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$STRATAPACK" cache list --cache "$PWD/cache"
	is "removes none" "$(find cache/recipes -name '*.json' | wc -l)" "$before"
else
	skip "a user who may not read the entries" "root only"
	skip "removes none" "root only"
fi

# What killed runs leave behind is cleared away by the next one, but not what is being made.
mkdir outputs
mkdir -p outputs/.stratapack-00000000000000aa/blobs/sha256 cache/.stratapack-00000000000000ab
echo x >outputs/.stratapack-00000000000000aa/blobs/sha256/x
echo x >outputs/.stratapack-00000000000000ac
echo x >outputs/.stratapack-mine
exec 9<outputs/.stratapack-00000000000000ac
flock 9
ok "a build beside leftovers" build outputs/layout --cache=cache 9<&-
is "those of nobody are gone" "$(find outputs cache -name '.stratapack-*' | sort)" \
	"$(printf 'outputs/.stratapack-00000000000000ac\noutputs/.stratapack-mine')"
exec 9<&-
for round in $(seq "${KILLS:-12}"); do
	"$STRATAPACK" build "${graph[@]}" -q --cache=cache --compression zstd:19 \
		-o "oci:outputs/killed$round:hello:1" &
	sleep "0.0$((round % 10))"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	rm -rf cache/blobs/sha256/* # so that there is something to do
done 2>/dev/null
rm -f outputs/.stratapack-mine
ok "a build after kills" build outputs/last --cache=cache
is "leaves nothing behind" "$(find outputs cache -name ".stratapack-*" | wc -l) $(find outputs cache -name ".stratapack-*")" "0 "
ok "and the cache sound" "$STRATAPACK" cache verify --cache=cache

done_testing
