#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copies between registries, layouts and archives of every format: all is verified, and what can stay
# as it is stays.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/registry/lib.sh
. "$(dirname "$0")/../registry/lib.sh"

make_store "$scratch/root"
cd "$scratch" || exit 1
graph=(--graph root/graph.json --root root)
must "build an image" "$STRATAPACK" build "${graph[@]}" --max-layers 3 --env A=b \
	--annotation org.example.key=value --cmd /bin/sh -o oci:image:example.org/tool:1
must "the same without annotations" "$STRATAPACK" build "${graph[@]}" --max-layers 3 --env A=b \
	--cmd /bin/sh -o oci:plain:example.org/tool:1
manifest=$(jq -r '.manifests[0].digest' image/index.json)
plain=$(jq -r '.manifests[0].digest' plain/index.json)
config=$(jq -r .config.digest "image/blobs/sha256/${manifest#sha256:}")
must "a server starts" start_server main
script '{}'
copy() {
	"$STRATAPACK" copy -q "$@"
}
manifest_of() {
	"$STRATAPACK" inspect --json "$1" | jq -r '.images[0].manifestDigest // empty'
}
config_of() {
	"$STRATAPACK" inspect --json "$1" | jq -r '.images[0].imageId'
}

is "copy to a registry prints the digest" "$(copy oci:image "docker://$server/tool:1")" "$manifest"
ok "copy to a layout" copy "docker://$server/tool:1" oci:layout:example.org/tool:1
same "the blobs are the same" image/blobs layout/blobs
is "and so is the manifest, with its annotations" "$(manifest_of layout)" "$manifest"
ok "copy to an archive of it" copy "docker://$server/tool:1" oci-archive:oci.tar:example.org/tool:1
is "the manifest is the same" "$(manifest_of oci.tar)" "$manifest"
for transport in docker-archive docker-v1-archive universal-archive dir; do
	ok "copy to $transport" copy "docker://$server/tool:1" "$transport:$transport.out:example.org/tool:1"
	ok "it is sound" "$STRATAPACK" verify "$transport.out"
	is "with the same config" "$(config_of "$transport.out")" "$config"
done
ok "copy from an archive to another" copy docker-archive.out universal-archive:again.tar:example.org/tool:1
is "with the same config" "$(config_of again.tar)" "$config"
is "an archive of Docker's in a registry has the manifest that it had before it was one" \
	"$(copy docker-archive.out "docker://$server/back:1")" "$plain"
skopeo --insecure-policy copy -q oci:image:1 docker-archive:skopeo.tar:example.org/tool:1
is "also where its layers are plain" "$(copy skopeo.tar "docker://$server/skopeo:1")" "$plain"
script '{}'
is "what is there already is found out by its digest" "$(copy skopeo.tar "docker://$server/skopeo:1")" "$plain"
is "in one request" "$(requests)" "HEAD /v2/skopeo/manifests/1 -> 200"
copy_to_stdout() {
	copy "docker://$server/tool:1" docker-archive:- | tar -t
}
ok "copy to standard output" copy_to_stdout

script '{}'
docker=$("$STRATAPACK" push -q --manifest-format docker oci:plain "docker://$server/docker:1")
ok "push under Docker's media types" grep -qx 'sha256:[0-9a-f]*' <<<"$docker"
not "that is another manifest" test "$docker" = "$plain"
ok "it is sound" "$STRATAPACK" verify "docker://$server/docker:1"
is "of schema 2" "$("$STRATAPACK" inspect --json "docker://$server/docker:1" | jq -r '.images[0].manifestMediaType')" \
	application/vnd.docker.distribution.manifest.v2+json
is "with the same layers" "$("$STRATAPACK" inspect --json "docker://$server/docker:1" | jq -c '[.images[0].layers[].digest]')" \
	"$("$STRATAPACK" inspect --json plain | jq -c '[.images[0].layers[].digest]')"
script '{}'
is "and again" "$("$STRATAPACK" push -q --manifest-format docker oci:plain "docker://$server/docker:1")" "$docker"
is "in one request" "$(requests)" "HEAD /v2/docker/manifests/1 -> 200"
is "back as OCI it is what it was" "$(copy "docker://$server/docker:1" oci:undocker:a && manifest_of undocker)" "$plain"
"$STRATAPACK" build "${graph[@]}" --compression zstd --cmd /x -o oci:zstd:a
fails_with 1 "zstd layers" "zstd is not for Docker's" \
	"$STRATAPACK" push -q --manifest-format docker oci:zstd "docker://$server/zstd:1"
fails_with 2 "no format of manifests" "nor is anything else" \
	"$STRATAPACK" push -q --manifest-format v2s2 oci:zstd "docker://$server/zstd:1"

# --- trouble --------------------------------------------------------------------------------------

layer=$(jq -r '.layers | max_by(.size).digest' "image/blobs/sha256/${manifest#sha256:}")
for count in 0 1 70000 200000; do
	rm -rf broken
	script '{}' "{\"on\": \"GET.*blobs/$layer\", \"stop_after\": $count}"
	ok "a connection that breaks after $count bytes" copy "docker://$server/tool:1" oci:broken:a
	same "changes nothing" image/blobs broken/blobs
done
ok "the rest was asked for" grep -q "GET.*\[bytes=200000-\] -> 206" "$server_directory/requests"
rm -rf broken
script '{"no_ranges": true}' "{\"on\": \"GET.*blobs/$layer\", \"stop_after\": 70000}"
ok "and all of it where the host knows no ranges" copy "docker://$server/tool:1" oci:broken:a
same "changes nothing" image/blobs broken/blobs
for trouble in flip add shorten; do
	script '{}' "{\"on\": \"GET.*blobs/$layer\", \"$trouble\": 1, \"times\": 9}"
	not "a layer that is not what it should be ($trouble)" copy "docker://$server/tool:1" "oci:bad-$trouble:a"
	not "leaves nothing behind" test -e "bad-$trouble"
	not "also in an archive ($trouble)" copy "docker://$server/tool:1" "oci-archive:bad-$trouble.tar:a"
	not "leaves nothing behind" test -e "bad-$trouble.tar"
done
empty "nor anything hidden" "$(find . -maxdepth 1 -name '.*strata*')"
script '{"blob_redirect": "/elsewhere/"}'
rm -rf broken
ok "blobs may be elsewhere" copy "docker://$server/tool:1" oci:broken:a

# --- several platforms ----------------------------------------------------------------------------

script '{}'
ok "an image for another machine" "$STRATAPACK" build "${graph[@]}" --architecture s390x --cmd /x \
	-o "docker://$server/tool:s390x"
ok "it is copied where it is alone" copy "docker://$server/tool:s390x" oci:s390x:a
index=$("$STRATAPACK" index -q oci:image "docker://$server/tool:s390x" -o "docker://$server/tool:both")
ok "an index is pushed with its images" grep -qx 'sha256:[0-9a-f]\{64\}' <<<"$index"
ok "it is sound" "$STRATAPACK" verify "docker://$server/tool:both"
is "it has both" "$("$STRATAPACK" inspect --json "docker://$server/tool:both" | jq -c '[.images[].architecture]')" \
	'["amd64","s390x"]'
is "manifests are put before the index" "$(requests | grep 'PUT.*manifests' | tail -n 1)" \
	"PUT /v2/tool/manifests/both -> 201"
is "the one for this machine is copied" "$(copy "docker://$server/tool:both" oci:mine:a && manifest_of mine)" \
	"$manifest"
is "all of it goes to another repository" "$(copy --all "docker://$server/tool:both" "docker://$server/other:both")" \
	"$index"
ok "it is sound" "$STRATAPACK" verify "docker://$server/other:both"
script '{}'
is "and again" "$(copy --all "docker://$server/tool:both" "docker://$server/other:both")" "$index"
is "costs what tells that it is there" "$(requests | grep -c 'PUT\|POST')" 0
fails_with 2 "--all is for registries" "but not to a layout" copy --all "docker://$server/tool:both" oci:all:a
fails_with 2 "where from and where to" "a copy to nowhere" copy oci:image

done_testing
