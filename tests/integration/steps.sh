#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# plan, layer and image in separate processes give what build gives; plans can be edited by hand.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

make_store "$scratch/root"
graph=(--graph "$scratch/root/graph.json" --root "$scratch/root")
config=(--entrypoint "$hello/bin/hello" --env A=b --label c=d --created 1000000000)
customisation=(-S "/bin=$shell/bin" --mkdir /var/tmp:1777)
name=example.org/hello:1

# join PLAN LAYERS OUTPUT…: the image of a plan from the layer directories in LAYERS.
join() {
	local plan=$1 layers=$2 directory arguments=()
	shift 2
	for directory in "$layers"/*; do
		arguments+=(--layer "$directory")
	done
	"$STRATAPACK" image "$plan" "${arguments[@]}" "${config[@]}" "$@"
}

for strategy in $("$STRATAPACK" strategies --json | jq -r '.[].name'); do
	ok "plan, $strategy" "$STRATAPACK" plan "${graph[@]}" "${customisation[@]}" \
		--strategy "$strategy" -o "$strategy.plan" --recipes "$strategy.recipes"
	ok "the plan is JSON, $strategy" jq -e '.layers | type == "array" and all(.items | length > 0)' \
		"$strategy.plan"
	is "each item once, $strategy" "$(jq -r '.layers[].items[]' "$strategy.plan" | sort)" \
		"$(jq -r '.items[].id' root/graph.json | sort)"

	# All layers at the same time, each in a process of its own.
	mkdir "$strategy.layers"
	processes=()
	for recipe in "$strategy.recipes"/*.recipe.json; do
		number=$(basename "$recipe" .recipe.json)
		"$STRATAPACK" layer "$recipe" --root "$scratch/root" -o "$strategy.layers/$number" &
		processes+=($!)
	done
	built=yes
	for process in "${processes[@]}"; do
		wait "$process" || built=no
	done
	is "layers from recipes, $strategy" "$built" yes
	ok "image, $strategy" join "$strategy.plan" "$strategy.layers" -o "oci:$strategy.joined:hello:1" \
		-o "docker-v1-archive:$strategy.joined.tar:$name"
	ok "build, $strategy" "$STRATAPACK" build "${graph[@]}" "${customisation[@]}" "${config[@]}" \
		--strategy "$strategy" -o "oci:$strategy.built:hello:1" \
		-o "docker-v1-archive:$strategy.built.tar:$name"
	same "the same layout, $strategy" "$strategy.joined" "$strategy.built"
	same "the same archive, $strategy" "$strategy.joined.tar" "$strategy.built.tar"
done

# Layers that are there already, and a plan of the rest.
jq '{layers: [{items: [.layers[].items[]][0:2]}]}' per-item.plan >below.json
ok "a plan above other layers" "$STRATAPACK" plan "${graph[@]}" --below below.json --max-layers 4 -o above.plan
is "they come first" "$(jq -c '.layers[0].items | sort' above.plan)" \
	"$(jq -c '.layers[0].items | sort' below.json)"
is "each item once" "$(jq -r '.layers[].items[]' above.plan | sort)" \
	"$(jq -r '.items[].id' root/graph.json | sort)"
fails_with 1 "no room above the 1" "a bound without room above them" "$STRATAPACK" plan "${graph[@]}" \
	--below below.json --max-layers 1
jq '.layers[0].items += ["/store/nothing"]' below.json >foreign.json
fails_with 1 "/store/nothing" "a foreign item below" "$STRATAPACK" plan "${graph[@]}" --below foreign.json

# Layers that do not name their items: a store that scans them finds no reference.
mkdir nameless.layers
# As Nix gives it to a builder.
first=$(printf '%s\n' popularity.recipes/*.recipe.json | head -n 1)
jq '{builder: "/bin/sh", recipe: .}' "$first" >attrs.json
ok "a layer from a recipe among attributes" "$STRATAPACK" layer attrs.json --root "$scratch/root" -o from-attributes
same "is the one from the recipe" from-attributes "popularity.layers/$(basename "$first" .recipe.json)"
for recipe in popularity.recipes/*.recipe.json; do
	ok "a layer without names from $(basename "$recipe")" "$STRATAPACK" layer "$recipe" --omit-items \
		--root "$scratch/root" -o "nameless.layers/$(basename "$recipe" .recipe.json)"
done
empty "no item is named in them" "$(grep -rlF /store/ nameless.layers)"
ok "an image of layers without names" join popularity.plan nameless.layers -o oci:nameless:hello:1
same "is that of layers with names" nameless popularity.built

count=$(find per-item.recipes -name '*.recipe.json' | wc -l)
is "a recipe for each layer, the customisation's included" "$count" 5
for index in 1 5; do
	ok "layer $index straight from the plan" "$STRATAPACK" layer --plan per-item.plan $index \
		"${graph[@]}" -o "from-plan-$index"
	same "is the one from its recipe" "from-plan-$index" "$(printf 'per-item.layers/%03d' $index)"
done
fails_with 2 7 "a layer that the plan has not" "$STRATAPACK" layer --plan per-item.plan 7 "${graph[@]}" -o none
fails_with 1 layer "too few layers for the plan" "$STRATAPACK" image per-item.plan \
	--layer per-item.layers/001 -o oci:too-few
not "and nothing is written" test -e too-few

# A bound.
fails_with 1 max-layers "per-item says what to do when the bound is too low" "$STRATAPACK" plan \
	"${graph[@]}" --strategy per-item --max-layers 3 -o refused.plan
ok "popularity keeps the bound" "$STRATAPACK" plan "${graph[@]}" --strategy popularity \
	--max-layers 3 -o bound.plan
is "two layers of items and the customisation's" "$(jq '.layers | length' bound.plan)" 2

# Plans edited by hand: every layer is made from the plan itself.
from_plan() { # from_plan PLAN OUTPUT: make all its layers, join them
	local plan=$1 output=$2 index
	mkdir "$output.layers"
	for ((index = 1; index <= $(jq '.layers | length' "$plan") + 1; index++)); do
		"$STRATAPACK" layer --plan "$plan" $index "${graph[@]}" \
			-o "$output.layers/$(printf %03d $index)" || return
	done
	join "$plan" "$output.layers" -o "oci:$output:hello:1"
}
jq '.layers |= [{items: (.[0].items + .[1].items)}] + .[2:]' per-item.plan >edited.plan
ok "merge two layers by hand" from_plan edited.plan edited
is "one layer fewer" "$(diff_ids oci:edited:1 | wc -l)" 4
is "the other layers are the same" "$(diff_ids oci:edited:1 | tail -n 3)" \
	"$(diff_ids oci:per-item.built:1 | tail -n 3)"

# A layer may be compressed in a way of its own.
jq '.layers[0].compression = "zstd:9" | .customisation.compression = "none"' per-item.plan >mixed.plan
ok "choose the compression of layers by hand" from_plan mixed.plan mixed
media_types() {
	skopeo inspect --raw "oci:$1:1" | jq -r '.layers[].mediaType | sub(".*tar"; "")' | paste -sd ,
}
is "each has its own" "$(media_types mixed)" "+zstd,+gzip,+gzip,+gzip,"
is "the tar streams are the same" "$(diff_ids oci:mixed:1)" "$(diff_ids oci:per-item.built:1)"
ok "build takes it from the plan, too" "$STRATAPACK" build --plan mixed.plan "${graph[@]}" "${config[@]}" \
	-o oci:mixed.built:hello:1
same "and gives the same" mixed mixed.built
fails_with 1 zstd "a format that does not know zstd refuses it" "$STRATAPACK" build --plan mixed.plan \
	"${graph[@]}" -o docker-archive:refused.tar
jq '.layers[1].compression = "zstd:99"' per-item.plan >wrong.plan
fails_with 1 "layer 2 of the plan: compression 'zstd:99'" "a level that there is not" "$STRATAPACK" layer \
	--plan wrong.plan 1 "${graph[@]}" -o refused

refuse_plan() { # refuse_plan NAME WORDS FILTER
	jq "$3" per-item.plan >broken.plan
	fails_with 1 "$2" "refuses a plan with $1" "$STRATAPACK" layer --plan broken.plan 1 "${graph[@]}" \
		-o refused
	not "and writes nothing: $1" test -e refused
}
refuse_plan "an item that is missing" "$(jq -r '.layers[0].items[0]' per-item.plan)" 'del(.layers[0])'
refuse_plan "an item twice" "$(jq -r '.layers[1].items[0]' per-item.plan)" \
	'.layers[0].items += .layers[1].items'
refuse_plan "a foreign item" /store/foreign '.layers[0].items += ["/store/foreign"]'
refuse_plan "an empty layer" broken.plan '.layers += [{items: []}]'
refuse_plan "a wrong type" broken.plan '.layers = 7'
refuse_plan "an item that is no string" broken.plan '.layers[0].items = [1]'

# One item changes: one recipe changes, and one layer.
cp -a root changed
echo "another" >"changed$more/numbers"
jq --arg more "$more" '(.items[] | select(.id == $more)) += {size: 3400001, identity: "v2"}' \
	root/graph.json >changed/graph.json
ok "plan again after a change" "$STRATAPACK" plan --graph changed/graph.json \
	--root "$scratch/changed" "${customisation[@]}" --strategy per-item -o changed.plan \
	--recipes changed.recipes
is "one recipe differs" "$(for recipe in per-item.recipes/*; do
	cmp -s "$recipe" "changed.recipes/${recipe##*/}" || grep -o "$more" "$recipe" | head -n 1
done)" "$more"
ok "build again after a change" "$STRATAPACK" build --graph changed/graph.json \
	--root "$scratch/changed" "${customisation[@]}" "${config[@]}" --strategy per-item -o oci:changed.built:hello:1
is "one layer differs" "$(comm -13 <(diff_ids oci:per-item.built:1 | sort) \
	<(diff_ids oci:changed.built:1 | sort) | wc -l)" 1

# Layers in an order that is given, some of which hold more than the plan says.
entry() { # entry DIRECTORY: a recipe of nothing but that
	jq -n --arg path "$1" '{stratapackRecipe: 1, tarRules: 1, items: [], compression: {codec: "gzip"},
		entries: [{type: "directory", path: $path, mode: "0755", uid: 0, gid: 0}]}'
}
in_order() { # in_order OUTPUT LAYER…
	local output=$1 arguments=()
	for directory in "${@:2}"; do
		arguments+=(--layer "$directory")
	done
	"$STRATAPACK" image per-item.plan --in-order "${arguments[@]}" "${config[@]}" -o "oci:$output:hello:1"
}
for name in below between; do
	entry "/$name" >"$name.recipe"
	ok "a layer of nothing but a directory, $name" "$STRATAPACK" layer "$name.recipe" -o "$name.layer"
done
jq '. + {entries: [{type: "directory", path: "/within", mode: "0755", uid: 0, gid: 0}]}' \
	per-item.recipes/002.recipe.json >within.recipe
ok "a layer of an item and a directory" "$STRATAPACK" layer within.recipe --omit-items --root "$scratch/root" \
	-o within.layer
ok "an image of layers in order" in_order plain per-item.layers/*
same "is the one of layers in any" plain per-item.built
ok "layers besides those of the plan" in_order besides below.layer per-item.layers/001 within.layer \
	between.layer per-item.layers/00{3,4,5}
is "are where they were put" "$(diff_ids oci:besides:1)" "$(for layer in below.layer per-item.layers/001 \
	within.layer between.layer per-item.layers/00{3,4,5}; do jq -r .diffId "$layer/layer.json"; done)"
ok "the image verifies" "$STRATAPACK" verify oci:besides
fails_with 1 "'per-item.layers/002' is not layer 1 of the plan" "layers in the wrong order" \
	in_order wrong per-item.layers/00{2,1,3,4,5}
fails_with 1 "is not layer 2 of the plan" "a layer that is there twice" \
	in_order wrong per-item.layers/00{1,1,2,3,4,5}
fails_with 1 "no --layer holds layer 5" "a layer that is missing" in_order wrong per-item.layers/00{1,2,3,4}

# A layer directory that was damaged is refused.
cp -a per-item.layers damaged.layers
chmod -R u+w damaged.layers
truncate -s -1 damaged.layers/001/blob
fails_with 1 damaged.layers/001 "a blob of another size is refused" \
	join per-item.plan damaged.layers -o oci:damaged
done_testing
