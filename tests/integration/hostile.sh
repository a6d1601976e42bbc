#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Input that was made to harm: names that terminals obey, inputs that never end, and environments in
# which calls fail.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

# --- names ---------------------------------------------------------------------------------------
# An escape sequence by its one-byte introducer in UTF-8 and raw, a reversed order, a second line.
evil=$(printf 'n\302\2331m\342\200\256txt\342\201\247\033[31mx\233y')
json_evil=$(printf 'n\302\2331m\342\200\256txt\342\201\247x')
mkdir -p "root/s/$evil" plain
echo x >"root/s/$evil/$evil"
jq -n --arg name "$json_evil" '{stratapackGraph: 1,
	items: [{id: ("/s/" + $name), name: $name, version: $name, cause: $name, trees: ["/s"]}]}' >graph.json
source_=(--graph graph.json --root root)

# harmless FILE: nothing in it is obeyed by a terminal, or is no text.
harmless() {
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null &&
		! LC_ALL=C grep -aqP '\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|[\x00-\x08\x0b-\x1f\x7f]' "$1"
}
# says NAME COMMAND…: whatever it does, what it says is harmless
says() {
	local name=$1
	shift
	timeout 60 "$@" >said 2>&1
	[ $? -lt 124 ] || echo "it crashed or hung" >>said
	ok "$name: harmless" harmless said
	not "$name: no crash" grep -q "it crashed or hung" said
}
must "an image" "$STRATAPACK" build "${source_[@]}" --no-cache -q --label "a=$json_evil" \
	--entrypoint "$json_evil" --env "A=$json_evil" --author "$json_evil" -o oci:evil:x:1
says build "$STRATAPACK" build "${source_[@]}" --cache cache -o "oci:$evil:x:1"
says "build again" "$STRATAPACK" build "${source_[@]}" --cache cache --json -o oci:out:x:1
says "cache list" "$STRATAPACK" cache list --cache cache
says "cache list --json" "$STRATAPACK" cache list --json --cache cache
says plan "$STRATAPACK" plan "${source_[@]}"
says "plan --explain" "$STRATAPACK" plan "${source_[@]}" --explain
says "plan --digests" "$STRATAPACK" plan "${source_[@]}" --digests --no-cache
says inspect "$STRATAPACK" inspect oci:evil
says "inspect --json" "$STRATAPACK" inspect --json oci:evil
says verify "$STRATAPACK" verify oci:evil
says diff "$STRATAPACK" diff oci:evil oci:out
says "diff --json" "$STRATAPACK" diff --json oci:evil oci:out
says "an unknown item" "$STRATAPACK" plan "${source_[@]}" "$evil"
says "an unknown option" "$STRATAPACK" plan "--$evil"
says "an unknown command" "$STRATAPACK" "$evil"
says "a missing file" "$STRATAPACK" verify "$evil"
ok "what JSON says is what it was" \
	[ "$("$STRATAPACK" plan "${source_[@]}" | jq -r '.layers[0].items[0]')" = "/s/$json_evil" ]

# --- inputs without end ----------------------------------------------------------------------------
truncate -s 1T sparse
for command in verify inspect; do
	fails_with 1 "hardly any are stored" "$command of a terabyte of nothing" \
		timeout 20 "$STRATAPACK" $command sparse
done
rm sparse
: >nothing
echo '[]' >none.json
echo '{"stratapackGraph":1,"items":[]}' >empty.json
echo '{"stratapackGraph":1,"items":[{"id":"gnu/store/x-hello"}]}' >slash.json
fails_with 1 "it is empty" "an empty references graph" "$STRATAPACK" plan --references-graph nothing
fails_with 1 "names no store path" "empty Nix JSON" "$STRATAPACK" plan --nix-json none.json
fails_with 1 "not valid JSON" "Nix JSON of no bytes" "$STRATAPACK" plan --nix-json nothing
fails_with 1 "not valid JSON" "a graph of no bytes" "$STRATAPACK" plan --graph nothing
fails_with 1 "is not an absolute path" "an id without its first slash" "$STRATAPACK" plan --graph slash.json
ok "a graph without items, for additions only" "$STRATAPACK" build --graph empty.json \
	--copy plain=/plain --no-cache -q -o oci:additions
ok "SOURCE_DATE_EPOCH set to nothing" env SOURCE_DATE_EPOCH= "$STRATAPACK" build --graph empty.json \
	--copy plain=/plain --no-cache -q -o oci:dateless
same "is as if it were not set" additions dateless

# --- calls that fail ---------------------------------------------------------------------------------
head -c 3000000 /dev/urandom >plain/large
limited() { # limited KILOBYTES OPTION…: a build that may not write larger files
	(
		ulimit -f "$1"
		shift
		exec "$STRATAPACK" build --graph empty.json --copy plain=/plain -q "$@"
	)
}
mkdir limits
fails_with 1 "File too large" "an archive beyond the limit of files" \
	limited 100 --no-cache -o docker-archive:limits/x.tar
fails_with 1 "File too large" "a layout beyond the limit of files" limited 100 --no-cache -o oci:limits/x
fails_with 1 "File too large" "a cache beyond the limit of files" \
	limited 100 --cache limited -o oci:limits/x
is "nothing is left of them" "$(find limits limited/blobs -mindepth 1 ! -name sha256 | wc -l)" 0
for descriptors in 6 8 10 12 16; do
	(
		ulimit -n $descriptors
		exec "$STRATAPACK" build "${source_[@]}" --no-cache -q -o oci:limits/few
	) >said 2>&1
	status=$?
	ok "$descriptors descriptors: done, or a clear failure ($status)" [ $status -le 1 ]
	[ $status = 1 ] || rm -r limits/few
	is "$descriptors descriptors: nothing is left" "$(find limits -mindepth 1 | wc -l)" 0
done

done_testing
