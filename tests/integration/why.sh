#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why an item is in an image: the shortest paths to it, and what would leave with it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

# two roots; a long way and a short one; a cycle that only one item needs; one that two need
cat >graph.json <<'END'
{"stratapackGraph": 1, "roots": ["app:amd64", "tool:amd64"], "items": [
	{"id": "app:amd64", "name": "app", "size": 1, "content": "files", "references": ["long:amd64", "library:amd64"]},
	{"id": "long:amd64", "name": "long", "size": 2, "content": "files", "references": ["perl:amd64"]},
	{"id": "tool:amd64", "name": "tool", "size": 4, "content": "files", "references": ["middle:amd64"]},
	{"id": "middle:amd64", "name": "middle", "size": 8, "content": "files", "references": ["long:amd64", "perl:amd64"]},
	{"id": "perl:amd64", "name": "perl", "size": 16, "content": "files", "references": ["left:amd64", "library:amd64"]},
	{"id": "left:amd64", "name": "left", "size": 32, "content": "files", "references": ["right:amd64"]},
	{"id": "right:amd64", "name": "right", "size": 64, "content": "files", "references": ["left:amd64", "perl:amd64"]},
	{"id": "library:amd64", "name": "library", "size": 128, "content": "files"},
	{"id": "twin:amd64", "name": "twin", "size": 256, "content": "files"},
	{"id": "twin:i386", "name": "twin", "size": 256, "content": "files"}]}
END
why() { # why ASKED: as one line of JSON
	"$STRATAPACK" why --graph graph.json --json "$1" | jq -c .
}
is "paths from both roots, what leaves, and sizes" "$(why perl:amd64)" '{"item":"perl:amd64","size":16,"sizeWithLeaving":112,'\
'"paths":[["app:amd64","long:amd64","perl:amd64"],["tool:amd64","middle:amd64","perl:amd64"]],"leaving":["left:amd64","right:amd64"]}'
is "a name is enough" "$(why perl)" "$(why perl:amd64)"
is "the shorter path is taken" "$(why library | jq -c '.paths[0], .leaving')" '["app:amd64","library:amd64"]
[]'
is "within a cycle, what leads back stays" "$(why right | jq -c '[.paths[0][-2:], .leaving, .sizeWithLeaving]')" \
	'[["left:amd64","right:amd64"],[],64]'
is "a root is there because it was asked for" "$(why app | jq -c '[.paths, .leaving]')" '[[["app:amd64"]],[]]'
is "as text" "$("$STRATAPACK" why --graph graph.json perl)" "app:amd64
  -> long:amd64
    -> perl:amd64
tool:amd64
  -> middle:amd64
    -> perl:amd64

Its size is 16 B; with what only it needs, 112 B:
  left:amd64  32 B
  right:amd64  64 B"
jq '.items |= reverse | .items[].references |= (. // [] | reverse)' graph.json >reversed.json
is "the order in the graph does not count" "$("$STRATAPACK" why --graph reversed.json --json perl | jq -c .)" "$(why perl)"
ok "plan" "$STRATAPACK" plan --graph graph.json -o plan.json
is "of a plan" "$("$STRATAPACK" why --plan plan.json --graph graph.json --json perl | jq -c .)" "$(why perl)"
fails_with 1 "there is no item 'gone'" "an item that nothing needs" "$STRATAPACK" why --graph graph.json gone
fails_with 2 "no item is asked about" "nothing asked" "$STRATAPACK" why --graph graph.json
jq '.roots += ["twin:amd64", "twin:i386"]' graph.json >twins.json
fails_with 1 "'twin:amd64' or 'twin:i386'" "a name of two items" "$STRATAPACK" why --graph twins.json twin

done_testing
