#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Input, disks, pipes and signals that spoil a build: one clear message, the right exit status, and
# nothing under the final name.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

make_store "$scratch/root"
graph=(--graph "$scratch/root/graph.json" --root "$scratch/root")
mkdir out

# nothing_in DIRECTORY NAME
nothing_in() {
	empty "nothing is left behind: $2" "$(ls -A "$1")"
}

# spoiled WORDS NAME COMMAND…: exit 1, a message with WORDS, and an empty output directory.
spoiled() {
	fails_with 1 "$@"
	nothing_in out "$2"
	rm -rf out && mkdir out
}
build=("$STRATAPACK" build)
everywhere=(-o oci:out/layout -o docker-archive:out/docker.tar -o docker-v1-archive:out/v1.tar
	-o oci-archive:out/oci.tar -o universal-archive:out/universal.tar -o dir:out/dir)

# --- wrong use ----------------------------------------------------------------------------------

fails_with 2 --no-such-option "an option that does not exist" "${build[@]}" --no-such-option
fails_with 2 no-such-command "a command that does not exist" "$STRATAPACK" no-such-command
fails_with 2 "-o" "no output" "${build[@]}" "${graph[@]}"
fails_with 2 tarball "a transport that does not exist" "${build[@]}" "${graph[@]}" -o tarball:x
fails_with 2 Upper "a name that is not one" "${build[@]}" "${graph[@]}" -o docker-archive:out/x:Upper/Case:1
fails_with 2 fastest "a strategy that does not exist" "${build[@]}" "${graph[@]}" --strategy fastest -o oci:out/x
fails_with 2 max-layers "a bound that is no number" "${build[@]}" "${graph[@]}" --max-layers many -o oci:out/x
fails_with 2 lz4 "a compression that does not exist" "${build[@]}" "${graph[@]}" --compression lz4 -o oci:out/x
fails_with 2 SOURCE_DATE_EPOCH "a SOURCE_DATE_EPOCH that is no number" env SOURCE_DATE_EPOCH=today \
	"${build[@]}" "${graph[@]}" -o oci:out/x
nothing_in out "wrong use"

# --- the store ----------------------------------------------------------------------------------

spoiled absent.json "a graph file that is missing" "${build[@]}" --graph absent.json "${everywhere[@]}"
mv "root$data" root/away
spoiled "$data" "an item that is missing" "${build[@]}" "${graph[@]}" "${everywhere[@]}"
mv root/away "root$data"
chmod 0 "root$data/share/random"
spoiled share/random "a file that cannot be read" setpriv \
	--bounding-set=-dac_override,-dac_read_search "${build[@]}" "${graph[@]}" "${everywhere[@]}"
chmod 644 "root$data/share/random"
chmod 0 "root$data/share/sub"
spoiled share/sub "a directory that cannot be read" setpriv \
	--bounding-set=-dac_override,-dac_read_search "${build[@]}" "${graph[@]}" "${everywhere[@]}"
chmod 755 "root$data/share/sub"
: >"root$data/share/.wh.name"
spoiled .wh.name "a name that clients take for a whiteout" "${build[@]}" "${graph[@]}" "${everywhere[@]}"
rm "root$data/share/.wh.name"
mkfifo "root$data/share/fifo"
ok "a FIFO does not block" timeout "$patience" "${build[@]}" "${graph[@]}" -o oci:fifo
rm -r "root$data/share/fifo" fifo

# A file that changes while it is read: large enough to be caught at it, and caught within ten tries.
changing() { # changing NAME COMMAND…
	local name=$1 status=0 _
	shift
	for _ in {1..10}; do
		truncate -s 600M "root$more/zeros"
		"${build[@]}" "${graph[@]}" "${everywhere[@]}" >changing.stdout 2>changing.stderr &
		local process=$!
		wait_for_open $process "$(realpath "root$more")/zeros"
		"$@"
		wait $process
		status=$?
		[ $status -eq 0 ] || break
		rm -rf out && mkdir out
	done
	is "exit status when $name" $status 1
	ok "the message names the file: $name" grep -F "$more/zeros" changing.stderr
	nothing_in out "$name"
	rm -rf out && mkdir out
}
changing "a file shrinks" truncate -s 1M "root$more/zeros"
changing "a file grows" truncate -s 700M "root$more/zeros"
changing "a file is written to" dd if=/dev/urandom of="root$more/zeros" bs=1M count=1 seek=599 \
	conv=notrunc status=none
truncate -s 2M "root$more/zeros"

# --- where the output goes ----------------------------------------------------------------------

spoiled absent "a directory that does not exist" "${build[@]}" "${graph[@]}" -o docker-archive:absent/x.tar
spoiled root/graph.json "a file in place of a directory" "${build[@]}" "${graph[@]}" -o oci:root/graph.json
mkdir full
mount -t tmpfs -o size=400k tmpfs full
at_exit umount full
for output in oci:full/layout docker-archive:full/x.tar docker-v1-archive:full/x.tar \
	oci-archive:full/x.tar universal-archive:full/x.tar dir:full/dir; do
	fails_with 1 "no space" "a full disk, $output" "${build[@]}" "${graph[@]}" -o "$output"
	nothing_in full "full disk, $output"
	rm -rf full/* full/.[!.]*
done
# The steps, each on a disk that has no room at all.
ok "a plan and its recipes" "$STRATAPACK" plan "${graph[@]}" --strategy single --no-tmp \
	-o room.json --recipes room
ok "a layer" "$STRATAPACK" layer room/001.recipe.json --root root -o room.layer
dd if=/dev/zero of=full/filling bs=4096 status=none 2>/dev/null
fails_with 1 "no space" "a plan on a full disk" "$STRATAPACK" plan "${graph[@]}" -o full/plan.json
fails_with 1 "no space" "recipes on a full disk" "$STRATAPACK" plan "${graph[@]}" -o plan.json \
	--recipes full/recipes
fails_with 1 "no space" "a layer on a full disk" "$STRATAPACK" layer room/001.recipe.json \
	--root root -o full/layer
fails_with 1 "no space" "an image on a full disk" "$STRATAPACK" image room.json \
	--layer room.layer -o oci:full/image
fails_with 1 "no space" "a cache on a full disk" "$STRATAPACK" build "${graph[@]}" \
	--cache full/cache -o oci:uncached
not "nothing was written without its layers" [ -e uncached ]
rm -rf full/cache full/filling
nothing_in full "full disk, the steps"
# shellcheck disable=SC2016
ok "a full device on stdout" bash -c '"$@" -o docker-archive:- >/dev/full 2>full.log
	[ $? -eq 1 ] && grep -qi "no space" full.log' bash "${build[@]}" "${graph[@]}"
"${build[@]}" "${graph[@]}" -o docker-archive:- 2>pipe.log | head -c 1 >/dev/null
is "a closed pipe" "${PIPESTATUS[0]}" 1
ok "a message about the pipe" grep -qi pipe pipe.log

# A failure leaves what was there before.
ok "a first build" "${build[@]}" "${graph[@]}" -o docker-archive:kept.tar
cp kept.tar kept.copy
mv "root$data" root/away
fails_with 1 "$data" "a second build that fails" "${build[@]}" "${graph[@]}" -o docker-archive:kept.tar
mv root/away "root$data"
ok "the first build's archive is still there" cmp kept.tar kept.copy

# --- signals ------------------------------------------------------------------------------------

pseudo_random 8000000 signals >"root$more/large"
begin=$EPOCHREALTIME
must "how long a build takes" "${build[@]}" "${graph[@]}" "${everywhere[@]}"
duration=$(awk -v begin="$begin" -v end="$EPOCHREALTIME" 'BEGIN { print end - begin }')
outputs=(layout docker.tar v1.tar oci.tar universal.tar dir)

# interrupt SIGNAL: builds interrupted at moments spread over the time that one takes.
interrupt() {
	local signal=$1 moment process output partial="" leftovers=""
	for moment in {1..12}; do
		rm -rf out && mkdir out && rm -rf spool && mkdir spool
		# The shell has background processes ignore SIGINT.
		TMPDIR=$scratch/spool env --default-signal=INT "${build[@]}" "${graph[@]}" "${everywhere[@]}" \
			>/dev/null 2>&1 &
		process=$!
		sleep "$(awk -v moment="$moment" -v duration="$duration" 'BEGIN { print duration * moment / 11 }')"
		kill "-$signal" $process 2>/dev/null
		wait $process 2>/dev/null
		for output in "${outputs[@]}"; do
			[ ! -e "out/$output" ] || "$STRATAPACK" verify "out/$output" >/dev/null 2>&1 ||
				partial+=" $output at $moment"
		done
		leftovers+=$(ls -A spool)
		leftovers+=$(cd out && find . -mindepth 1 -maxdepth 1 ! -name layout ! -name dir ! -name 'v1.tar' \
			! -name docker.tar ! -name oci.tar ! -name universal.tar)
	done
	empty "whatever is there after SIG$signal is whole" "$partial"
	[ "$signal" = KILL ] || empty "nothing else is there after SIG$signal" "$leftovers"
}
interrupt KILL
rm -rf out/dir
ok "a build after one that was killed" "${build[@]}" "${graph[@]}" "${everywhere[@]}"
cp -a out/dir kept
fails_with 1 out/dir "a directory that holds something is not replaced" "${build[@]}" "${graph[@]}" -o dir:out/dir
same "it is left as it was" out/dir kept
interrupt TERM
interrupt INT
rm -rf out && mkdir out
rm "root$more/large"

# --- hostile files ------------------------------------------------------------------------------

# hostile KIND OPTION CONTENT…: files given to OPTION, each refused with a message that names it, or
# the absent item that it is about.
hostile() {
	local kind=$1 option=$2 content number=0 arguments words
	shift 2
	for content in "$@"; do
		number=$((number + 1))
		printf '%b' "$content" >"hostile-$number"
		arguments=("$option" "hostile-$number")
		[[ $option != *= ]] || arguments=("${option}hostile-$number" "$shell")
		words=hostile-$number
		[[ $content != *absent* ]] || words=/store/absent
		fails_with 1 "$words" "hostile $kind: ${content:0:50}" \
			timeout "$patience" "${build[@]}" "${arguments[@]}" --root root -o oci:out/layout
	done
	nothing_in out "hostile $kind"
}
deep=$(printf '[%.0s' {1..5000})
hostile "graph" --graph '' '{' '[]' 'null' "$deep" '{"stratapackGraph":1,"items":[' \
	'{"stratapackGraph":2,"items":[]}' '{"stratapackGraph":1,"items":{}}' \
	'{"stratapackGraph":1,"items":[],"items":[]}' '{"stratapackGraph":1,"items":[]} x' \
	'{"stratapackGraph":1,"items":[{"id":7}]}' '{"stratapackGraph":1,"items":[{}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","size":-1}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","size":1e400}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","size":99999999999999999999999}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","trees":["../../etc"]}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","trees":["/store/../etc"]}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","trees":["relative"]}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a\\u0000b"}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a\\xff"}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","size":1,"references":["/store/absent"]}]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","size":1}],"roots":["/store/absent"]}' \
	'{"stratapackGraph":1,"items":[{"id":"/store/a","size":1},{"id":"/store/a","size":2}]}'
hostile "references graph" --references-graph 'x' '/store/a\n' '/store/a\n\n' '/store/a\n\n1\n' \
	'/store/a\n\n-1\n' '/store/a\n\n99999999999999999999\n' '/store/a\n\n4294967295\n/store/a\n' \
	'/store/a\n\nmany\n' '/store/a\n\n1\n/store/absent\n' '/store/absent\n\n0' '\x00\n\n0\n' 'relative\n\n0\n'
hostile "Nix JSON" --nix-json '' '[' '{"graph":7}' '[{"path":7}]' '[{}]' "$deep" \
	'[{"path":"/store/a","references":7}]' '{"/store/a":{"narSize":-1,"references":[]}}'
hostile "store database" --store-db= 'SQLite format 3\x00' 'no database' ''
number=0
for content in '' '{' '{"layers":7}' '{"layers":[{"items":[7]}]}' '[]' "$deep"; do
	number=$((number + 1))
	printf '%s' "$content" >"hostile-$number"
	fails_with 1 "hostile-$number" "hostile plan: ${content:0:50}" "$STRATAPACK" layer \
		--plan "hostile-$number" 1 "${graph[@]}" -o out/layer
	fails_with 1 "hostile-$number" "hostile recipe: ${content:0:50}" "$STRATAPACK" layer \
		"hostile-$number" --root root -o out/layer
done
nothing_in out "hostile plan or recipe"

# truncated NAME FILE COMMAND…: FILE cut at many places and with bytes changed; COMMAND, which gets
# its path as the last argument, says 0, 1 or 3, and never crashes.
truncated() {
	local name=$1 file=$2 size cut status bad="" failures=0
	shift 2
	size=$(stat -c %s "$file")
	for cut in {0..39}; do
		if [ $((cut % 2)) -eq 0 ]; then
			head -c $((size * cut / 40)) "$file" >"cut-$cut"
		else
			cp "$file" "cut-$cut"
			printf '\xff' | dd of="cut-$cut" bs=1 seek=$((size * cut / 40)) conv=notrunc status=none
		fi
		"$@" "cut-$cut" >cut.log 2>&1
		status=$?
		case $status in
		0) ;;
		1 | 3) failures=$((failures + 1)) ;;
		*) bad+=" $status at $cut" ;;
		esac
		rm "cut-$cut"
	done
	empty "no crash on a spoiled $name" "$bad"
	ok "many spoiled ones are noticed: $name ($failures of 40)" [ $failures -ge 10 ]
}
graph_file() { # graph_file OPTION FILE
	rm -rf out && mkdir out
	"${build[@]}" --root root -o oci:out/layout "$1" "$2"
}
ok "a plan to spoil" "$STRATAPACK" plan "${graph[@]}" -o good.plan --recipes good.recipes
ok "a layer to spoil" "$STRATAPACK" layer good.recipes/001.recipe.json --root root -o good.layer
layer_json() {
	rm -rf spoiled && cp -r good.layer spoiled && chmod u+w spoiled/*
	cp "$1" spoiled/layer.json && "$STRATAPACK" image good.plan --layer spoiled -o oci:out/x
}
plan_file() {
	rm -rf out/x && "$STRATAPACK" layer --plan "$1" 1 "${graph[@]}" -o out/x
}
layer_file() {
	rm -rf out/x && "$STRATAPACK" layer "$1" --root root -o out/x
}
build_database() {
	rm -rf out && mkdir out
	"${build[@]}" --root root -o oci:out/layout "--store-db=$1" "$shell"
}
printf '%s\n\n1\n%s\n' "$shell" "$shell" >references
truncated "graph" root/graph.json graph_file --graph
truncated "references graph" references graph_file --references-graph
truncated "plan" good.plan plan_file
truncated "recipe" good.recipes/001.recipe.json layer_file
truncated "layer.json" good.layer/layer.json layer_json
sqlite3 store.sqlite "create table ValidPaths (id integer primary key autoincrement not null,
	path text unique not null, hash text not null, registrationTime integer not null, deriver text,
	narSize integer);
	create table Refs (referrer integer not null, reference integer not null,
	primary key (referrer, reference));
	insert into ValidPaths values (1, '$shell', 'sha256:$(printf '0%.0s' {1..64})', 0, null, 100);
	insert into Refs values (1, 1);"
ok "a good database" "${build[@]}" --store-db=store.sqlite --root root "$shell" \
	-o oci:out/database
truncated "store database" store.sqlite build_database

# Images, whole and spoiled, given to verify and inspect.
"${build[@]}" "${graph[@]}" --strategy per-item -o docker-v1-archive:images-v1.tar:a/b:1 \
	-o docker-archive:images-docker.tar:a/b:1 -o oci-archive:images-oci.tar:a/b:1 \
	-o universal-archive:images-universal.tar:a/b:1
for image in images-*.tar; do
	truncated "$image" "$image" "$STRATAPACK" verify
	truncated "$image, inspected" "$image" "$STRATAPACK" inspect
done
mkdir evil && cd evil || exit 1
echo "[{\"Config\":\"../../../etc/passwd\",\"RepoTags\":null,\"Layers\":[]}]" >manifest.json
tar -cf ../evil-config.tar manifest.json
echo "[{\"Config\":\"x\",\"RepoTags\":null,\"Layers\":[\"/etc/passwd\"]}]" >manifest.json
tar -cf ../evil-layer.tar manifest.json
ln -s /etc/passwd x && tar -cf ../evil-link.tar manifest.json x
printf '%s' "$deep" >manifest.json && tar -cf ../evil-deep.tar manifest.json
mkdir -p layout/blobs
echo '{"imageLayoutVersion":"1.0.0"}' >layout/oci-layout
echo '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
	"digest":"sha256:../../../../../../etc/passwd","size":10}]}' >layout/index.json
mv layout ../evil-layout
cd ..
head -c 5000 /dev/zero >evil-zeros.tar
head -c 5000 /dev/urandom >evil-noise.tar
: >evil-empty.tar
for image in evil-*; do
	"$STRATAPACK" verify "$image" >evil.out 2>evil.err
	status=$?
	ok "verify refuses $image" [ $status -eq 1 -o $status -eq 3 ]
	not "and shows nothing of other files: $image" grep -q root: evil.out evil.err
done
fails_with 1 absent.tar "verify of what is not there" "$STRATAPACK" verify absent.tar
fails_with 1 absent.tar "inspect of what is not there" "$STRATAPACK" inspect absent.tar
done_testing
