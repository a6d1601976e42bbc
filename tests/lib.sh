# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts in tests/integration and tests/checks: a small TAP library, real clients in
# scratch directories of their own, and content for images.
#
# tests/run gives STRATAPACK (the program), STRATAPACK_BUILD (its build directory),
# STRATAPACK_SOURCE (the source tree) and TMPDIR (a directory for this script alone).
# shellcheck shell=bash
set -uo pipefail

: "${STRATAPACK_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
: "${STRATAPACK_BUILD:=$STRATAPACK_SOURCE/build}"
: "${STRATAPACK:=$STRATAPACK_BUILD/stratapack}"
: "${TMPDIR:?run tests/run, or give a scratch directory}"
export STRATAPACK STRATAPACK_BUILD STRATAPACK_SOURCE TMPDIR
scratch=$TMPDIR
# Seconds after which a command that should not wait for anything is taken to wait for ever: many times what
# it takes on a slow machine. 0 is no end, as it is to `timeout`.
: "${STRATAPACK_TEST_LIMIT:=3600}"
# shellcheck disable=SC2034
readonly patience=$((STRATAPACK_TEST_LIMIT / 4))
mkdir -p "$scratch/tmp"
export TMPDIR=$scratch/tmp

# A script in parts, each of which tests/run runs as a test of its own, says so in a line that begins
# with `parts`: this lists them where --parts asks, and puts the one that is wanted into `part`.
parts() { # parts ARGUMENT NAME…
	if [ "$1" = --parts ]; then
		printf '%s\n' "${@:2}"
		exit
	fi
	# shellcheck disable=SC2034
	part=$1
}

# unit_tests: the unit tests' programs, relative to a build directory.
unit_tests() {
	(cd "$STRATAPACK_BUILD" && find tests/unit -type f -name 'test_*' -perm -u+x | LC_ALL=C sort)
}

# unit_test NAME: the one of that name.
unit_test() {
	unit_tests | grep -m1 "/$1\$"
}

# build_apart DIRECTORY OPTION… -- TARGET…: a build of its own for a check. Parts of one check share it,
# so one builds at a time, with all processors.
build_apart() {
	local directory=$1 options=() lock
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	exec {lock}>"$directory.lock" && flock "$lock" && scripts/configure "$directory" "${options[@]}" &&
		ninja -C "$directory" "${@:2}" {lock}>&-
	local status=$?
	exec {lock}>&-
	return $status
}

# --- leaving ------------------------------------------------------------------------------------

cleanups=()

# at_exit COMMAND…: run COMMAND when the script ends, however it ends; the latest first.
at_exit() {
	cleanups=("$(printf '%q ' "$@")" "${cleanups[@]}")
}

leave() {
	local status=$? command
	trap '' INT TERM
	for command in "${cleanups[@]}"; do
		eval "$command"
	done
	exit "$status"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- TAP ----------------------------------------------------------------------------------------

tests_done=0
tests_failed=0

report() { # report RESULT NAME
	tests_done=$((tests_done + 1))
	[ "$1" = ok ] || tests_failed=$((tests_failed + 1))
	printf '%s %d - %s\n' "$1" "$tests_done" "$2"
}

explain() {
	cut -c 1-500 | sed 's/^/# /' | tail -n 60
}

# ok NAME COMMAND…: passes when COMMAND succeeds; shows what it printed when it does not.
ok() {
	local name=$1 status
	shift
	"$@" >"$scratch/ok.log" 2>&1
	status=$?
	if [ $status -eq 0 ]; then
		report ok "$name"
	else
		report "not ok" "$name"
		printf '# exit %d: %.300s\n' $status "$*"
		explain <"$scratch/ok.log"
	fi
	return $status
}

# not NAME COMMAND…: passes when COMMAND fails.
not() {
	local name=$1
	shift
	if "$@" >"$scratch/ok.log" 2>&1; then
		report "not ok" "$name"
		printf '# succeeded: %s\n' "$*"
		explain <"$scratch/ok.log"
		return 1
	fi
	report ok "$name"
}

# must NAME COMMAND…: like ok, but without this the rest makes no sense.
must() {
	ok "$@" || exit 1
}

# is NAME GOT WANTED, where something is wanted: see `empty`.
is() {
	if [ "$2" = "$3" ] && [ -n "$3" ]; then
		report ok "$1"
		return 0
	fi
	report "not ok" "$1"
	diff -U 3 --label wanted --label got <(printf '%s\n' "$3") <(printf '%s\n' "$2") | explain
	return 1
}

# empty NAME GOT: there is nothing.
empty() {
	if [ -z "$2" ]; then
		report ok "$1"
		return 0
	fi
	report "not ok" "$1"
	printf 'got:\n%s\n' "$2" | explain
	return 1
}

# same NAME FILE FILE: the two files, or directories, hold the same bytes.
same() {
	ok "$1" diff -r --no-dereference "$2" "$3"
}

# fails_with STATUS WORDS NAME COMMAND…: COMMAND exits with STATUS, prints nothing on stdout, and
# its message contains WORDS.
fails_with() {
	local wanted=$1 words=$2 name=$3 status
	shift 3
	"$@" >"$scratch/fails.stdout" 2>"$scratch/fails.stderr"
	status=$?
	if [ $status -eq "$wanted" ] && [ ! -s "$scratch/fails.stdout" ] &&
		grep -qiF -- "$words" "$scratch/fails.stderr"; then
		report ok "$name"
		return 0
	fi
	report "not ok" "$name"
	printf '# exit %d, wanted %d and "%s" from: %s\n' $status "$wanted" "$words" "$*"
	head -c 2000 "$scratch/fails.stdout" | tr -cd '[:print:]\n' | explain
	explain <"$scratch/fails.stderr"
	return 1
}

skip() { # skip NAME REASON
	report ok "$1 # SKIP $2"
}

# skip_all REASON: nothing of this script can be tried here.
skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# The end of every script; without it the script counts as crashed.
done_testing() {
	printf '1..%d\n' "$tests_done"
	[ $tests_failed -eq 0 ]
}

# all_ok NAME COMMAND…: passes when COMMAND, which speaks TAP, has only passes; shows the others.
all_ok() {
	# shellcheck disable=SC2016
	ok "$1" bash -o pipefail -c '"$@" 2>&1 | grep -av "^ok "' bash "${@:2}"
}

# wait_for_open PROCESS FILE: wait until PROCESS, or a child of it, has FILE open, or has ended.
wait_for_open() {
	local process
	while kill -0 "$1" 2>/dev/null; do
		for process in "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
			[ -z "$(find "/proc/$process/fd" -lname "$2" 2>/dev/null)" ] || return 0
		done
	done
}

# --- what the clients need ----------------------------------------------------------------------

# Containers, capabilities and mounts need root: start again through sudo.
need_root() {
	[ "$(id -u)" -ne 0 ] || return 0
	if ! sudo -n true 2>/dev/null; then
		skip_all "this takes root, and sudo gives it not without a password"
	fi
	export TMPDIR=$scratch
	exec sudo -n env PATH="$PATH" STRATAPACK="$STRATAPACK" STRATAPACK_BUILD="$STRATAPACK_BUILD" \
		STRATAPACK_SOURCE="$STRATAPACK_SOURCE" STRATAPACK_TEST_LIMIT="$STRATAPACK_TEST_LIMIT" \
		TMPDIR="$TMPDIR" HOME="$HOME" \
		STRATAPACK_OWNER="$(id -u):$(id -g)" bash "$0"
}
[ -z "${STRATAPACK_OWNER-}" ] || at_exit chown -hR "$STRATAPACK_OWNER" "$scratch"

# Whether overlay file systems can be made in the scratch directory (not on top of another overlay).
overlay_works() {
	local directory=$scratch/overlay-trial
	mkdir -p "$directory"/{lower,upper,work,merged}
	mount -t overlay overlay -o \
		"lowerdir=$directory/lower,upperdir=$directory/upper,workdir=$directory/work" \
		"$directory/merged" 2>/dev/null || return 1
	umount "$directory/merged"
}

# A Docker Engine on a socket of its own; `docker_ …` talks to it.
start_dockerd() {
	docker_state=$scratch/dockerd
	local driver=vfs
	! overlay_works || driver=overlay2
	mkdir -p "$docker_state"
	dockerd --iptables=false --ip6tables=false --bridge=none --ip-forward=false \
		--userland-proxy=false --storage-driver="$driver" --data-root "$docker_state/data" \
		--exec-root "$docker_state/exec" -H "unix://$docker_state/docker.sock" \
		-p "$docker_state/dockerd.pid" >"$docker_state/log" 2>&1 &
	docker_process=$!
	at_exit stop_dockerd
	while kill -0 "$docker_process" 2>/dev/null; do
		! docker_ version >/dev/null 2>&1 || return 0
		sleep 0.2
	done
	tail -n 20 "$docker_state/log"
	return 1
}

docker_() {
	DOCKER_CONFIG=$scratch/docker-config timeout "$patience" docker -H "unix://$docker_state/docker.sock" "$@"
}

stop_dockerd() {
	[ -n "${docker_process-}" ] || return 0
	kill "$docker_process" 2>/dev/null
	local _
	for _ in {1..150}; do
		kill -0 "$docker_process" 2>/dev/null || break
		sleep 0.2
	done
	kill -9 "$docker_process" 2>/dev/null
	wait "$docker_process" 2>/dev/null
	docker_process=
	unmount_below "$docker_state"
}

podman_() {
	local state=$scratch/podman driver=vfs
	if [ ! -e "$state" ]; then
		mkdir -p "$state/tmp"
		printf '{"default":[{"type":"insecureAcceptAnything"}]}' >"$state/policy.json"
		! overlay_works || touch "$state/overlay"
		at_exit unmount_below "$state"
	fi
	[ ! -e "$state/overlay" ] || driver=overlay
	timeout "$patience" podman --root "$state/root" --runroot "$state/run" --storage-driver "$driver" \
		--cgroup-manager cgroupfs --events-backend file --tmpdir "$state/tmp" --runtime runc "$@"
}

podman_run() {
	podman_ run --rm --network=none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@"
}

docker_run() {
	docker_ run --rm --network=none "$@"
}

# Copy without changing anything, so that digests can be compared.
skopeo_copy() {
	skopeo --insecure-policy copy -q --preserve-digests "$@"
}

unmount_below() {
	local target
	awk -v directory="$1/" 'index($5, directory) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r target; do
			umount -l "$target"
		done
}

# --- images -------------------------------------------------------------------------------------

# diff_ids SOURCE: the diff IDs of a skopeo source, one in a line, read from its config.
diff_ids() {
	skopeo inspect --config --raw "$1" | jq -r '.rootfs.diff_ids[]'
}

# sha256 FILE: like the digests in manifests.
sha256() {
	sha256sum "$1" | sed 's/ .*//; s/^/sha256:/'
}

# layer_tars IMAGE-DIRECTORY: the tar stream of every layer of a `dir:` image, bottom first, as
# files NNN.tar in the directory OUTPUT.
layer_tars() {
	local directory=$1 output=$2 digest index=0
	mkdir -p "$output"
	jq -r '.layers[].digest' "$directory/manifest.json" | while read -r digest; do
		decompress <"$directory/${digest#sha256:}" >"$output/$(printf %03d "$index").tar"
		index=$((index + 1))
	done
}

# Decompress stdin by what it starts with.
decompress() {
	local file
	file=$(mktemp)
	cat >"$file"
	case $(head -c 4 "$file" | od -An -tx1 | tr -d ' ') in
	1f8b*) gzip -dc "$file" ;;
	28b52ffd) zstd -qdc "$file" ;;
	*) cat "$file" ;;
	esac
	rm -f "$file"
}

# --- content ------------------------------------------------------------------------------------

# pseudo_random COUNT SEED: COUNT bytes that do not compress, the same in every run.
pseudo_random() {
	openssl enc -aes-128-ctr -nosalt -pass "pass:$2" -md sha256 -in /dev/zero 2>/dev/null |
		head -c "$1"
}

# make_store ROOT: a small store under ROOT, and ROOT/graph.json which describes it.
#
#	hello -> shell, data        runs: prints a line
#	shell -> shell              a static busybox
#	data <-> more               names, links and sizes of every kind; a cycle
make_store() {
	local root=$1 store=$1/store directory
	shell=/store/aaaaaaaa-shell-1.36
	hello=/store/bbbbbbbb-hello-2.0
	data=/store/cccccccc-data-0.1
	more=/store/dddddddd-more-0.1
	mkdir -p "$store" && chmod 755 "$root" "$store"

	directory=$root$shell/bin
	mkdir -p "$directory"
	cp "$(dpkg -L busybox-static | grep -m1 '/bin/busybox$')" "$directory/busybox"
	ln -s busybox "$directory/sh"

	directory=$root$hello/bin
	mkdir -p "$directory"
	cat >"$directory/hello" <<-END
		#!$shell/bin/sh
		echo "hello from \$($shell/bin/busybox cat $data/share/name)"
	END
	chmod 755 "$directory/hello"

	directory=$root$data/share
	mkdir -p "$directory/empty directory" "$directory/sub"
	echo stratapack >"$directory/name"
	: >"$directory/empty"
	ln -s /nowhere/at/all "$directory/dangling"
	ln -s ../../"${more#/store/}"/zeros "$directory/neighbour"
	ln -s "/store/$(printf 'long%.0s' {1..40})" "$directory/long-target"
	echo 1 >"$directory/"$'caf\xc3\xa9'
	echo 2 >"$directory/"$'raw-\xff\xfe'
	echo 3 >"$directory/line"$'\n'"feed"
	echo 4 >"$directory/$(printf 'a-rather-long-name%.0s' {1..10})"
	echo 5 >"$directory/$(printf 'x%.0s' {1..100})"
	mkdir -p "$directory/$(printf 'deep/%.0s' {1..60})"
	echo 6 >"$directory/$(printf 'deep/%.0s' {1..60})end"
	echo twin >"$directory/sub/one"
	ln "$directory/sub/one" "$directory/sub/two"
	ln "$directory/sub/one" "$directory/another"
	pseudo_random 300000 data >"$directory/random"

	directory=$root$more
	mkdir -p "$directory"
	truncate -s 2M "$directory/zeros"
	seq 200000 >"$directory/numbers"
	ln "$root$data/share/sub/one" "$directory/three"

	chmod -R go-w "$store"
	jq -n --arg shell "$shell" --arg hello "$hello" --arg data "$data" --arg more "$more" '
		def item($id; $size; $references): {id: $id, trees: [$id], content: "store",
			references: $references, size: $size};
		{stratapackGraph: 1, roots: [$hello], items: [
			item($hello; 400; [$shell, $data]), item($shell; 2000000; [$shell]),
			item($data; 310000; [$more]), item($more; 3400000; [$data])]}' >"$root/graph.json"
}

# The options that make an image of the store under ROOT run.
store_options() {
	printf '%s\n' --graph "$1/graph.json" --root "$1" --entrypoint "$hello/bin/hello"
}
