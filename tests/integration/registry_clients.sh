#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real registry, with every kind of credentials: what we push, podman, Docker Engine and skopeo pull;
# what they push, we read.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/registry/lib.sh
. "$(dirname "$0")/../registry/lib.sh"
need_root

make_store "$scratch/root"
cd "$scratch" || exit 1
graph=(--graph root/graph.json --root root)
must "build an image" "$STRATAPACK" build "${graph[@]}" --max-layers 3 \
	--entrypoint "$hello/bin/hello" -o oci:image:tool:1 -o universal-archive:image.tar:tool:1
digest=$(jq -r '.manifests[0].digest' image/index.json)
greeting="hello from stratapack"
export XDG_RUNTIME_DIR=$scratch/runtime
mkdir -p "$XDG_RUNTIME_DIR"

# log_in PASSWORD HOST: as ann.
log_in() {
	printf '%s\n' "$1" | "$STRATAPACK" login -q -u ann --password-stdin "$2"
}

# --- plain HTTP on this machine -----------------------------------------------------------------

must "a registry starts" start_registry "$scratch/plain" 'http: {addr: "127.0.0.1:0"}'
plain=$registry
is "push" "$("$STRATAPACK" push -q oci:image "docker://$plain/team/tool:1")" "$digest"
is "the manifest is looked for first" "$(registry_requests plain | head -n 1)" \
	"HEAD /v2/team/tool/manifests/1"
is "and is put last" "$(registry_requests plain | tail -n 1)" "PUT /v2/team/tool/manifests/1"
is "push an archive" "$("$STRATAPACK" push -q image.tar "docker://$plain/archive/tool:1")" "$digest"
ok "verify what the registry has" "$STRATAPACK" verify "docker://$plain/team/tool:1"
is "inspect shows what the layout has" \
	"$("$STRATAPACK" inspect --json "docker://$plain/team/tool:1" | jq -S '.. | .diffId? // empty')" \
	"$("$STRATAPACK" inspect --json image | jq -S '.. | .diffId? // empty')"
ok "diff with a layout" grep -q '^  digest  0 B of' \
	<("$STRATAPACK" diff oci:image "docker://$plain/team/tool:1")
is "skopeo sees the same manifest" \
	"$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$plain/team/tool:1")" \
	"$digest"

ok "podman pulls it" podman_ pull -q --tls-verify=false "$plain/team/tool:1"
is "podman runs it" "$(podman_run "$plain/team/tool:1" 2>&1 | tail -n 1)" "$greeting"

ok "skopeo pushes as Docker's schema 2" skopeo_copy --format v2s2 --dest-tls-verify=false \
	docker-archive:image.tar "docker://$plain/skopeo/tool:1"
ok "we verify it" "$STRATAPACK" verify "docker://$plain/skopeo/tool:1"
ok "we push it on" "$STRATAPACK" push -q "docker://$plain/skopeo/tool:1" "docker://$plain/skopeo/two:1"
is "with the same manifest" "$(skopeo inspect --raw --tls-verify=false "docker://$plain/skopeo/two:1" | sha256sum)" \
	"$(skopeo inspect --raw --tls-verify=false "docker://$plain/skopeo/tool:1" | sha256sum)"

# An index with two platforms.
"$STRATAPACK" build "${graph[@]}" --architecture arm64 --cmd /x -o oci:arm:tool:1
must "an index" "$STRATAPACK" index oci:image oci:arm -o oci:both:tool:2
ok "push all platforms" "$STRATAPACK" push -q --all oci:both "docker://$plain/team/tool:2"
ok "verify all platforms" "$STRATAPACK" verify "docker://$plain/team/tool:2"
is "the index is the layout's" \
	"$(skopeo inspect --raw --tls-verify=false "docker://$plain/team/tool:2" | sha256sum | cut -c 1-64)" \
	"$(jq -r '.manifests[0].digest' both/index.json | cut -c 8-)"
ok "podman pulls its platform" podman_ pull -q --tls-verify=false "$plain/team/tool:2"
is "podman runs it" "$(podman_run "$plain/team/tool:2" 2>&1 | tail -n 1)" "$greeting"
is "one platform of the index alone" "$("$STRATAPACK" push -q "docker://$plain/team/tool:2" \
	"docker://$plain/team/one:1")" "$digest"

if ok "a Docker Engine starts" start_dockerd; then
	ok "docker pulls it" docker_ pull -q "$plain/team/tool:1"
	is "docker runs it" "$(docker_run "$plain/team/tool:1" 2>&1)" "$greeting"
	docker_ tag "$plain/team/tool:1" "$plain/docker/tool:1"
	ok "docker pushes it" docker_ push -q "$plain/docker/tool:1"
	ok "we verify what docker pushed" "$STRATAPACK" verify "docker://$plain/docker/tool:1"
	stop_dockerd
fi

is "an image on a base that the registry has" "$("$STRATAPACK" build "${graph[@]}" \
	--base "docker://$plain/team/tool:1" --mkdir /new -o oci:based:based:1 --json |
	jq -c '[.layers[].digest][0:3]')" "$("$STRATAPACK" inspect --json image |
	jq -c '[.images[0].layers[].digest]')"
ok "is sound" "$STRATAPACK" verify based
ok "a plan follows the image in the registry" "$STRATAPACK" plan "${graph[@]}" \
	--previous "docker://$plain/team/tool:1" -o followed.json
not "a name that the registry does not have is an error" \
	"$STRATAPACK" inspect "docker://$plain/team/none:1"

# --- TLS ----------------------------------------------------------------------------------------

must "certificates" make_certificates certificates
must "a registry with TLS starts" start_registry "$scratch/tls" 'http:' '  addr: "127.0.0.1:0"' \
	'  tls:' "    certificate: $scratch/certificates/server.crt" \
	"    key: $scratch/certificates/server.key"
secure=$registry
fails_with 1 "certificate" "a registry whose authority is not known is refused" \
	"$STRATAPACK" push -q oci:image "docker://$secure/team/tool:1"
mkdir -p "certs.d/$secure"
cp certificates/ca.crt "certs.d/$secure/ca.crt"
is "with its authority it is not" "$("$STRATAPACK" push -q --certs-dir certs.d oci:image \
	"docker://$secure/team/tool:1")" "$digest"
mkdir -p "$HOME/.config/containers"
cp -r certs.d "$HOME/.config/containers/"
ok "also where containers' tools keep it" "$STRATAPACK" verify "docker://$secure/team/tool:1"
rm -r "$HOME/.config/containers/certs.d"
fails_with 1 "400" "plain HTTP is no way around it" \
	"$STRATAPACK" push -q --plain-http "$secure" oci:image "docker://$secure/team/tool:2"

# Our own certificate is asked for.
must "a registry that wants certificates of clients starts" start_registry "$scratch/mutual" 'http:' \
	'  addr: "127.0.0.1:0"' '  tls:' "    certificate: $scratch/certificates/server.crt" \
	"    key: $scratch/certificates/server.key" "    clientcas: [$scratch/certificates/ca.crt]"
mkdir -p "certs.d/$registry"
cp certificates/ca.crt "certs.d/$registry/ca.crt"
not "without one it refuses us" "$STRATAPACK" push -q --tries 1 --certs-dir certs.d oci:image \
	"docker://$registry/team/tool:1"
cp certificates/server.crt "certs.d/$registry/client.cert"
fails_with 1 "needs its key" "a certificate without its key is an error" \
	"$STRATAPACK" push -q --certs-dir certs.d oci:image "docker://$registry/team/tool:1"
cp certificates/server.key "certs.d/$registry/client.key"
is "with ours it does not" "$("$STRATAPACK" push -q --certs-dir certs.d oci:image \
	"docker://$registry/team/tool:1")" "$digest"

# --- Basic --------------------------------------------------------------------------------------

/usr/bin/python3 -W ignore -c 'import crypt; print("ann:" + crypt.crypt("secret word", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' \
	>htpasswd
must "a registry with passwords starts" start_registry "$scratch/basic" 'http: {addr: "127.0.0.1:0"}' \
	"auth: {htpasswd: {realm: here, path: $scratch/htpasswd}}"
basic=$registry
fails_with 1 "401" "without a password it refuses us" \
	"$STRATAPACK" push -q oci:image "docker://$basic/team/tool:1"
not "a wrong password is not kept" log_in wrong "$basic"
not "there is no file then" test -e "$XDG_RUNTIME_DIR/containers/auth.json"
ok "the right one is" log_in "secret word" "$basic"
is "in a file that only its owner can read" "$(stat -c %a "$XDG_RUNTIME_DIR/containers/auth.json")" 600
is "push" "$("$STRATAPACK" push -q oci:image "docker://$basic/team/tool:1")" "$digest"
ok "podman pulls with what we have kept" podman_ pull -q --tls-verify=false \
	--authfile "$XDG_RUNTIME_DIR/containers/auth.json" "$basic/team/tool:1"
ok "log out" "$STRATAPACK" logout "$basic"
fails_with 1 "401" "then it refuses us again" \
	"$STRATAPACK" push -q oci:image "docker://$basic/team/tool:1"
fails_with 1 "no credentials" "log out twice" "$STRATAPACK" logout "$basic"
podman_logs_in() {
	echo "secret word" | podman login --tls-verify=false --authfile podman-auth.json -u ann \
		--password-stdin "$basic"
}
ok "podman logs in" podman_logs_in
ok "and we pull with what it has kept" env REGISTRY_AUTH_FILE=podman-auth.json \
	"$STRATAPACK" verify "docker://$basic/team/tool:1"

# --- Bearer -------------------------------------------------------------------------------------

mkdir tokens
/usr/bin/python3 "$registry_tests/token_server.py" tokens certificates/server.crt \
	certificates/server.key "ann:secret word" >tokens/log 2>&1 &
at_exit stop_process $!
must "a server of tokens starts" wait_for test -e tokens/port
must "a registry with tokens starts" start_registry "$scratch/bearer" 'http: {addr: "127.0.0.1:0"}' \
	'auth:' '  token:' "    realm: http://127.0.0.1:$(cat tokens/port)/token" '    service: tests' \
	'    issuer: tests' "    rootcertbundle: $scratch/certificates/server.crt"
bearer=$registry
fails_with 1 "401" "a token for anybody does not push" \
	"$STRATAPACK" push -q oci:image "docker://$bearer/team/tool:1"
ok "log in" log_in "secret word" "$bearer"
: >tokens/tokens
is "push" "$("$STRATAPACK" push -q oci:image "docker://$bearer/team/tool:1")" "$digest"
is "with one token" "$(cat tokens/tokens)" "repository:team/tool:pull,push"
: >tokens/tokens
is "mount from another repository" "$("$STRATAPACK" push -q --json \
	--mount-from "$bearer/team/tool:1" oci:image "docker://$bearer/other/tool:1" | jq .blobsSent)" 0
is "with one token for both, ours first" "$(cat tokens/tokens)" \
	"repository:other/tool:pull,push repository:team/tool:pull"
ok "verify" "$STRATAPACK" verify "docker://$bearer/other/tool:1"
"$STRATAPACK" logout -q "$bearer"
ok "anybody may pull" "$STRATAPACK" verify "docker://$bearer/other/tool:1"

done_testing
