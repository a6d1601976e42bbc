#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Series of states and updates, simulated from the command line.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

# package NAME VERSION SIZE [FIELD]…
package() {
	printf 'Package: %s\nArchitecture: amd64\nVersion: %s\nSize: %s\n' "$1" "$2" "$3"
	shift 3
	printf '%s\n' "$@" ''
}
{
	package shell 1 1000000 'Essential: yes'
	package lib 1 2000000
	package app 1 4000000 'Depends: lib'
	package other 1 8000000 'Depends: lib'
} >old.packages
package lib 2 3000000 >security.packages
package lib 3 5000000 'Depends: new' >new.packages
package new 1 7000000 >>new.packages
cat >fleet.json <<'END'
{"stratapackFleet": 1, "images": [
	{"name": "app", "roots": ["app"], "weight": 2}, {"name": "other", "roots": ["other"]}]}
END
simulate=("$STRATAPACK" simulate --fleet fleet.json --essential)

# result FILTER ARGUMENT…: what jq's FILTER finds.
result() {
	local filter=$1
	shift
	"${simulate[@]}" --json "$@" >result.json && jq -rc "$filter" result.json
}

# Two states: lib is new. The images are 7 and 11 MB before, 8 and 12 MB after.
states=("packages-index:old.packages" "packages-index:old.packages,security.packages")
is "the ideal" "$(result '.ideal | [.registryBytes, .firstRevisionBytes, .pulls[0].bytes]' "${states[@]}")" \
	"[18000000,15000000,3000000]"
is "a single layer" "$(result '.results[0] | [.registry.bytes, .firstRevision.bytes, .pulls[0].digest.bytes,
	.pulls[0].digest.multiple, .pulls[0].requests, .layers]' --strategy single "${states[@]}")" \
	"[38000000,18000000,9333333,3.111,1,1]"
is "by size, of three layers: lib is second, and the shell above it" \
	"$(result '.results[0] | [.registry.bytes, .pulls[0].digest.bytes, .pulls[0].prefix.bytes, .layers]' \
		--strategy size --max-layers 3 "${states[@]}")" "[18000000,3000000,4000000,3]"
is "a new item, and machines two revisions behind" \
	"$(result '.results[0] | [.pulls[] | .behind, .digest.bytes]' --behind 1,2 --strategy size \
		--max-layers 4 "${states[@]}" packages-index:old.packages,security.packages,new.packages)" \
	"[1,7500000,2,12000000]"
is "sticky plans keep what the new item does not touch" \
	"$(result '[.results[].pulls[0].digest.bytes]' --strategy sticky:single --strategy sticky:size \
		--strategy sticky:fleet --max-layers 3 "${states[@]}")" "[9333333,3000000,3000000]"
is "with propagation, app and other are new too" \
	"$(result '.ideal.registryBytes' --propagate "${states[@]}")" "30000000"

# Updates: the same seed is the same series, and the order of states' records has no say.
cat >updates.json <<'END'
{"stratapackUpdates": 1, "revisions": 9, "batches": [3, 6], "causes": [
	{"cause": "lib", "count": 2}, {"cause": "app", "count": 1, "batched": true}, {"cause": "shell", "every": 4}]}
END
series=(--updates updates.json --seed "1,2,3" --max-layers "2,3" packages-index:old.packages)
tac old.packages | awk 'BEGIN { RS = "" } { n = split($0, lines, "\n")
	for (i = n; i > 0; i--) print lines[i]; print "" }' >reversed.packages
without_time='del(.results[].planMicroseconds)'
must "every strategy takes part" result "$without_time" "${series[@]}"
jq "$without_time" result.json >first.json
is "as many results as strategies and bounds" "$(jq '.results | length' first.json)" \
	"$(("$("$STRATAPACK" strategies --json | jq length)" * 2))"
ok "again" result "$without_time" "${series[@]/old.packages/reversed.packages}"
jq "$without_time" result.json >second.json
same "the same results" first.json second.json
is "no strategy stores less than the ideal" "$(jq '[.results[].registry.least] | min >= 1' first.json)" true
is "three runs" "$(jq '.runs, .revisions' first.json | paste -sd ' ')" "3 10"

# For people: a table and a picture.
"${simulate[@]}" "${series[@]}" --plot plot.svg >table
is "a line for each result, under two of heading" "$(wc -l <table)" \
	"$(($(jq '.results | length' first.json) + 2))"
ok "the picture is well-formed, and names everybody" /usr/bin/python3 - first.json plot.svg <<'END'
import json, sys
import xml.etree.ElementTree as tree
names = {result["strategy"] for result in json.load(open(sys.argv[1]))["results"]}
svg = tree.parse(sys.argv[2]).getroot()
texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
assert svg.tag == "{http://www.w3.org/2000/svg}svg"
assert all(texts.count(name) == 3 for name in names), (names, texts)
width, height = (int(svg.get(side)) for side in ("width", "height"))
for circle in svg.iter("{http://www.w3.org/2000/svg}circle"):
    assert 0 < int(circle.get("cx")) < width and 0 < int(circle.get("cy")) < height
END
is "the picture is the same again" "$("${simulate[@]}" "${series[@]}" --plot - --json | sed '/^{/,$d' | sha256sum)" \
	"$(sha256sum <plot.svg)"

# Wrong use, and wrong input.
fails_with 2 "two states" "one state without updates" "${simulate[@]}" packages-index:old.packages
fails_with 2 "kind of state" "a state of no kind" "${simulate[@]}" old.packages "${states[@]}"
fails_with 2 "does not weigh" "a weight for a strategy without" "${simulate[@]}" --strategy merge:2 "${states[@]}"
fails_with 2 "no number from 0 to 1000" "a storage weight that is none" "${simulate[@]}" --strategy churn:x "${states[@]}"
fails_with 2 "no strategy" "a weight for a strategy that does not exist" "${simulate[@]}" --strategy fastest:2 "${states[@]}"
fails_with 2 "no strategy" "a strategy that does not exist" "${simulate[@]}" --strategy fastest "${states[@]}"
fails_with 2 "from 1 to" "a bound that is no number" "${simulate[@]}" --max-layers 0 "${states[@]}"
fails_with 2 "about updates" "a seed without updates" "${simulate[@]}" --seed 1 "${states[@]}"
fails_with 1 "needs 3 layers" "a bound that is too low" "${simulate[@]}" --strategy per-item --max-layers 2 "${states[@]}"
fails_with 1 "security.packages" "an image that a state does not have" "${simulate[@]}" packages-index:old.packages \
	packages-index:security.packages
echo '{"stratapackUpdates": 1, "revisions": 2, "causes": [{"cause": "lib", "count": 3}]}' >wrong.json
fails_with 1 "wrong.json" "updates that cannot be" "${simulate[@]}" --updates wrong.json packages-index:old.packages
done_testing
