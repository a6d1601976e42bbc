#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every strategy from the command line, with bounds around the number of items; no items, one item,
# and more layers than clients load.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

# make_items COUNT: a store of so many items, each of which refers to the next two, and its graph.
make_items() {
	local count=$1 index
	for ((index = 1; index <= count; index++)); do
		mkdir -p "root/store/item-$index"
		head -c $((index * 100)) /dev/zero >"root/store/item-$index/file"
	done
	jq -n --argjson count "$count" '{stratapackGraph: 1, items: [range(1; $count + 1) | {
		id: "/store/item-\(.)", content: "store", size: (. * 100),
		references: [range(. + 1; [. + 3, $count + 1] | min) | "/store/item-\(.)"]}]}' >"$count.json"
}
mapfile -t strategies < <("$STRATAPACK" strategies --json | jq -r '.[].name')
ok "there are strategies" [ ${#strategies[@]} -ge 5 ]
is "the front end of Guix knows them all, and no other" "$(sed -n "/^  '(churn/,/))/p" \
	"$STRATAPACK_SOURCE/frontends/guix/stratapack/checks.scm" | tr -d "()'" | tr -s ' \n' '\n' |
	grep . | sort | paste -sd ' ')" "$(printf '%s\n' "${strategies[@]}" | sort | paste -sd ' ')"

# within_bound STRATEGY BOUND COUNT OPTION…: build an image of COUNT items and look at it.
within_bound() {
	local strategy=$1 bound=$2 count=$3 name layers
	shift 3
	name="$strategy, $count items, a bound of $bound ${*}"
	rm -rf layout
	ok "build: $name" "$STRATAPACK" build --graph "$count.json" --root root --strategy "$strategy" \
		--max-layers "$bound" -o oci:layout:x "$@" || return
	"$STRATAPACK" inspect --json oci:layout >inspected.json
	layers=$(jq '.images[0].layers | length' inspected.json)
	ok "no more layers: $name" [ "$layers" -le "$bound" ]
	is "each item is in one layer: $name" "$(for digest in $(jq -r '.images[0].layers[].digest' inspected.json); do
		tar -tzf "layout/blobs/sha256/${digest#sha256:}"
	done | grep -c '/file$')" "$count"
	empty "no layer is empty: $name" "$(jq -r '.images[0].layers[] | select(.history.comment == "") | .digest' \
		inspected.json)"
}

readonly items=6
make_items $items
for strategy in "${strategies[@]}"; do
	for bound in 1 2 $((items - 1)) $items $((items + 1)); do
		for option in --no-tmp --mkdir=/data; do
			needed=$items
			[ $option = --no-tmp ] || needed=$((items + 1))
			if [ "$strategy" != per-item ] || [ "$bound" -ge $needed ]; then
				within_bound "$strategy" "$bound" $items $option
			else
				fails_with 1 "--max-layers $needed" "per-item says which bound does, $bound $option" \
					"$STRATAPACK" build --graph $items.json --root root --strategy per-item --max-layers "$bound" \
					-o oci:refused:x $option
			fi
		done
	done
done
not "what was refused left nothing" test -e refused

make_items 1
: >empty.references
echo '{"stratapackGraph": 1, "items": []}' >0.json
echo '[]' >empty.nix
for strategy in "${strategies[@]}"; do
	within_bound "$strategy" 1 1 --no-tmp
	within_bound "$strategy" 2 1 --mkdir=/data
	rm -rf layout
	ok "nothing but /tmp, $strategy" "$STRATAPACK" build --graph=0.json --strategy "$strategy" --max-layers 1 \
		-o oci:layout:x
	is "one layer, $strategy" "$(diff_ids oci:layout:x | wc -l)" 1
	is "a plan of nothing, $strategy" "$("$STRATAPACK" plan --graph 0.json --no-tmp --strategy "$strategy" |
		jq -c .layers)" "[]"
	fails_with 1 "at least one layer" "an image of nothing at all, $strategy" \
		"$STRATAPACK" build --graph 0.json --no-tmp --strategy "$strategy" -o oci:refused
done

# Only our own graph can say that there is nothing: of the others it is a sign that what writes them failed.
for source in --references-graph=empty.references --nix-json=empty.nix; do
	fails_with 1 "${source#*=}" "an empty ${source%%=*} is an error" "$STRATAPACK" build "$source" -o oci:refused
done
ok "no output is left of it" test ! -e refused

# The order of the input does not matter.
jq '.items |= reverse | .items[].references |= reverse' $items.json >reversed.json
for strategy in "${strategies[@]}"; do
	is "the order of the graph does not matter, $strategy" \
		"$("$STRATAPACK" plan --graph reversed.json --strategy "$strategy" --max-layers $((items + 1)))" \
		"$("$STRATAPACK" plan --graph $items.json --strategy "$strategy" --max-layers $((items + 1)))"
done

# Docker's classic store loads 125 layers: more only by force.
make_items 126
per_item=("$STRATAPACK" build --graph 126.json --root root --strategy per-item --no-tmp)
fails_with 2 "--force" "a bound of 126" "${per_item[@]}" --max-layers 126 -o oci:refused
ok "126 layers by force" "${per_item[@]}" --max-layers 126 --force -o oci:forced:x -o docker-archive:forced.tar:x
is "they are 126" "$(diff_ids oci:forced:x | wc -l)" 126
ok "verify 126 layers" "$STRATAPACK" verify oci:forced
ok "a plan of 126 layers" "$STRATAPACK" plan --graph 126.json --strategy per-item --no-tmp --max-layers 126 \
	--force -o forced.plan
fails_with 1 "--force" "a plan of 126 layers is not built without" "$STRATAPACK" build --plan forced.plan \
	--graph 126.json --root root -o oci:refused
not "nothing of what was refused is there" test -e refused
done_testing
