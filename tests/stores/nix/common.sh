# Sourced by the tests of the Nix front end: a real nix-daemon, whose store is /nix of a mount namespace
# of our own, on a machine without a network, and Debian's files as store items.
# shellcheck shell=bash
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../lib.sh"
need_root
if [ -z "${STRATAPACK_NAMESPACE-}" ]; then
	export TMPDIR=$scratch STRATAPACK_NAMESPACE=1
	exec unshare --mount --net bash "$0"
fi
cd "$scratch" || exit 1
ip link set lo up

# --- the daemon ---------------------------------------------------------------------------------

# Several tests may run at a time: each holds /nix, below its own mount, and the last one removes it.
hold_nix() {
	until [ /nix -ef /proc/self/fd/8 ]; do
		mkdir -p /nix && exec 8</nix && flock --shared 8 || return
	done
	at_exit release_nix
}
release_nix() {
	! flock --nonblock 8 || rmdir --ignore-fail-on-non-empty /nix
}

# Users that build, as most stores have them; without them, builders are root, as in stores of one user.
make_build_users() {
	local number
	mkdir users
	cp /etc/passwd /etc/group users/
	for number in 1 2 3 4; do
		# A daemon ends all processes of a user that builds: other tests have others.
		echo "nixbld$number:x:$((100000 + $$ % 10000 * 10 + number)):30000::/var/empty:/bin/false" >>users/passwd
	done
	echo nixbld:x:30000:nixbld1,nixbld2,nixbld3,nixbld4 >>users/group
	mount --bind users/passwd /etc/passwd && mount --bind users/group /etc/group
}

start_daemon() {
	mkdir -p nix etc home
	[ -z "${BUILD_USERS-}" ] || make_build_users || return
	hold_nix && mount --bind nix /nix && at_exit umount -l /nix
	cat >etc/nix.conf <<-END
		build-users-group = ${BUILD_USERS:+nixbld}
		sandbox = false
		substitute = false
		substituters =
		experimental-features = nix-command flakes ca-derivations
	END
	export NIX_CONF_DIR=$scratch/etc HOME=$scratch/home NIX_REMOTE=daemon
	# How the daemon reaches other machines.
	export NIX_SSHOPTS='-p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
	# Builders that are not root do not get into a directory of ours.
	NIX_REMOTE='' TMPDIR=/tmp nix-daemon >daemon.log 2>&1 8<&- &
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
	local applet
	mkdir -p content/busybox/bin content/libc/lib
	cp "$(dpkg -L busybox-static | grep -m1 '/bin/busybox$')" content/busybox/bin/busybox
	for applet in $(content/busybox/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "content/busybox/bin/$applet"
	done
	collect_program jq && collect_program zstd && cp -r "$STRATAPACK_SOURCE"/tests/stores/nix/* .
}
collect_program() { # collect_program NAME: content/NAME, and content/libNAME with its libraries
	local file library
	file=$(command -v "$1") || return
	mkdir -p "content/$1/bin" "content/lib$1/lib"
	cp "$file" "content/$1/bin/"
	ldd "$file" | grep -o '/[^ ]*' | while read -r library; do
		case $library in
		*/ld-*) cp "$library" content/libc/lib/ld.so ;;
		*/libc.* | */libm.*) cp "$library" content/libc/lib/ ;;
		*) cp "$library" "content/lib$1/lib/" ;;
		esac
	done
}
must "content from Debian's packages" collect_content

# build NAME [ARGUMENT…]: build an attribute of images.nix; its path is in $built, the log in build.log.
build() {
	built=
	built=$(nix-build --no-out-link images.nix -A "$@" 2>build.log) || { tail -n 20 build.log; return 1; }
}
fails() { # fails WORDS COMMAND…: a build fails, and says WORDS
	local words=$1
	shift
	not "$2 fails" "$@"
	ok "and says: $words" grep -qF -- "$words" build.log
}
# The store path of a part of the world.
path_of() {
	nix-instantiate --eval --expr "\"\${(import ./images.nix { }).world.$1}\"" | tr -d '"'
}
# The layers that the last build made, sorted.
made_layers() {
	sed -n "s/^building '\(.*-stratapack-layer\.drv\)'.*/\1/p" build.log | sort
}
layers_of() { # layers_of NAME: the derivations of its layers, sorted
	nix-instantiate images.nix -A "$1.layers" --argstr build client-side 2>/dev/null | sort
}


# A registry on loopback of a network of our own.
registry=127.0.0.1:5000
start_registry() {
	cat >registry.yml <<-END
		version: 0.1
		storage: {filesystem: {rootdirectory: $scratch/registry}}
		http: {addr: "$registry"}
	END
	docker-registry serve registry.yml >registry.log 2>&1 8<&- &
	at_exit kill $!
	local _
	for _ in {1..100}; do
		! curl -fs "http://$registry/v2/" >/dev/null || return 0
		sleep 0.1
	done
	cat registry.log
	return 1
}
