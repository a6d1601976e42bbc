# Sourced by the tests of the Guix front end: guix-daemon in a Debian root of its own, on a machine without
# a network, and what is built with it.
# shellcheck shell=bash
need_root
if [ -z "${STRATAPACK_NAMESPACE-}" ]; then
	# What it is made of comes from the network.
	"$STRATAPACK_SOURCE/tests/stores/guix-root" >/dev/null || exit 1
	export TMPDIR=$scratch STRATAPACK_NAMESPACE=1
	exec unshare --net bash "$0"
fi
ip link set lo up
here=$STRATAPACK_SOURCE/tests/stores
state=$scratch/guix # of the machine that commands run on
cd "$scratch" || exit 1

inside() {
	"$here/in-guix-root" "$state" "$@"
}

# guix_ ARGUMENTS…: a `guix` command with the packages and images of tests/stores/guix.
guix_() {
	timeout 300 "$here/in-guix-root" "$state" guile --no-auto-compile /source/tests/stores/guix/guix.scm "$@"
}

declare -A daemons=() # by the directory of their state

# run_daemon STATE ARGUMENTS…: with the store in the directory STATE.
run_daemon() {
	local of=$1
	shift
	"$here/in-guix-root" "$of" guix-daemon --build-users-group=guixbuild --no-substitutes \
		--disable-chroot "$@" >>"$of.log" 2>&1 &
	daemons[$of]=$!
	local _
	for _ in {1..100}; do
		[ ! -S "$of/var/daemon-socket/socket" ] || return 0
		sleep 0.1
	done
	tail -n 20 "$of.log"
	return 1
}

start_daemon() { # start_daemon ARGUMENTS…
	run_daemon "$state" "$@"
}

# unshare leaves other signals to its child; this one ends all that runs in its name space.
kill_daemon() { # kill_daemon STATE
	kill -KILL "${daemons[$1]}" 2>/dev/null
	wait "${daemons[$1]}" 2>/dev/null
	unset "daemons[$1]"
	rm -f "$1/var/daemon-socket/socket"
}

stop_daemon() {
	kill_daemon "$state"
}

stop_daemons() {
	local of
	for of in "${!daemons[@]}"; do
		kill_daemon "$of"
	done
}
at_exit stop_daemons

# new_machine STATE: a store of its own, and the program at /exchange/stratapack.
new_machine() {
	"$here/in-guix-root" "$1" true && cp "$STRATAPACK_SOURCE/build-static/stratapack" "$1/exchange/stratapack"
}

must "the static program" test -x "$STRATAPACK_SOURCE/build-static/stratapack"
must "a store" new_machine "$state"

# --- building -----------------------------------------------------------------------------------

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

built_as() { # built_as VARIABLE NAME EXPRESSION
	ok "$2" built "$3"
	declare -g "$1=$(cat built.names)"
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

command=(stratapack --bootstrap --program=/exchange/stratapack)

# commands NAME ARGUMENTS…: `guix stratapack` succeeds; what it prints goes to the file printed.
commands() {
	local name=$1
	shift
	# shellcheck disable=SC2016
	ok "$name" bash -c '"$@" >printed' - timeout 300 "$here/in-guix-root" "$state" guile --no-auto-compile \
		/source/tests/stores/guix/guix.scm "${command[@]}" "$@"
}

complains() { # complains WORDS NAME ARGUMENTS…: `guix stratapack` fails and says WORDS
	local words=$1 name=$2
	shift 2
	if guix_ "${command[@]}" "$@" >complaint 2>&1; then
		report "not ok" "$name"
		return 1
	fi
	ok "$name" grep -F -- "$words" complaint
}

# --- looking ------------------------------------------------------------------------------------

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

# builds_of STATE: the names of the derivations that the daemon has logged a build of.
builds_of() {
	find "$1/log/drvs" -type f -name '*.drv*' | sed 's,.*/[a-z0-9]*-,,; s/\.drv.*$//'
}

# how_often PATTERN: how many builds of derivations whose name matches the daemon has logged.
how_often() {
	find "$state/log/drvs" -type f | grep -cE "$1"
}

# podman's own reading of layouts takes the path for a name.
podman_load_layout() { # podman_load_layout LAYOUT NAME
	rm -f loaded.tar
	skopeo --insecure-policy copy -q "oci:$1" "docker-archive:loaded.tar:$2" &&
		podman_ load -q -i loaded.tar
}

runs() { # runs NAME ARGUMENTS…: podman runs the greeting
	is "$1" "$(podman_run "${@:2}" 2>&1)" $'good morning\nhello'
}
