#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 50,000 items, from every kind of graph and with every strategy, and one large file: all the way
# to an image, in bounded memory.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

readonly count=50000

# A store of small items that refer to earlier ones, and what each kind of source says of it.
/usr/bin/python3 - "$count" <<'PYTHON'
import hashlib, json, os, random, sqlite3, sys

count = int(sys.argv[1])
random.seed(1)
ids = ["/gnu/store/%s-package-%d-1.%d" % (hashlib.sha256(b"%d" % i).hexdigest()[:32], i, i % 7)
       for i in range(count)]
references = [sorted({ids[i]} | {ids[random.randrange(min(i, 200 if k % 2 else i))]
                                 for k in range(random.randrange(10)) if i})
              for i in range(count)]
# The last one, a profile, reaches all of them.
known = {id for i in range(count - 1) for id in references[i] if id != ids[i]}
references[-1] = [id for id in ids if id not in known]
with open("profile", "w") as file:
    file.write(ids[-1])
for i, id in enumerate(ids):
    os.makedirs("root" + id)
    with open("root" + id + "/file", "w") as file:
        file.write("content %d\n" % i)
hashes = ["sha256:" + hashlib.sha256(id.encode()).hexdigest() for id in ids]
with open("references", "w") as file:
    for i in sorted(range(count), key=ids.__getitem__):
        file.write("%s\n\n%d\n%s" % (ids[i], len(references[i]),
                                     "".join(id + "\n" for id in references[i])))
with open("registration", "w") as file:
    for i in range(count):
        file.write("%s\n%s\n%d\n\n%d\n%s" % (ids[i], hashes[i][7:], 400 + i, len(references[i]),
                                             "".join(id + "\n" for id in references[i])))
json.dump([{"path": ids[i], "narHash": hashes[i], "narSize": 400 + i, "references": references[i]}
           for i in range(count)], open("nix.json", "w"))
json.dump({"stratapackGraph": 1, "items": [{"id": ids[i], "content": "store", "identity": hashes[i], "size": 400 + i,
           "references": references[i]} for i in range(count)]}, open("own.json", "w"))
os.makedirs("root/var/guix/db")
database = sqlite3.connect("root/var/guix/db/db.sqlite")
database.executescript("""
    create table ValidPaths (id integer primary key autoincrement not null, path text unique not
        null, hash text not null, registrationTime integer not null, deriver text, narSize integer);
    create table Refs (referrer integer not null, reference integer not null,
        primary key (referrer, reference));""")
number = {id: i + 1 for i, id in enumerate(ids)}
database.executemany("insert into ValidPaths values (?, ?, ?, 1, null, ?)",
                     [(i + 1, ids[i], hashes[i], 400 + i) for i in range(count)])
database.executemany("insert into Refs values (?, ?)",
                     [(i + 1, number[id]) for i in range(count) for id in references[i]])
database.commit()
PYTHON

# within MEBIBYTES COMMAND…: COMMAND succeeds, and never needs more memory than that.
within() {
	/usr/bin/python3 - "$@" <<-'END'
		import resource, subprocess, sys
		status = subprocess.run(sys.argv[2:]).returncode
		peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
		print("exit status %d, %d MiB" % (status, peak))
		sys.exit(status or peak > int(sys.argv[1]))
	END
}

# Every source gives the same plan and the same recipes, but for what it does not know.
plan=("$STRATAPACK" plan --root root)
declare -A sources=([references]="--references-graph references"
	[registration]="--references-graph registration" [nix]="--nix-json nix.json" [own]="--graph own.json"
	[database]="--store-db=root/var/guix/db/db.sqlite $(<profile)")
for source in "${!sources[@]}"; do
	# shellcheck disable=SC2086
	ok "plan from $source" within 512 "${plan[@]}" ${sources[$source]} --strategy popularity \
		-o "$source.plan" --recipes "$source.recipes"
	same "the plan from $source is that from nix" "$source.plan" nix.plan
	[ "$source" = references ] || same "the recipes, too" "$source.recipes" nix.recipes
done

for strategy in $("$STRATAPACK" strategies --json | jq -r '.[].name'); do
	bound=100
	[ "$strategy" != per-item ] || bound=$((count + 1))
	ok "plan with $strategy" within 512 "${plan[@]}" --nix-json nix.json --strategy "$strategy" \
		--max-layers $bound --force -o "$strategy.plan"
	is "no item is lost, and none is there twice, $strategy" \
		"$(jq -r '.layers[].items[]' "$strategy.plan" | sort -u | wc -l) of $(jq '[.layers[].items | length] | add' "$strategy.plan")" \
		"$count of $count"
	ok "no more layers than allowed, $strategy" [ "$(jq '.layers | length' "$strategy.plan")" -lt $bound ]
	ok "no empty layer, $strategy" jq -e 'all(.layers[].items; length > 0)' "$strategy.plan"
done

build=("$STRATAPACK" build --root root)
ok "build" within 512 "${build[@]}" --references-graph references -o oci:layout:large
is "every file is in the image" "$(for digest in $(skopeo inspect --raw oci:layout:large |
	jq -r '.layers[].digest'); do
	tar -tzf "layout/blobs/sha256/${digest#sha256:}"
done | grep -c '/file$')" "$count"
ok "verify" within 512 "$STRATAPACK" verify oci:layout
ok "build into a blob store" within 512 "${build[@]}" --nix-json nix.json --cache cache -o oci:first:large
ok "build from a blob store" within 512 "${build[@]}" --nix-json nix.json --cache cache -o oci:again:large
same "it gives the same" first again
same "the recipe's source does not show" first layout

# A bound that no registry would take the config of says so, instead of a useless image.
fails_with 1 "config" "one layer for each of $count items" timeout "$patience" "${build[@]}" \
	--nix-json nix.json --strategy per-item --max-layers $((count + 1)) --force -o oci:refused
not "and leaves nothing" test -e refused

# One large file: what is kept in memory does not grow with it.
mkdir -p large/store/aaaaaaaa-large
truncate -s 1G large/store/aaaaaaaa-large/file
printf '/store/aaaaaaaa-large\n\n0\n' >large/references
for compression in none gzip:1 zstd:1; do
	ok "a gibibyte in bounded memory, $compression" within 164 "$STRATAPACK" build --root large \
		--references-graph large/references --compression $compression --threads 4 -o oci:large/$compression
	rm -rf "large/$compression"
done
done_testing
