#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Nix front end and a real registry: images are pushed to it, pulled from it, and built on.
# shellcheck source=tests/stores/nix/common.sh
. "$(dirname "$0")/nix/common.sh"

must "a registry on loopback" start_registry
remote() { # remote NAME: the diff IDs of an image in the registry
	skopeo inspect --tls-verify=false --config --raw "docker://$registry/$1" | jq -r '.rootfs.diff_ids[]'
}

# --- pushing ------------------------------------------------------------------------------------

must "an image" build zstd
ln -s "$built" zstd
must "a script that pushes it" build zstd.push
push=$built
not "speaks TLS unless it is told otherwise" "$push" "$registry/team/zstd:1" --insecure-policy
ok "pushes" "$push" "$registry/team/zstd:1" --insecure-policy --dest-tls-verify=false
is "what is in the registry is the image" "$(remote team/zstd:1)" "$(diff_ids oci:zstd:1)"
is "with the digests that were built" \
	"$(skopeo inspect --tls-verify=false --raw "docker://$registry/team/zstd:1" | sha256sum)" \
	"$(skopeo inspect --raw oci:zstd:1 | sha256sum)"
uploads() { grep -c 'http.request.method=PATCH' registry.log; }
before=$(uploads)
ok "blob by blob" [ "$before" -gt 2 ]
ok "pushes again" "$push" "docker://$registry/team/zstd:2" --insecure-policy --dest-tls-verify=false
is "no byte of what is there" "$(uploads)" "$before"
ok "an archive has a script, too" build zstd.push --argstr format docker-archive
ok "pushes" "$built" "$registry/team/zstd:3" --insecure-policy --dest-tls-verify=false
is "the same" "$(remote team/zstd:3)" "$(remote team/zstd:1)"

# --- pulling ------------------------------------------------------------------------------------

digest=sha256:$(skopeo inspect --raw oci:zstd:1 | sha256sum | sed 's/ .*//')
pull() { build "$1" --argstr imageName "$registry/team/zstd" --argstr imageDigest "$digest" "${@:2}"; }
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

# --- building on --------------------------------------------------------------------------------

digests() { skopeo inspect --raw "$1" | jq -r '.layers[].digest' | sort -u; }
number_of() { diff_ids "$1" | wc -l; }
config_of() { skopeo inspect --config --raw "$1" | jq -c ".config | $2"; }
on() { build based --argstr base "$base" "$@"; } # on [ARGUMENT…]: an image on the one that was pulled
for format in docker-archive oci; do
	base=$(realpath pulled.$format)
	for way in build-side planned client-side; do
		must "on an image that was pulled, $format, $way" on --argstr build $way
		ln -s "$built" based.$format.$way
	done
	same "planned is build-side" based.$format.planned/ based.$format.build-side/
	same "client-side is build-side" based.$format.client-side/ based.$format.build-side/
	is "its layers lie beneath" "$(diff_ids oci:based.$format.planned:1 | head -n "$(number_of oci:zstd:1)")" \
		"$(diff_ids oci:zstd:1)"
done
is "the config is inherited" "$(config_of oci:based.oci.planned:1 .Env)" '["PATH=/bin","MORE=1"]'
is "where there is no other" "$(config_of oci:based.oci.planned:1 .Entrypoint)" '["/bin/jq"]'
ok "an empty list" build basedBare --argstr base "$base"
is "takes away what is beneath" "$(config_of "oci:$built:1" '.Entrypoint, .Env')" 'null
["PATH=/bin"]'
image=$(podman_ pull -q oci:based.oci.planned:1)
is "podman runs it" "$(podman_run "$image" --version)" "$(jq --version)"
is "with what lies beneath" "$(echo beneath | podman_run -i --entrypoint /bin/sh "$image" -c 'zstd | zstd -d')" beneath
layers_of() { nix-instantiate images.nix -A "$1.layers" --argstr build client-side "${@:2}" 2>/dev/null | sort; }
ok "a bound that counts them all" on --argstr maxLayers $(($(number_of oci:zstd:1) + 2))
is "is kept" "$(number_of "oci:$built:1")" $(($(number_of oci:zstd:1) + 2))
ok "a bound of those above" on --argstr maxLayers +2
is "is the same" "$(number_of "oci:$built:1")" $(($(number_of oci:zstd:1) + 2))
fails "leaves no room above the $(number_of oci:zstd:1) of the base image" on --argstr maxLayers 3
names() { jq -c '.layers[].items | map(sub(".*/[^-]*-"; ""))'; } # of the items of a plan
plan_of() { cat "$(nix-build --no-out-link images.nix -A "$1.plan" --argstr base "$base" 2>/dev/null)"; }
is "what the base holds is not packed again" "$(plan_of based | names | sort)" '["jq"]
["jq"]
["libjq"]'
for way in build-side client-side; do
	ok "nix2container's buildImage, $way" build basedGroups --argstr base "$base" --argstr build $way
	ln -s "$built" groups.$way
done
same "the same bytes from both" groups.client-side/ groups.build-side/
is "has its groups, and the rest" "$(plan_of basedGroups | names)" '["libjq"]
["jq"]'
is "above the base" "$(number_of oci:groups.build-side:1)" $(($(number_of oci:zstd:1) + 3))
ok "a plan beside the expression" build basedPlan --argstr base "$base" --argstr build client-side
is "has one layer for all" "$(number_of "oci:$built:1")" $(($(number_of oci:zstd:1) + 2))

push=$(nix-build --no-out-link images.nix -A based.push --argstr base "$base" 2>/dev/null)
before=$(uploads)
ok "what was built on the registry's image is pushed" "$push" "$registry/team/zstd:4" --insecure-policy --dest-tls-verify=false
is "and only what is above it goes" "$(($(uploads) - before))" \
	"$(($(comm -13 <(digests oci:zstd:1) <(digests oci:based.oci.planned:1) | wc -l) + 1))"

# What the functions give is a base, too.
for below in layout archive stream; do
	for way in build-side client-side; do
		ok "on our own $below, $way" build basedOn.$below --argstr build $way
		ln -s "$built" on-$below.$way
	done
	same "the same bytes from both" on-$below.client-side/ on-$below.build-side/
	is "and the same layers on every kind" "$(digests oci:on-$below.build-side:1)" "$(digests oci:on-layout.build-side:1)"
done

# An archive of several images.
podman_ tag "$image" localhost/several:7 localhost/other:8
podman_ pull -q oci:zstd:1 >zstd.id && podman_ tag "$(cat zstd.id)" localhost/beneath:9
must "an archive of several images" podman_ save -q -m -o several.tar localhost/beneath:9 localhost/several:7
base=$scratch/several.tar
for arguments in "--argstr baseName localhost/beneath" "--argstr baseName localhost/beneath --argstr baseTag 9"; do
	# shellcheck disable=SC2086 # they are several
	ok "fromImageName: $arguments" on $arguments
	is "finds it" "$(diff_ids "oci:$built:1" | head -n "$(number_of oci:zstd:1)")" "$(diff_ids oci:zstd:1)"
done
fails "localhost/several:7" on --argstr baseName localhost/another
fails "needs \`fromImageName\`" on --argstr baseTag 9
fails "needs \`fromImage\`" build wrong.baseName
done_testing
