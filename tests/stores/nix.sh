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

# Items with a shell: all that plain derivations need.
mkdir -p busybox/bin
cp "$(dpkg -L busybox-static | grep -m1 '/bin/busybox$')" busybox/bin/busybox
for applet in $(busybox/bin/busybox --list); do
	[ "$applet" = busybox ] || ln -s busybox "busybox/bin/$applet"
done
cat >hello.nix <<'END'
{ busybox ? builtins.path { path = ./busybox; name = "busybox"; } }:
derivation {
  name = "hello";
  system = builtins.currentSystem;
  builder = "${busybox}/bin/sh";
  args = [ "-c" "${busybox}/bin/mkdir -p $out/bin && echo \"#!${busybox}/bin/sh\necho hello\" >$out/bin/hello && ${busybox}/bin/chmod 755 $out/bin/hello" ];
}
END
must "it builds" nix-build --no-out-link hello.nix
hello=$(nix-build --no-out-link hello.nix)
is "what it built runs" "$("$hello/bin/hello")" hello
done_testing
