#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Options, operands, defaults, exit codes, and what goes to which stream.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1
make_store "$scratch/root"
mapfile -t store < <(store_options "$scratch/root")
graph=(--graph "$scratch/root/graph.json" --root "$scratch/root")

wrong() { # wrong WORDS ARGUMENT…: this is wrong use, and the message says WORDS
	local words=$1
	shift
	fails_with 2 "$words" "wrong use: ${*//"$scratch"\//}" "$STRATAPACK" "$@"
}

wrong "no command"
wrong "no command 'biuld'" biuld
wrong "--help" biuld
wrong "no command 'biuld'" help biuld
wrong "do you mean 'build'" biuld
wrong "do you mean 'inspect'" help inpsect
wrong "do you mean '--max-layers'" plan --max-layer-s=3
wrong "do you mean '--output'" build --ouptut oci:x
wrong "'stratapack plan --help' lists" plan --nothing-like-it
wrong "do you mean 'size'" plan "${graph[@]}" --strategy szie
for platform in arm64 linux linux/none linux/amd64,linux/arm64 ''; do
	wrong "not one platform" build "${graph[@]}" --platform "$platform" -o oci:x
done
for other in "--architecture amd64" "--os windows" "--variant v6" "--architecture arm/v6" "--platform linux/arm/v6"; do
	read -ra words <<<"$other"
	wrong "contradicts" build "${graph[@]}" --platform linux/arm/v7 "${words[@]}" -o oci:x
	wrong "contradicts" build "${graph[@]}" "${words[@]}" --platform linux/arm/v7 -o oci:x
done
wrong "transport of -o" build "${graph[@]}" --format oci -o oci:x
wrong "prints the digest" build "${graph[@]}" --iidfile id -o oci:x
wrong "no file of instructions" build "${graph[@]}" -f Dockerfile -o oci:x
wrong "do you mean 'docker-archive:x:tool'" build "${graph[@]}" -o dokcer-archive:x:tool
wrong "there is no option '-x'" plan -x
wrong "unknown" plan --sources
wrong "needs an argument" plan --root
wrong "takes no argument" plan --all=yes
wrong "nothing to make" plan
wrong "nothing to make" plan --root "$scratch"
wrong "neither a path" plan --root "$scratch" hello
wrong "in no store" plan /gnu/store/none
wrong "needs the packages" plan --dpkg
wrong "needs the store paths" plan --store-db
wrong "the strategies are" plan "${graph[@]}" --strategy best
wrong "number of layers" plan "${graph[@]}" --max-layers 0
wrong "classic store" plan "${graph[@]}" --max-layers 126
wrong "part of the recipes" plan "${graph[@]}" --owner 0:0
wrong "SOURCE=TARGET" plan "${graph[@]}" --symlink /bin
wrong "no absolute path" plan "${graph[@]}" --symlink bin=/bin
wrong "no absolute path" plan "${graph[@]}" --mkdir /a/../b
wrong "no absolute path" plan "${graph[@]}" --mkdir /
wrong "PATH[:MODE" plan "${graph[@]}" --mkdir /a:888
wrong "PATH[:MODE" plan "${graph[@]}" --mkdir /a:755:1
wrong "'/a' twice" plan "${graph[@]}" --mkdir /a --symlink //a/=/b
wrong "relative" plan --root / -S /a=b dpkg
wrong "no output" build "${graph[@]}"
wrong "transport" build "${graph[@]}" -o image.tar
wrong "image name" build "${graph[@]}" -o oci:layout:UPPER
wrong "image name" build "${graph[@]}" -o oci:layout --tag 'a b'
wrong "same place" build "${graph[@]}" -o dir:x -o dir:x
wrong "zstd" build "${graph[@]}" --compression zstd -o docker-archive:x
wrong "levels" build "${graph[@]}" --compression gzip:10 -o oci:x
wrong "strict-v1" build "${graph[@]}" --strict-v1 -o oci:x
wrong "UID:GID" build "${graph[@]}" --owner root -o oci:x
wrong "keep" build "${graph[@]}" --mtime yesterday -o oci:x
wrong "NAME=VALUE" build "${graph[@]}" --env PATH -o oci:x
wrong "KEY=VALUE" build "${graph[@]}" --label =1 -o oci:x
wrong "PORT" build "${graph[@]}" --expose 65536 -o oci:x
wrong "PORT" build "${graph[@]}" --expose 80/icmp -o oci:x
wrong "absolute" build "${graph[@]}" --volume data -o oci:x
wrong "absolute" build "${graph[@]}" --workdir data -o oci:x
wrong "SIGTERM" build "${graph[@]}" --stop-signal 'SIG TERM' -o oci:x
wrong "amd64" build "${graph[@]}" --architecture X86 -o oci:x
wrong "2024-05-01T12:00:00Z" build "${graph[@]}" --created 2023-02-29T00:00:00Z -o oci:x
wrong "not a string" build "${graph[@]}" --entrypoint '["a", 1]' -o oci:x
wrong "standard output" build "${graph[@]}" --json -o docker-archive:-
wrong "exclude each other" build "${graph[@]}" --json --table -o oci:x
fails_with 2 SOURCE_DATE_EPOCH "SOURCE_DATE_EPOCH must be a number" \
	env SOURCE_DATE_EPOCH=now "$STRATAPACK" build "${graph[@]}" -o oci:x
wrong "from a recipe or a plan" layer -o x
wrong "no output" layer recipe
wrong "already says it" layer recipe --owner 0:0 -o x
wrong "one plan" image -o oci:x
wrong "one image" inspect
wrong "one image" verify a b
wrong "no shell" completion tcsh
wrong "too many" strategies size
empty "none of this left anything" "$(find . -mindepth 1 -maxdepth 1 ! -name root ! -name tmp \
	! -name '*.log' ! -name 'fails.*')"

"$STRATAPACK" plan "${graph[@]}" -o plan.json
wrong "the plan already says it" build --plan plan.json --max-layers 3 "${graph[@]}" -o oci:x
wrong "the plan already says it" build --plan plan.json --no-tmp "${graph[@]}" -o oci:x
wrong "not 9" layer --plan plan.json "${graph[@]}" 9 -o x
wrong "1 is the bottom" layer --plan plan.json "${graph[@]}" 0 -o x
fails_with 1 "no --layer holds layer 1" "a missing layer is named" \
	"$STRATAPACK" image plan.json -o oci:x
"$STRATAPACK" plan "${graph[@]}" --strategy single -o single.json
"$STRATAPACK" layer --plan single.json "${graph[@]}" 1 -o single
fails_with 1 "no --layer holds layer 1" "a layer of another plan does not do" \
	"$STRATAPACK" image plan.json --layer single -o oci:x
fails_with 1 "same items" "a layer that is given twice is named" \
	"$STRATAPACK" image single.json --layer single --layer single -o oci:x
"$STRATAPACK" layer --plan plan.json "${graph[@]}" 1 -o one
fails_with 1 "'one' is not in the plan" "a layer too many is named" \
	"$STRATAPACK" image single.json --layer single --layer one -o oci:x

# Streams.
"$STRATAPACK" build "${store[@]}" -o oci:quiet >stdout 2>stderr
empty "build prints nothing when all is well" "$(cat stdout stderr)"
"$STRATAPACK" build "${store[@]}" --json -o oci:json:a --tag b:1 >build.json
is "--json has the layers" "$(jq '.layers | length' build.json)" \
	"$(jq '(.layers | length) + 1' plan.json)"
is "--json has the names" "$(jq -c '.outputs[0].names' build.json)" '["a:latest","b:1"]'
is "--table has a line for each layer" \
	"$("$STRATAPACK" plan "${graph[@]}" --table | grep -c '^ *[0-9]')" \
	"$(jq '(.layers | length) + 1' plan.json)"
for full in "plan ${graph[*]}" "strategies" "--help" "completion bash" "build ${graph[*]} -o oci-archive:-"; do
	# shellcheck disable=SC2016,SC2086
	fails_with 1 "No space left" "a full disk fails: ${full%% *}" \
		sh -c '"$0" "$@" >/dev/full' "$STRATAPACK" $full
	# shellcheck disable=SC2016,SC2086
	fails_with 1 "cannot write" "a closed output fails: ${full%% *}" \
		sh -c '"$0" "$@" >&-' "$STRATAPACK" $full
done

# Defaults.
is "the default strategy is the first" "$("$STRATAPACK" plan "${graph[@]}" | jq -r .strategy)" \
	"$("$STRATAPACK" strategies --json | jq -r '.[0].name')"
is "/tmp is there by default" "$(jq -c '.customisation.entries[0] | [.path, .mode]' plan.json)" \
	'["/tmp","1777"]'
is "--no-tmp leaves it out" "$("$STRATAPACK" plan "${graph[@]}" --no-tmp | jq -c .customisation.entries)" \
	"$(jq -nc 'null')"
is "another /tmp takes its place" "$("$STRATAPACK" plan "${graph[@]}" --mkdir /tmp:700:1:2 |
	jq -c '[.customisation.entries[] | [.path, .mode, .uid, .gid]]')" '[["/tmp","0700",1,2]]'
# shellcheck disable=SC2154 # make_store sets it
is "a relative link target lies in the root" \
	"$("$STRATAPACK" plan "${graph[@]}" --no-tmp -S /bin=bin | jq -r '.customisation.entries[].target')" \
	"$hello/bin"
is "the config's time is SOURCE_DATE_EPOCH" "$(
	SOURCE_DATE_EPOCH=86400 "$STRATAPACK" build "${graph[@]}" -o docker-archive:dated.tar
	tar -xOf dated.tar --wildcards '*.json' | jq -r 'select(.created?).created' 2>/dev/null
)" 1970-01-02T00:00:00Z
is "--created takes a date" "$(
	"$STRATAPACK" build "${graph[@]}" --created 2024-02-29T23:59:59Z -o docker-archive:leap.tar
	"$STRATAPACK" build "${graph[@]}" --created 1709251199 -o docker-archive:seconds.tar
	sha256 leap.tar
)" "$(sha256 seconds.tar)"
for platform in linux/amd64 linux/arm64 linux/arm64/v8 linux/arm linux/arm/v6 linux/riscv64; do
	"$STRATAPACK" build "${graph[@]}" --platform "$platform" -o docker-archive:whole.tar
	"$STRATAPACK" build "${graph[@]}" --os linux --architecture "${platform#linux/}" -o docker-archive:parts.tar
	same "--platform $platform is what the three options say" whole.tar parts.tar
done
is "the last --env of a name counts, in the place of the first" "$(
	"$STRATAPACK" build "${graph[@]}" -e A=1 -e B=1 --env A=2 -o docker-archive:env.tar
	tar -xOf env.tar --wildcards '*.json' | jq -c '.config?.Env? // empty' 2>/dev/null
)" '["A=2","B=1"]'
before=$(date -u +%FT%TZ)
"$STRATAPACK" build "${graph[@]}" --created now -o docker-archive:now.tar
now=$(tar -xOf now.tar --wildcards '*.json' | jq -r 'select(.created?).created' 2>/dev/null)
after=$(date -u +%FT%TZ)
is "--created now is what the clock says" "$(printf '%s\n' "$before" "$now" "$after" | sort)" \
	"$(printf '%s\n' "$before" "$now" "$after")"
is "an archive is not written to a terminal" "$(
	typed="'$STRATAPACK' build --graph '$scratch/root/graph.json' --root '$scratch/root' -o docker-archive:-"
	script -qec "$typed 2>'$scratch/terminal.log'" /dev/null </dev/null | wc -c
)" 0
ok "the message says why" grep -q "standard output is a terminal" terminal.log
is "entrypoints can be JSON" "$(
	"$STRATAPACK" build "${graph[@]}" --entrypoint '["a b", "c"]' --entrypoint d -o docker-archive:entry.tar
	tar -xOf entry.tar --wildcards '*.json' | jq -c '.config?.Entrypoint? // empty' 2>/dev/null
)" '["a b","c","d"]'

fails_with 1 "do you mean 'dpkg'" "a package that is nearly named so" "$STRATAPACK" plan --dpkg dpgk
# A signal ends the work cleanly.
mkdir interrupted
"$STRATAPACK" build --dpkg git python3 --compression gzip:9 --threads 1 \
	-o docker-archive:interrupted/x.tar 2>/dev/null &
process=$!
sleep 0.4
kill -TERM $process
wait $process
is "SIGTERM ends the program as a shell expects" $? 143
empty "nothing is left behind" "$(ls -A interrupted)"
done_testing
