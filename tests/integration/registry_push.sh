#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which requests a push makes, and what it does about trouble: against a server that makes it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/registry/lib.sh
. "$(dirname "$0")/../registry/lib.sh"

make_store "$scratch/root"
cd "$scratch" || exit 1
graph=(--graph root/graph.json --root root)
must "build an image of two layers" "$STRATAPACK" build "${graph[@]}" --max-layers 2 \
	--cmd /bin/sh -o oci:image:tool:1
mapfile -t short < <(short_digests image)
manifest=${short[0]} config=${short[1]} first=${short[2]} second=${short[3]}
is "it has two layers" "${#short[@]}" 4

push() {
	"$STRATAPACK" push -q "$@" "docker://$server/team/tool:1"
}

# uploads DIGEST…: the requests that bring blobs into an empty repository, but for the sessions' names.
uploads() {
	local digest
	for digest; do
		echo "HEAD /v2/team/tool/blobs/$digest -> 404"
		echo "POST /v2/team/tool/blobs/uploads/ -> 202"
		echo "PUT /v2/team/tool/blobs/uploads/SESSION?digest=$digest -> 201"
	done
}

# The requests in an order that does not depend on which blob came first.
sorted_requests() {
	requests | sed 's/session[0-9]*/SESSION/' | sort
}

sorted() {
	sort
}

# --- what is sent -------------------------------------------------------------------------------

for location in absolute relative absolute-query relative-query; do
	must "a server starts" start_server "$location"
	script "{\"location\": \"$location\"}"
	is "a push prints the digest of the manifest (locations: $location)" "$(push oci:image)" \
		"$(jq -r '.manifests[0].digest' image/index.json)"
	is "it makes these requests and no others" "$(sorted_requests | sed 's/_state=a%2Bb&//')" \
		"$( (
			echo "HEAD /v2/team/tool/manifests/1 -> 404"
			uploads "$config" "$first" "$second"
			echo "PUT /v2/team/tool/manifests/1 -> 201"
		) | sorted)"
	is "the manifest comes last" "$(requests | tail -n 1)" "PUT /v2/team/tool/manifests/1 -> 201"
	stop_process "$server_process"
done

must "a server starts" start_server main
script '{}'
ok "push it" push oci:image
script '{}'
ok "push it again" push oci:image
is "an unchanged push costs one request" "$(requests)" "HEAD /v2/team/tool/manifests/1 -> 200"

must "build it with one layer changed" "$STRATAPACK" build "${graph[@]}" --max-layers 2 --env A=b \
	--cmd /bin/sh --previous image -o oci:changed:tool:1
mapfile -t now < <(short_digests changed)
is "only the config differs" "${now[2]} ${now[3]}" "$first $second"
script '{}'
ok "push it" push oci:changed
is "what the old manifest names is not asked for" "$(sorted_requests)" "$( (
	echo "HEAD /v2/team/tool/manifests/1 -> 200"
	echo "GET /v2/team/tool/manifests/1 -> 200"
	uploads "${now[1]}"
	echo "PUT /v2/team/tool/manifests/1 -> 201"
) | sorted)"

script '{}'
ok "push to several tags" "$STRATAPACK" push -q oci:changed "docker://$server/team/tool:1" \
	"$server/team/tool:2" "$server/team/tool:3"
is "what is there is given its other names, one after the other" "$(requests)" \
	"HEAD /v2/team/tool/manifests/1 -> 200
HEAD /v2/team/tool/manifests/2 -> 404
HEAD /v2/team/tool/manifests/3 -> 404
PUT /v2/team/tool/manifests/${now[0]}?tag=2&tag=3 -> 201
PUT /v2/team/tool/manifests/2 -> 201
PUT /v2/team/tool/manifests/3 -> 201"
script '{"many_tags": true}'
ok "push to more tags" "$STRATAPACK" push -q oci:changed "docker://$server/team/tool:1" \
	"$server/team/tool:4" "$server/team/tool:5"
is "a registry that can set several tags does it in one request" "$(requests | tail -n 1)" \
	"PUT /v2/team/tool/manifests/${now[0]}?tag=4&tag=5 -> 201"
is "they are there" "$("$STRATAPACK" tags "$server/team/tool")" "$(seq 5)"
script '{"page": 2}'
is "tags are read page by page" "$("$STRATAPACK" tags "docker://$server/team/tool")" "$(seq 5)"
is "in three requests" "$(requests | wc -l)" 3

# --- mounts -------------------------------------------------------------------------------------

script '{}'
is "blobs are mounted from another repository" "$("$STRATAPACK" push -q --json \
	--mount-from "$server/team/tool:1" oci:changed "docker://$server/other/a:1" |
	jq -c '[.blobsSent, .blobsMounted]')" "[0,3]"
is "without asking for them first" "$(requests | grep -c 'HEAD.*blobs')" 0
script '{"mount": 202}'
is "a mount that is not made goes on as an upload" "$("$STRATAPACK" push -q --json \
	--mount-from "$server/team/tool:1" oci:changed "docker://$server/other/b:1" |
	jq -c '[.blobsSent, .blobsMounted]')" "[3,0]"
is "in the session that it opened" "$(requests | grep -c POST)" 3
for status in 401 403 404; do
	script "{\"mount\": $status}"
	is "a mount that is refused with $status is an upload" "$("$STRATAPACK" push -q --json \
		--mount-from "$server/team/tool:1" oci:changed "docker://$server/other/c$status:1" |
		jq -c '[.blobsSent, .blobsMounted]')" "[3,0]"
done
script '{}'
ok "from one repository to another of the same registry" "$STRATAPACK" push -q \
	"docker://$server/team/tool:1" "docker://$server/other/d:1"
is "no byte of a layer is moved" "$(requests | grep -E 'PUT.*digest=|GET.*blobs/[0-9a-f]')" \
	"GET /v2/team/tool/blobs/${now[1]} -> 200"

# --- as the output of a build -------------------------------------------------------------------

build() {
	"$STRATAPACK" build -q "${graph[@]}" --max-layers 2 --cmd /bin/sh --cache cache "$@"
}
script '{}'
ok "build into a registry" build -o "docker://$server/built/tool:1"
is "as from a layout, but for the manifest, which is read at once" "$(sorted_requests)" "$( (
	echo "GET /v2/built/tool/manifests/1 -> 404"
	uploads "$config" "$first" "$second" | sed 's/team/built/'
	echo "PUT /v2/built/tool/manifests/1 -> 201"
) | sorted)"
ok "it is sound" "$STRATAPACK" verify "docker://$server/built/tool:1"
script '{}'
ok "build it again" build -o "docker://$server/built/tool:1"
is "in one request" "$(requests)" "GET /v2/built/tool/manifests/1 -> 200"
script '{}'
is "with other outputs and tags" "$(build -o oci:beside:built:1 -o "docker://$server/built/tool:2" \
	-t built:1 2>&1)" "stratapack: error: the output docker://$server/built/tool:2 has no name in another repository, 'built'
  hint: add another output, docker://built:1"
ok "with other outputs and tags" build -o oci:beside:built:1 -o "docker://$server/built/tool:2" \
	-t "$server/built/tool:3"
same "the layout has the same blobs" image/blobs beside/blobs
is "all tags are there" "$("$STRATAPACK" tags "$server/built/tool")" "$(seq 3)"
"$STRATAPACK" plan "${graph[@]}" --max-layers 2 -o plan.json --recipes recipes
mkdir layers
for recipe in recipes/*; do
	"$STRATAPACK" layer "$recipe" --root root -o "layers/${recipe##*/}"
done
mapfile -t layer_options < <(printf -- '--layer\n%s\n' layers/*)
ok "join layers into a registry" "$STRATAPACK" image plan.json "${layer_options[@]}" --cmd /bin/sh \
	-o "docker://$server/joined/tool:1"
is "the same image" "$("$STRATAPACK" inspect --json "docker://$server/joined/tool:1" | jq -r '.images[0].manifestDigest')" \
	"$(jq -r '.manifests[0].digest' image/index.json)"
script '{}' '{"on": "GET.*manifests", "refuse": [403, "DENIED"]}'
fails_with 1 "403: DENIED" "a registry that refuses us is known before anything is built" \
	build --cache none -o "docker://$server/refused/tool:1"
is "after one request" "$(requests | wc -l)" 1
script '{}' '{"on": "PUT.*digest", "refuse": [403, "DENIED"], "times": 9}'
fails_with 1 "403: DENIED" "a layer that is refused ends the build" \
	build -o "docker://$server/refused/tool:1"
empty "and no manifest follows" "$(requests | grep 'PUT.*manifests')"
fails_with 2 "docker://HOST/REPOSITORY:TAG" "a registry is written with two slashes" \
	build -o "docker:$server/a:1"
empty "nothing is left behind" "$(find . -maxdepth 1 -name '.strata*')"

# --- trouble ------------------------------------------------------------------------------------

# troubled NAME TROUBLE…: a push that must succeed in spite of it, to a repository of its own.
troubled() {
	local name=$1 repository
	shift
	repository=trouble$((tests_done))
	script '{}' "$@"
	ok "$name" "$STRATAPACK" push -q oci:image "docker://$server/$repository:1"
	script '{}'
	ok "and all is there" "$STRATAPACK" verify "docker://$server/$repository:1"
}

troubled "429 with Retry-After" '{"on": "HEAD.*manifests", "status": 429, "headers": {"Retry-After": "0"}}'
troubled "429 with a date in the past" '{"on": "POST", "status": 429, "times": 2,
	"headers": {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}}'
for status in 408 499 500 502 503 504 522; do
	troubled "$status once" "{\"on\": \"PUT.*digest\", \"status\": $status}"
done
troubled "500 for the manifest" '{"on": "PUT.*manifests", "status": 500}'
troubled "a connection that breaks before the answer" '{"on": "HEAD.*blobs", "drop_after": 0, "times": 2}'
for count in 0 1 1000 100000; do
	troubled "a connection that breaks after $count bytes of a blob" \
		"{\"on\": \"PUT.*digest\", \"drop_after\": $count, \"times\": 2}"
done
troubled "an answer that is lost" '{"on": "PUT.*digest", "lose_answer": true}'
troubled "a lost answer to the manifest" '{"on": "PUT.*manifests", "lose_answer": true}'

script '{}' '{"on": "PUT.*digest", "lose_answer": true, "times": 9}'
ok "push while answers are lost" "$STRATAPACK" push -q oci:image "docker://$server/lost:1"
is "what arrived is not sent twice" "$(requests | grep -c 'PUT.*digest')" 3

script '{}' '{"on": "PUT.*digest", "status": 500, "times": 99}'
fails_with 1 "500" "500 for ever is an error in the end" \
	"$STRATAPACK" push -q --tries 3 oci:image "docker://$server/never:1"
is "after as many tries as were asked for" \
	"$(requests | sed -n 's/.*digest=\([0-9a-f]*\).*/\1/p' | sort | uniq -c | awk '{ print $1 }' | sort -u)" 3
for status in 400 403 404 413; do
	script '{}' "{\"on\": \"PUT.*manifests\", \"refuse\": [$status, \"NO\", \"so it is\"], \"times\": 99}"
	fails_with 1 "$status: NO, so it is" "$status is not tried again, and its words are shown" \
		"$STRATAPACK" push -q oci:image "docker://$server/refused$status:1"
	is "once" "$(requests | grep -c 'PUT.*manifests')" 1
done
script '{"told_digest": "sha256:'"$(printf '0%.0s' {1..64})"'"}'
fails_with 1 "under another digest" "a registry that stores a blob under another digest" \
	"$STRATAPACK" push -q oci:image "docker://$server/wrong:1"
fails_with 1 "connect" "a registry that is not there" \
	"$STRATAPACK" push -q --tries 1 oci:image docker://127.0.0.1:1/a:1

# A manifest that names what the registry has lost.
script '{}'
"$STRATAPACK" push -q oci:image "docker://$server/holes:1"
script '{}' '{"on": "PUT.*manifests", "refuse": [404, "MANIFEST_BLOB_UNKNOWN"]}'
ok "a registry that has lost a blob of the last image gets it again" \
	"$STRATAPACK" push -q oci:changed "docker://$server/holes:1"
is "every blob was asked for then" "$(requests | grep -c 'HEAD.*blobs')" 4

# --- pieces -------------------------------------------------------------------------------------

size=$(stat -c %s image/blobs/sha256/"$first"*)
script '{}'
ok "push in pieces" "$STRATAPACK" push -q --chunk-size 100000 oci:image "docker://$server/pieces:1"
is "of that size" "$(requests | grep -c 'PATCH.*\[0-99999\]')" \
	"$(find image/blobs -size +100000c | wc -l)"
ok "with the last one in the request that ends the upload" \
	grep -q "PUT.*digest=$first \[.*-$((size - 1))\]" "$server_directory/requests"
script '{}'
ok "all is there" "$STRATAPACK" verify "docker://$server/pieces:1"
for status in 405 413 415 501; do
	script "{\"pieces_only\": $status}"
	ok "a whole blob that is refused with $status is sent in pieces" \
		"$STRATAPACK" push -q oci:image "docker://$server/only$status:1"
done
script '{"least_piece": 150000}'
ok "pieces are as large as the registry wants them" \
	"$STRATAPACK" push -q --chunk-size 1000 oci:image "docker://$server/least:1"
ok "that large" grep -q 'PATCH.*\[0-149999\]' "$server_directory/requests"
for status in 201 204; do
	script "{\"patch_status\": $status}"
	ok "a piece may be answered with $status" \
		"$STRATAPACK" push -q --chunk-size 100000 oci:image "docker://$server/patch$status:1"
done
script '{}' '{"on": "PATCH", "skip": 1, "keep": 4321}'
ok "an upload in pieces that breaks" \
	"$STRATAPACK" push -q --chunk-size 100000 --transfers 1 oci:image "docker://$server/resume:1"
ok "goes on at the byte that was reached" \
	grep -qE '(PATCH|PUT).*\[[0-9]*4321-' "$server_directory/requests"
script '{}'
ok "and all is there" "$STRATAPACK" verify "docker://$server/resume:1"

# --- what the layout has ------------------------------------------------------------------------

cp -r image bad
chmod -R u+w bad
blob=$(ls bad/blobs/sha256/"$first"*)
printf x | dd of="$blob" bs=1 seek=100 conv=notrunc 2>/dev/null
script '{}'
fails_with 1 "has the digest" "a blob that is not what its name says is not pushed" \
	"$STRATAPACK" push -q oci:bad "docker://$server/bad:1"
is "no manifest was put" "$(requests | grep -c 'PUT.*manifests')" 0
truncate -s -1 "$blob"
fails_with 1 "bytes were expected" "nor one that is too short" \
	"$STRATAPACK" push -q oci:bad "docker://$server/bad:1"
rm "$blob"
fails_with 1 "is missing" "nor an image that lacks one" \
	"$STRATAPACK" push -q oci:bad "docker://$server/bad:1"
fails_with 2 "an image and the names" "a push without a name is wrong use" "$STRATAPACK" push oci:image
fails_with 1 "one push goes to one repository" "names in two repositories are refused" \
	"$STRATAPACK" push oci:image "docker://$server/a:1" "docker://$server/b:1"
digest=$(jq -r '.manifests[0].digest' image/index.json)
ok "push by digest" "$STRATAPACK" push -q oci:image "docker://$server/bydigest@$digest"
fails_with 1 "is to be pushed as" "another digest is refused" \
	"$STRATAPACK" push -q oci:changed "docker://$server/bydigest@$digest"

done_testing
