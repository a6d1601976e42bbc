#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images of several platforms under one name, as clients take them.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

make_store "$scratch/root"
mapfile -t options < <(store_options "$scratch/root")
build() {
	"$STRATAPACK" build "${options[@]}" "$@"
}
ok "an image for amd64" build --architecture amd64 -o oci:amd64:one:1
ok "an image for arm64" build --architecture arm64 --variant v8 -o oci:arm64:two:1
ok "an archive for riscv64" build --architecture riscv64 -o oci-archive:riscv64.tar:three:1

ok "an index" "$STRATAPACK" index oci:amd64 arm64 oci-archive:riscv64.tar:three:1 \
	-o oci:joined:example.org/tool:1 --tag example.org/tool:2
is "a name leads to one index" "$(jq -r '.manifests[] | .mediaType + " " +
	.annotations["org.opencontainers.image.ref.name"]' joined/index.json)" \
	$'application/vnd.oci.image.index.v1+json 1\napplication/vnd.oci.image.index.v1+json 2'
is "which lists every platform" "$(skopeo inspect --raw oci:joined:1 |
	jq -r '.manifests[].platform | [.os, .architecture, .variant // ""] | join("/")')" \
	$'linux/amd64/\nlinux/arm64/\nlinux/riscv64/'
is "digests stay the same" "$(skopeo inspect --raw oci:joined:1 | jq -r '.manifests[1].digest')" \
	"$(jq -r '.manifests[0].digest' arm64/index.json)"
ok "it verifies" "$STRATAPACK" verify oci:joined
ok "skopeo copies all of it" skopeo_copy --all oci:joined:1 oci:copied:1
is "with all manifests" "$(skopeo inspect --raw oci:copied:1 | jq '.manifests | length')" 3
for architecture in amd64 arm64; do
	is "skopeo takes that of $architecture" \
		"$(skopeo --override-arch "$architecture" inspect oci:joined:1 | jq -r .Architecture)" "$architecture"
done
ok "podman takes its own" skopeo --insecure-policy copy -q oci:joined:1 docker-archive:own.tar:tool:1
ok "and loads it" podman_ load -q -i own.tar
if [ "$(uname -m)" = x86_64 ]; then
	is "and runs it" "$(podman_run tool:1 2>/dev/null)" "hello from stratapack"
else
	skip "and runs it" "the store's shell is for another machine"
fi

fails_with 1 "both of the platform linux/amd64" "two images of one platform" \
	"$STRATAPACK" index oci:amd64 oci:amd64 -o oci:none
fails_with 1 "holds no index" "a format that holds none" "$STRATAPACK" index oci:amd64 -o docker-archive:none
fails_with 2 "images are needed" "no image" "$STRATAPACK" index -o oci:none
fails_with 2 "no output" "no output" "$STRATAPACK" index oci:amd64
# shellcheck disable=SC2016
fails_with 1 "has no manifest of OCI" "an image that is not of OCI" bash -c \
	'"$1" build "${@:2}" -o docker-archive:docker.tar:x && "$1" index docker.tar -o oci:none' - \
	"$STRATAPACK" "${options[@]}"
rm -f arm64/blobs/sha256/"$(skopeo inspect --raw oci:arm64 | jq -r '.layers[0].digest' | cut -c 8-)"
fails_with 1 "is missing" "a layer that is missing" "$STRATAPACK" index oci:amd64 oci:arm64 -o oci:none
fails_with 1 "joined" "a layout that exists" "$STRATAPACK" index oci:amd64 -o oci:joined:x
not "nothing is left behind" compgen -G '*none*'
done_testing
