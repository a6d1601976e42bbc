#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# podman and Docker Engine load and run what we write.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

make_store "$scratch/root"
mapfile -t store < <(store_options "$scratch/root")
greeting="hello from stratapack"

# Every image has a name of its own, so that none is taken for another that was loaded before.
outputs=()
for transport in docker-v1-archive docker-archive oci-archive universal-archive; do
	outputs+=(-o "$transport:$transport.tar:example.org/$transport:2.0")
done
must "build every archive" "$STRATAPACK" build "${store[@]}" --strategy per-item \
	--env GREETING=hello --workdir /tmp "${outputs[@]}" -o dir:directory
ok "build with zstd" "$STRATAPACK" build "${store[@]}" --compression zstd \
	-o oci-archive:zstd.tar:example.org/zstd:2.0
ok "build a strict V1 archive" "$STRATAPACK" build "${store[@]}" --strict-v1 \
	-o docker-v1-archive:strict.tar:example.org/strict:2.0
ok "build a bare name" "$STRATAPACK" build "${store[@]}" -o universal-archive:bare.tar:bare
wanted=$(diff_ids dir:directory)

# A whole image of this machine's python3 and git.
ok "build python3 and git from the package database" "$STRATAPACK" build --dpkg python3 git \
	--entrypoint /usr/bin/python3 -o universal-archive:python3.tar:example.org/python3:1
version=$(/usr/bin/python3 --version)

# --- podman -------------------------------------------------------------------------------------

for image in docker-v1-archive docker-archive oci-archive universal-archive zstd; do
	ok "podman loads $image" podman_ load -q -i "$image.tar"
	is "podman runs $image" "$(podman_run "example.org/$image:2.0" 2>&1 | tail -n 1)" "$greeting"
done
ok "podman loads python3" podman_ load -q -i python3.tar
is "python3 prints its version in podman" \
	"$(podman_run example.org/python3:1 --version 2>&1 | tail -n 1)" "$version"
is "python3 imports modules in podman" "$(podman_run example.org/python3:1 -c \
	'import ssl, sqlite3, zlib, json; print("modules")' 2>&1 | tail -n 1)" modules

# --- Docker Engine ------------------------------------------------------------------------------

if ok "a Docker Engine starts" start_dockerd; then
	for image in docker-v1-archive docker-archive universal-archive strict; do
		ok "docker loads $image" docker_ load -i "$image.tar"
		is "docker runs $image" "$(docker_run "example.org/$image:2.0" 2>&1)" "$greeting"
	done
	is "docker shows the diff IDs that we computed" "$(docker_ image inspect \
		--format '{{range .RootFS.Layers}}{{println .}}{{end}}' example.org/docker-archive:2.0)" "$wanted"
	is "docker's image ID is the digest of our config" \
		"$(docker_ image inspect --format '{{.Id}}' example.org/docker-archive:2.0)" \
		"$(jq -r .config.digest directory/manifest.json)"
	is "environment and directory reach the container" "$(docker_run --entrypoint "$shell/bin/sh" \
		example.org/universal-archive:2.0 -c "echo \$GREETING; $shell/bin/busybox pwd" 2>&1)" "hello
/tmp"

	ok "docker saves it again" docker_ save -o saved.tar example.org/docker-archive:2.0
	is "with the same diff IDs" "$(diff_ids docker-archive:saved.tar:example.org/docker-archive:2.0)" \
		"$wanted"
	ok "and we verify what docker saved" "$STRATAPACK" verify saved.tar

	ok "docker loads a bare name" docker_ load -i bare.tar
	is "docker runs a bare name" "$(docker_run bare 2>&1)" "$greeting"

	container=$(docker_ create --network none example.org/universal-archive:2.0)
	mkdir exported
	# shellcheck disable=SC2016
	ok "docker exports a container" bash -c 'docker -H "unix://$1" export "$2" | tar -x -C exported' \
		bash "$docker_state/docker.sock" "$container"
	ok "its files are the store's" diff -r --no-dereference root/store exported/store

	ok "docker loads python3" docker_ load -i python3.tar
	is "python3 prints its version in docker" \
		"$(docker_run example.org/python3:1 --version 2>&1)" "$version"
	is "git prints its version in docker" \
		"$(docker_run --entrypoint /usr/bin/git example.org/python3:1 --version 2>&1)" \
		"$(/usr/bin/git --version)"
fi
done_testing
