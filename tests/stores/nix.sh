#!/usr/bin/env bash
# The Nix front end with a real nix-daemon, whose store is /nix of a mount namespace of our own, on a
# machine without a network.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
if [ -z "${STRATAPACK_NAMESPACE-}" ]; then
	export TMPDIR=$scratch STRATAPACK_NAMESPACE=1
	exec unshare --mount --net bash "$0"
fi
cd "$scratch" || exit 1
ip link set lo up

# --- the daemon ---------------------------------------------------------------------------------

start_daemon() {
	mkdir -p nix etc home
	if [ ! -e /nix ]; then
		mkdir /nix
		at_exit rmdir /nix
	fi
	mount --bind nix /nix && at_exit umount -l /nix
	cat >etc/nix.conf <<-END
		build-users-group =
		sandbox = false
		substitute = false
		substituters =
		experimental-features = nix-command flakes
	END
	export NIX_CONF_DIR=$scratch/etc HOME=$scratch/home NIX_REMOTE=daemon
	NIX_REMOTE='' nix-daemon >daemon.log 2>&1 &
	at_exit kill $!
	local _
	for _ in {1..100}; do
		! nix-store --version >/dev/null || [ ! -S /nix/var/nix/daemon-socket/socket ] || return 0
		sleep 0.1
	done
	tail daemon.log
	return 1
}
must "nix-daemon starts, with a store of its own" start_daemon


# --- content ------------------------------------------------------------------------------------

STRATAPACK_STATIC=$STRATAPACK_SOURCE/build-static/stratapack
export STRATAPACK_STATIC
must "there is a static program (make static)" [ -x "$STRATAPACK_STATIC" ]

# The files of Debian that become store items: content/NAME.
collect_content() {
	local program library applet
	mkdir -p content/busybox/bin content/libc/lib
	cp "$(dpkg -L busybox-static | grep -m1 '/bin/busybox$')" content/busybox/bin/busybox
	for applet in $(content/busybox/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "content/busybox/bin/$applet"
	done
	for program in jq zstd; do
		mkdir -p "content/$program/bin" "content/lib$program/lib"
		cp "$(command -v $program)" "content/$program/bin/"
		ldd "$(command -v $program)" | grep -o '/[^ ]*' | while read -r library; do
			case $library in
			*/ld-*) cp "$library" content/libc/lib/ld.so ;;
			*/libc.* | */libm.*) cp "$library" content/libc/lib/ ;;
			*) cp "$library" "content/lib$program/lib/" ;;
			esac
		done
	done
	cp "$STRATAPACK_SOURCE"/tests/stores/nix/*.nix .
}
ok "content from Debian's packages" collect_content

# build NAME [ARGUMENT…]: build an attribute of images.nix; its path is in $built, the log in build.log.
build() {
	built=$(nix-build --no-out-link images.nix -A "$@" 2>build.log)
}
# The layers that the last build made, sorted.
made_layers() {
	sed -n "s/^building '\(.*-stratapack-layer\.drv\)'.*/\1/p" build.log | sort
}
layers_of() { # layers_of NAME: the derivations of its layers, sorted
	nix-instantiate images.nix -A "$1.layers" --argstr build client-side 2>/dev/null | sort
}

# --- three architectures, the same bytes --------------------------------------------------------

for way in build-side planned client-side; do
	must "zstd, $way" build zstd --argstr build $way
	ln -s "$built" "zstd.$way"
	ok "verify, $way" "$STRATAPACK" verify "oci:zstd.$way"
done
same "planned is build-side" zstd.planned/ zstd.build-side/
same "client-side is build-side" zstd.client-side/ zstd.build-side/
is "one derivation for a layer, each built once" "$(made_layers)" "$(layers_of zstd)"
is "layers: the closure's items and the customisation" "$(layers_of zstd | wc -l)" \
	"$(($(nix-store -q --requisites "$(nix-build --no-out-link images.nix -A world.zstd 2>/dev/null)" | wc -l) + 1))"
ok "podman takes it" podman_ pull -q oci:zstd.client-side:1
is "and it runs, from Debian's own files" "$(echo layers | podman_run -i "$(podman_ images -q | head -n 1)" -c |
	zstd -dc)" layers
skopeo_copy oci:zstd.planned:1 "dir:$scratch/zstd.dir"
ok "skopeo takes it" [ -s zstd.dir/manifest.json ]

# A second image with common items: what they share is not built again.
layers_of zstd >zstd.layers
layers_of jq >jq.layers
must "jq, client-side" build jq --argstr build client-side
is "only its own layers are built" "$(made_layers)" "$(comm -13 zstd.layers jq.layers)"
ok "and there are common ones" [ "$(comm -12 zstd.layers jq.layers | wc -l)" -ge 2 ]
is "their digests are the same" "$(comm -12 <(diff_ids "oci:$built:1" | sort) <(diff_ids oci:zstd.planned:1 | sort) | wc -l)" \
	"$(comm -12 zstd.layers jq.layers | wc -l)"

# A layer keeps nothing alive; the image keeps what its config names.
layer=$(nix-store -q --outputs "$(head -n 1 zstd.layers)")
is "a layer's deriver is its derivation" "$(nix-store -q --deriver "$layer")" "$(head -n 1 zstd.layers)"
empty "layers refer to nothing" "$(while read -r derivation; do
	nix-store -q --references "$(nix-store -q --outputs "$derivation")"
done <zstd.layers)"
done_testing
