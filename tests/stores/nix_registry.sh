#!/usr/bin/env bash
# The Nix front end and a real registry: images are pushed to it, pulled from it, and built on.
# shellcheck source=tests/stores/nix/common.sh
. "$(dirname "$0")/nix/common.sh"

address=127.0.0.1:5000 # of a network of our own
start_registry() {
	cat >registry.yml <<-END
		version: 0.1
		storage: {filesystem: {rootdirectory: $scratch/registry}}
		http: {addr: "$address"}
	END
	docker-registry serve registry.yml >registry.log 2>&1 8<&- &
	at_exit kill $!
	local _
	for _ in {1..100}; do
		! curl -fs "http://$address/v2/" >/dev/null || return 0
		sleep 0.1
	done
	cat registry.log
	return 1
}
must "a registry on loopback" start_registry
remote() { # remote NAME: the diff IDs of an image in the registry
	skopeo inspect --tls-verify=false --config --raw "docker://$address/$1" | jq -r '.rootfs.diff_ids[]'
}

# --- pushing ------------------------------------------------------------------------------------

must "an image" build zstd
ln -s "$built" zstd
must "a script that pushes it" build zstd.push
push=$built
not "speaks TLS unless it is told otherwise" "$push" "$address/team/zstd:1" --insecure-policy
ok "pushes" "$push" "$address/team/zstd:1" --insecure-policy --dest-tls-verify=false
is "what is in the registry is the image" "$(remote team/zstd:1)" "$(diff_ids oci:zstd:1)"
is "with the digests that were built" \
	"$(skopeo inspect --tls-verify=false --raw "docker://$address/team/zstd:1" | sha256sum)" \
	"$(skopeo inspect --raw oci:zstd:1 | sha256sum)"
uploads() { grep -c 'http.request.method=PATCH' registry.log; }
before=$(uploads)
ok "blob by blob" [ "$before" -gt 2 ]
ok "pushes again" "$push" "docker://$address/team/zstd:2" --insecure-policy --dest-tls-verify=false
is "no byte of what is there" "$(uploads)" "$before"
ok "an archive has a script, too" build zstd.push --argstr format docker-archive
ok "pushes" "$built" "$address/team/zstd:3" --insecure-policy --dest-tls-verify=false
is "the same" "$(remote team/zstd:3)" "$(remote team/zstd:1)"

# --- pulling ------------------------------------------------------------------------------------

digest=sha256:$(skopeo inspect --raw oci:zstd:1 | sha256sum | sed 's/ .*//')
pull() { build "$1" --argstr imageName "$address/team/zstd" --argstr imageDigest "$digest" "${@:2}"; }
hash_of() { sed -n 's/^ *got: *\(sha256-.*\)/\1/p' build.log; }
for format in docker-archive oci; do
	not "a pull without a hash fails, $format" pull pulled --argstr pulled $format
	hash=$(hash_of)
	ok "and tells the hash" [ -n "$hash" ]
	must "pullImage, $format" pull pulled --argstr pulled $format --argstr hash "$hash"
	ln -s "$built" pulled.$format
done
is "is the image, as an archive" "$(diff_ids docker-archive:pulled.docker-archive:base:7)" "$(diff_ids oci:zstd:1)"
is "is the image, as a layout, with its digests" \
	"$(skopeo inspect --raw oci:pulled.oci:base:7 | jq -r '.layers[].digest')" \
	"$(skopeo inspect --raw oci:zstd:1 | jq -r '.layers[].digest')"
not "nix2container's pullImage, without a hash" pull pulledDirectory
must "and with it" pull pulledDirectory --argstr hash "$(hash_of)"
is "is the image" "$(diff_ids "dir:$built")" "$(diff_ids oci:zstd:1)"
not "a wrong hash" pull pulled --argstr hash sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
ok "is found" grep -q 'hash mismatch' build.log
fails "pullImage needs \`hash\` of" pull wrong.noHash
fails "give \`skopeo\`, the path of the program" pull wrong.noSkopeo
done_testing
