#!/usr/bin/env bash
# The Guix front end with a real guix-daemon, in a Debian root of its own, on a machine without a network.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
here=$STRATAPACK_SOURCE/tests/stores
state=$scratch/guix
cd "$scratch" || exit 1

# --- the daemon ---------------------------------------------------------------------------------

inside() {
	"$here/in-guix-root" "$state" "$@"
}

# guix_ ARGUMENTS…: a `guix` command with the packages and images of tests/stores/guix.
guix_() {
	timeout 300 "$here/in-guix-root" "$state" guile --no-auto-compile /source/tests/stores/guix/guix.scm "$@"
}

start_daemon() { # start_daemon ARGUMENTS…
	"$here/in-guix-root" "$state" guix-daemon --build-users-group=guixbuild --no-substitutes \
		--disable-chroot "$@" >>daemon.log 2>&1 &
	daemon=$!
	local _
	for _ in {1..100}; do
		[ ! -S "$state/var/daemon-socket/socket" ] || return 0
		sleep 0.1
	done
	tail -n 20 daemon.log
	return 1
}

# unshare leaves other signals to its child; this one ends all that runs in its name space.
stop_daemon() {
	kill -KILL "$daemon" 2>/dev/null
	wait "$daemon" 2>/dev/null
	rm -f "$state/var/daemon-socket/socket"
}
at_exit stop_daemon

readonly modules='(use-modules (guix gexp) (images) (stratapack image) (world))'

# built EXPRESSION: build what the expression evaluates to; the names of the outputs, as seen from
# outside, go to the file built.names.
built() {
	printf '%s\n%s\n' "$modules" "$1" >"$state/exchange/image.scm"
	guix_ build -v1 -f /exchange/image.scm >built.items 2>built.log || {
		cat built.log >&2
		return 1
	}
	sed "s,^,$state," built.items >built.names
}

# refused WORDS NAME EXPRESSION: building fails and says WORDS.
refused() {
	local words=$1 name=$2
	if built "$3" >/dev/null 2>refused.log; then
		report "not ok" "$name"
		return 1
	fi
	tr '\n' ' ' <refused.log >refused.line
	ok "$name" grep -F -- "$words" refused.line
}

# query SQL: of the store's database.
query() {
	sqlite3 "$state/var/db/db.sqlite" "$1"
}

# references_of STORE-FILE: the names of the items that the item refers to.
references_of() {
	query "SELECT target.path FROM Refs JOIN ValidPaths AS source ON source.id = referrer
		JOIN ValidPaths AS target ON target.id = reference
		WHERE source.path = '${1#"$state"}' AND target.path <> source.path ORDER BY 1"
}

# how_often PATTERN: how many builds of derivations whose name matches the daemon has logged.
how_often() {
	find "$state/log/drvs" -type f | grep -cE "$1"
}

must "a root with Guix" "$here/guix-root"
must "the static program" test -x "$STRATAPACK_SOURCE/build-static/stratapack"
inside true
cp "$STRATAPACK_SOURCE/build-static/stratapack" "$state/exchange/stratapack"
must "a daemon" start_daemon --max-jobs=2

# --- three architectures ------------------------------------------------------------------------

for build in build-side client-side planned planned-build-side; do
	ok "an image, $build" built "(greeting #:build '$build)"
	declare "image_${build//-/_}=$(cat built.names)"
done
# shellcheck disable=SC2154
{
	same "build side and client side give the same bytes" "$image_build_side" "$image_client_side"
	is "client side and planned are the same derivation" "$image_planned" "$image_client_side"
	same "one derivation from a plan gives the same bytes" "$image_planned_build_side" "$image_build_side"
}
image=$image_client_side
ok "it verifies" "$STRATAPACK" verify "oci:$image"
is "as many layers as the bound allows" "$(diff_ids "oci:$image" | wc -l)" 6
done_testing
