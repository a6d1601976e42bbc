#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The memory of a build does not grow with what is built: at most 100 MiB and 16 MiB a thread.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

# peak COMMAND…: the most memory that COMMAND had, in KiB.
peak() {
	python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

# within NAME THREADS COMMAND…
within() {
	local name=$1 bound=$(((100 + 16 * $2) * 1024)) used
	shift 2
	used=$(peak "$@") || used=failed
	ok "$name: $used of $bound KiB" test "$used" -le "$bound"
}

# One layer of half a gibibyte, of which 64 MiB cannot be compressed, and 16 of 4 MiB side by side.
mkdir -p large/item many
pseudo_random $((64 << 20)) large >large/item/random
truncate -s 512M large/item/zeros
jq -n '{stratapackGraph: 1, items: [{id: "/item", content: "store"}]}' >large/graph.json
for item in {1..16}; do
	mkdir "many/$item"
	head -c $((4 << 20)) large/item/random >"many/$item/random"
	echo "$item" >"many/$item/name"
done
jq -n '{stratapackGraph: 1, items: [range(1; 17) | {id: "/\(.)", content: "store"}]}' >many/graph.json
for threads in 2 8; do
	for compression in none gzip zstd; do
		for tree in large many; do
			within "$tree, $compression, $threads threads" "$threads" "$STRATAPACK" build \
				--graph "$tree/graph.json" --root "$tree" --strategy per-item --no-cache \
				--compression "$compression" --threads "$threads" --describe
		done
	done
done

# 20,000 items: planning them, and building them into one layer and a hundred.
mkdir items
python3 - <<'END'
import json
items = []
for number in range(20000):
    with open(f"items/{number}", "w") as file:
        print(number, file=file)
    items.append({"id": f"/{number}", "content": "store", "size": 10, "identity": f"version {number}",
                  "references": [f"/{below}" for below in {number // 2, number // 3, number // 5}
                                 if below < number]})
with open("items/graph.json", "w") as file:
    json.dump({"stratapackGraph": 1, "items": items}, file)
END
graph=(--graph items/graph.json --root items)
for strategy in single popularity; do
	used=$(peak "$STRATAPACK" plan "${graph[@]}" --strategy "$strategy")
	ok "planning 20,000 items, $strategy: $used KiB of 64 MiB" test "$used" -le 65536
	within "building 20,000 items, $strategy" 2 "$STRATAPACK" build "${graph[@]}" \
		--strategy "$strategy" --threads 2 --no-cache -o "oci:$strategy:items"
	within "building 20,000 items, $strategy, into an archive" 2 "$STRATAPACK" build "${graph[@]}" \
		--strategy "$strategy" --threads 2 --no-cache --compression none -o "docker-archive:$strategy.tar:items"
done

# Where an archive is laid out, trees wait until their layers are made: not all of these, whose names
# alone have 170 MB, but a socket is left out once.
mkdir names
python3 - <<'END'
import json, os, socket
items = []
top = os.getcwd()
for item in range(16):
    place = f"{top}/names/{item}"
    os.mkdir(place)
    os.chdir(place)
    for depth in range(14):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    for number in range(3000):
        os.close(os.open(str(number), os.O_CREAT | os.O_WRONLY, 0o444))
    socket.socket(socket.AF_UNIX).bind("socket")
    items.append({"id": f"/{item}", "content": "store"})
with open(f"{top}/names/graph.json", "w") as file:
    json.dump({"stratapackGraph": 1, "items": items}, file)
END
names=("$STRATAPACK" build --graph names/graph.json --root names --strategy per-item --no-cache
	--compression none --threads 2)
within "48,000 long names into an archive" 2 "${names[@]}" -o docker-archive:names.tar 2>notes
is "each socket is mentioned once" "$(grep -c "is a socket" notes)" 16
within "48,000 long names into a layout" 2 "${names[@]}" -o oci:names.layout 2>/dev/null
# shellcheck disable=SC2016
ok "the archive once more, from standard output" bash -c '"$@" -o docker-archive:- >names.piped' bash "${names[@]}"
same "is the same" names.piped names.tar
done_testing
