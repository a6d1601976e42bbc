#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Layers by steps: every operation, as nixpkgs has it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

# graph FILE ID:SIZE:REFERENCE,REFERENCE…: items of a store.
graph() {
	jq -n '{stratapackGraph: 1, items: [$ARGS.positional[] | split(":") | {
		id: "/s/hash-\(.[0])-1.0", name: .[0], content: "store", size: (.[1] | tonumber),
		references: ((.[2] // "") | split(",") | map("/s/hash-\(.)-1.0"))}]}' --args "${@:2}" >"$1"
}
graph app.json app:2:libA,libB,cfg cfg:1 libA:50:ssl,libc libB:40:ssl,zlib,libc ssl:10:libc zlib:3:libc libc:30
# Two roots, and a cycle.
graph two.json one:1:shared,own two:2:shared own:3 shared:4:back back:5:shared
plan() { # plan GRAPH STEPS [OPTION…]
	echo "$2" >steps.json
	"$STRATAPACK" plan --graph "$1" --no-tmp --pipeline steps.json "${@:3}"
}
divides() { # divides NAME GRAPH STEPS LAYERS: items with spaces, layers with bars
	is "$1" "$(plan "$2" "$3" | jq -r '[.layers[].items | map(sub(".*hash-"; "") | sub("-1.0"; "")) |
		join(" ")] | join(" | ")')" "$4"
}

divides "no step: one layer" app.json '[]' "cfg app zlib ssl libc libB libA"
divides "popularity_contest" app.json '[["popularity_contest"]]' "libc | ssl | zlib | cfg | libA | libB | app"
divides "limit_layers" app.json '[["popularity_contest"], ["limit_layers", 3]]' "libc | ssl | zlib cfg libA libB app"
divides "limit_layers, of fewer" app.json '[["split_every", 4], ["limit_layers", 3]]' "cfg app zlib ssl | libc libB libA"
divides "limit_layers, of as many" app.json '[["split_every", 4], ["limit_layers", 2]]' "cfg app zlib ssl | libc libB libA"
divides "limit_layers, 1" app.json '[["split_every", 4], ["limit_layers", 1]]' "cfg app zlib ssl libc libB libA"
divides "split_every" app.json '[["split_every", 3]]' "cfg app zlib | ssl libc libB | libA"
divides "reverse" app.json '[["split_every", 3], ["reverse"]]' "libA | ssl libc libB | cfg app zlib"
divides "subcomponent_out" app.json '[["subcomponent_out", ["ssl"]]]' "ssl libc | cfg app zlib libB libA"
divides "subcomponent_in" app.json '[["subcomponent_in", ["ssl"]]]' "app ssl libB libA | cfg zlib libc"
divides "subcomponent_out, of all" app.json '[["subcomponent_out", "app"]]' "cfg app zlib ssl libc libB libA"
divides "subcomponent_in, of nothing" app.json '[["subcomponent_in", []]]' "cfg app zlib ssl libc libB libA"
divides "split_paths" app.json '[["split_paths", ["libA"]]]' "libA | ssl libc | cfg app zlib libB"
divides "split_paths, what nothing else needs goes with it" app.json '[["split_paths", "libB"]]' \
	"zlib libB | ssl libc | cfg app libA"
divides "split_paths, several" app.json '[["split_paths", ["libA", "libB"]]]' "zlib ssl libc libB libA | cfg app"
divides "split_paths, children_of" app.json '[["split_paths", {"children_of": "libB"}]]' \
	"zlib ssl libc | cfg app libB libA"
divides "split_paths, children_of and others" app.json '[["split_paths", ["cfg", {"children_of": ["ssl"]}]]]' \
	"cfg libc | app zlib ssl libB libA"
divides "split_paths, of the root" app.json '[["split_paths", "app"], ["over", "main", ["split_every", 6]]]' \
	"cfg app zlib ssl libc libB | libA"
divides "split_paths, of nothing" app.json '[["split_paths", "none"], ["over", "rest", ["split_every", 6]]]' \
	"cfg app zlib ssl libc libB | libA"
divides "split_paths, one of two roots" two.json '[["split_paths", "one"]]' "one own | shared back | two"
divides "split_paths, below two roots" two.json '[["split_paths", "shared"]]' "shared back | one two own"
divides "ids, and paths within items" app.json '[["subcomponent_out", ["/s/hash-ssl-1.0/bin/x", "/s/hash-zlib-1.0"]]]' \
	"zlib ssl libc | cfg app libB libA"
divides "over, and pipe" app.json \
	'[["split_paths", "libA"], ["over", "common", ["pipe", [["popularity_contest"], ["reverse"]]]]]' \
	"libA | ssl | libc | cfg app zlib libB"
divides "popularity_contest within a part" app.json \
	'[["subcomponent_in", "ssl"], ["over", "main", ["popularity_contest"]]]' "ssl | libA | libB | app | cfg zlib libc"
divides "over what is not there" app.json '[["split_paths", "cfg"], ["over", "common", ["split_every", 1]]]' \
	"cfg | app zlib ssl libc libB libA"
divides "reorder" app.json '[["split_paths", "libA"], ["reorder", ["rest", "main"]]]' \
	"cfg app zlib libB | libA | ssl libc"
divides "map" app.json '[["split_every", 4], ["map", ["split_every", 3]]]' "cfg app zlib | ssl | libc libB libA"
divides "flatten, then a limit" app.json '[["split_paths", "libA"], ["over", "rest", ["split_every", 1]], ["flatten"],
	["limit_layers", 4]]' "libA | ssl libc | cfg | app zlib libB"
divides "remove_paths, of what is not there" app.json '[["remove_paths", "none"], ["split_every", 9]]' \
	"cfg app zlib ssl libc libB libA"

fails_with 1 "leaves item '/s/hash-cfg-1.0' in no layer" "nothing gets lost" plan app.json '[["remove_paths", "cfg"]]'
fails_with 1 "makes 7 layers, but the bound has room for 6" "the bound counts" \
	plan app.json '[["popularity_contest"]]' --max-layers 6
fails_with 1 "step 2: \"over\": \"main\": \"reverse\": it takes a list, but what comes is one part" "what comes is wrong" \
	plan app.json '[["split_paths", "cfg"], ["over", "main", ["reverse"]]]'
fails_with 1 "parts are called" "a misspelt part" plan app.json '[["split_paths", "cfg"], ["over", "man", ["flatten"]]]'
fails_with 1 "the operations are flatten," "a misspelt operation" plan app.json '[["spilt_paths", "cfg"]]'
fails_with 1 "it takes 1 arguments, not 2" "too much" plan app.json '[["split_paths", "cfg", "app"]]'
fails_with 1 "a number from 1 on" "no layers" plan app.json '[["split_every", 0]]'
fails_with 1 "paths are" "no paths" plan app.json '[["split_paths", {"parents_of": "x"}]]'
fails_with 1 "a step is an array" "no step" plan app.json '["flatten"]'
fails_with 1 "it takes an array of steps" "no steps" plan app.json '[["pipe", 3]]'
fails_with 1 "must be an array of steps" "no pipeline" plan app.json '{"steps": []}'
fails_with 2 "exclude each other" "no strategy beside it" plan app.json '[]' --strategy two
fails_with 2 "exclude each other" "no catalogue beside it" plan app.json '[]' --catalogue steps.json

# An image, and what is above a plan.
make_store root
mapfile -t options < <(store_options root)
echo '[["split_paths", {"children_of": "hello"}], ["over", "main", ["popularity_contest"]]]' >steps.json
ok "build" "$STRATAPACK" build "${options[@]}" --pipeline steps.json -o oci:layout:x
ok "the image is sound" "$STRATAPACK" verify oci:layout
"$STRATAPACK" plan "${options[@]:0:4}" --strategy two -o two.plan
ok "above another plan" "$STRATAPACK" plan "${options[@]:0:4}" --below <(jq '.layers |= .[:1]' two.plan) \
	--pipeline steps.json -o above.plan
is "are the layers of the pipeline" "$(jq -c '.layers[0]' above.plan)" "$(jq -c '.layers[0]' two.plan)"
done_testing
