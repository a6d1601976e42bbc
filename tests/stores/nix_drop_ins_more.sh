#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The rest of what users of dockerTools and nix2container do, with builders that are not root: bases, archives, configs,
# shells, layers, indexes. Each situation of their examples is in nix/drop_ins.nix.
# shellcheck source=tests/stores/nix/drop_ins.sh
. "$(dirname "$0")/nix/drop_ins.sh"

builds docker.bash
bash=$built

# --- dockerTools: on other images ---------------------------------------------------------------

builds docker.order
is "the uppermost counts" "$(run /bin/cat /tmp/layer1 /tmp/layer2 /tmp/layer3)" "layer1
layer2
layer3"
for name in variables variablesLayered; do
	builds docker.$name
	is "variables of both, $name" "$(run /bin/env | grep -E 'FROM|LAST' | sort)" "FROM_CHILD=true
FROM_PARENT=true
LAST_LAYER=child"
done
builds docker.onTop
is "on layers" "$(run)" hello
builds docker.onTwo
is "with a bound" "$(plain && diff_ids docker-archive:plain.tar | wc -l)" 4
builds docker.configOnly
is "a config alone" "$(run)" "Hello, world!"
builds docker.nothing
is "nothing at all" "$(config .rootfs.type)" '"layers"'
builds docker.noStorePaths
is "without what built it" "$(top | grep -c nix/store)" 0
is "it runs" "$(run /bin/sh -c 'ls /nix 2>/dev/null; echo ran')" ran
builds docker.exported
is "all of an image's files" "$(tar -xOf "$built" ./tmp/layer1 ./tmp/layer2 ./tmp/layer3)" "layer1
layer2
layer3"

# --- dockerTools: archives, names, times --------------------------------------------------------

builds docker.uncompressed
is "compressor = none" "$(head -c 262 "$built" | tail -c 5)" ustar
builds docker.zstd
is "compressor = zstd" "$(head -c 4 "$built" | od -An -tx1)" " 28 b5 2f fd"
is "gz where nothing is said" "$(head -c 2 "$bash" | od -An -tx1)" " 1f 8b"
rm -rf unpacked && mkdir unpacked && decompress <"$bash" | tar -x -C unpacked
is "layers are as they are, which dockerTools reads" \
	"$(cd unpacked && sha256sum "$(jq -r '.[0].Layers[0]' manifest.json)" | sed 's/ .*//')" \
	"$(jq -r '.rootfs.diff_ids[0][7:]' "unpacked/$(jq -r '.[0].Config' unpacked/manifest.json)")"
tag_of() { nix-instantiate --eval drop_ins.nix -A "docker.$1.imageTag" 2>/dev/null | tr -d '"'; }
is "without a tag, everything decides it" \
	"$(for name in noTagLayered noTagOwner noTagBound noTagTime; do tag_of $name; done | sort -u | wc -l)" 4
is "but the way it is built" "$(tag_of noTagClientSide)" "$(tag_of noTagLayered)"
builds docker.noTag
is "and the archive has it" "$(load)" "localhost/no-tag:$(tag_of noTag)"
is "a stream says that it is one" "$(nix-instantiate --eval drop_ins.nix -A docker.noTagStream.isExe 2>/dev/null)" true
builds docker.prefixed
is "a name with a registry" "$(load)" registry-1.docker.io/layered-image:latest
builds docker.merged
is "several images in one archive" "$(podman_ load -q -i "$built" | sed 's/.*: //' | sort)" "localhost/bash:latest
localhost/layered-image:latest
localhost/no-tag:$(tag_of noTag)
localhost/uncompressed:latest
localhost/zstd:latest"
builds docker.now
ok "now is not long ago" [ $(($(date +%s) - $(date -d "$(config .created | tr -d '"')" +%s))) -lt 3600 ]
builds docker.dated
is "a date" "$(config .created)" '"2024-05-01T00:00:00Z"'
is "overrideAttrs" "$(nix-instantiate --eval drop_ins.nix -A docker.later.name 2>/dev/null) $(nix-instantiate --eval drop_ins.nix -A docker.laterToo.name 2>/dev/null)" \
	'"later" "bash.tar.gz.too"'

# --- dockerTools: configs, Nix, shells ----------------------------------------------------------

builds docker.config
hello=$(out_of hello)
is "all that a config may say" "$(config '.config | [.User, .Entrypoint, .Env, .Healthcheck, .Shell, .StopTimeout, .OnBuild, .Labels]')" \
	"$(jq -cn --arg hello "$hello" --arg jq "$(out_of world.jq)" '["1000", [$hello, "\($hello)/bin/hello", "7"], ["GREETING=\($hello)"],
	{Interval: 30000000000, Test: ["CMD", "\($jq)/bin/jq"]}, ["/bin/ash"], 7, ["RUN true"],
	{number: "1", path: "/nix/store/00000000000000000000000000000000-nowhere", truth: "true"}]')"
empty "what only looks like a path is no item" "$(jq -r ".layers[].items[]" "$(out_of docker.config.plan)" | grep nowhere)"
builds docker.root
"$built" >streamed.tar && built=streamed.tar
is "a tree of links, streamed" "$(config .config.Cmd)" '["hello"]'
nix-store --gc >/dev/null 2>&1
builds docker.rootNoStore
"$built" >streamed.tar
ok "what a config names is there without being packed" [ -x "$hello/bin/hello" ]
built=streamed.tar
is "which it is not" "$(top | grep -c ' nix/store')" 0
builds docker.nix
is "a database of what links lead to" "$(run /bin/sh -c 'ls /nix/var/nix/gcroots/stratapack')" \
	"$(basename -a "$(text_of world.busybox)" "$(text_of world.jq)" | sort)"
builds docker.filesInStore
is "files in the store" "$(run)" "some data"
builds docker.shellHook
"$built" >streamed.tar && built=streamed.tar
is "the environment of a derivation" "$(run)" "hello hello
as a file1000
writable
built"
builds docker.shellBuilt
is "as an archive" "$(config .config.WorkingDir)" '"/build"'

for way in build-side planned client-side; do
	must "content-addressed derivations, $way" build docker.addressed --option experimental-features 'nix-command flakes ca-derivations'
	is "run, $way" "$(run)" addressed
done

# --- nix2container ------------------------------------------------------------------------------

layout() { podman_run "$(podman_ pull -q "oci:$built:$1")"; }
builds containers.bash
is "bash" "$(layout "$(nix-instantiate --eval drop_ins.nix -A containers.bash.imageTag 2>/dev/null | tr -d '"')")" ran
builds "containers.hello'"
is "hello" "$(layout 1)" "Hello, world!"
builds containers.layered
is "layered" "$(layout 1)" "Hello, world!"
is "in layers" "$(diff_ids "oci:$built:1" | wc -l)" 2
builds containers.nested
is "nested, with owners" "$(layout 1)" "750:1000:100
750:1000:100"
builds containers.withNix
is "Nix's database belongs to whom it should" "$(layout 1)" 1000:100
fails "nix2container.buildImage: perms: the regex '(a|b)/c.*' is not one of a path" build containers.refused
fails "buildLayer has no argument \`dep\`" build containers.wrongLayer
builds containers.single
is "a layer by itself" "$(jq '.manifests | length' "$built/index.json")" 1
builds containers.layered.copyTo
ok "copyTo copies" "$built/bin/copy-to" "dir:$scratch/copied"
ok "the image" [ -s copied/manifest.json ]
builds containers.layered.copyToRegistry
is "copyToRegistry" "$(echo "$built"/bin/*)" "$built/bin/copy-to-registry"

# --- several architectures ----------------------------------------------------------------------

builds index
is "an index of architectures" "$(skopeo inspect --raw "oci:$built:1" | jq -c '[.manifests[].platform.architecture]')" '["amd64","arm64"]'
done_testing
