#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Includes go down only: from a room to itself or to one that is named before it here.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

rooms=(
	util oci tar
	graph graph/formats graph/store graph/dpkg
	customisation model
	plan plan/strategies plan/strategies/pipeline plan/strategies/others plan/churn
	fleet fleet/file fleet/catalogue fleet/search
	layer/encode layer/record layer/recipe layer/tree layer/cache layer/build
	image/read image/provenance image/inspect image/base image/write image/verify
	registry/http registry/auth registry/client registry registry/pull registry/push build

	cli/text cli/options cli cli/completion cli/commands
	lab
)

# arrows ROOM…: print each include of the sources that goes up, or that nobody knows the room of.
arrows() {
	git grep -HE '^#include "' -- 'src/*.[ch]' 'lab/*.[ch]' | sed 's/^src\///' |
		awk -v rooms="$*" '
			function room(path) { sub(/\/[^\/]*$/, "", path); return path }
			BEGIN { count = split(rooms, list, " "); for (i = 1; i <= count; i++) place[list[i]] = i }
			{
				file = $0; sub(/:.*/, "", file)
				included = $0; sub(/^[^"]*"/, "", included); sub(/".*/, "", included)
				from = room(file); to = room(included)
				if (!(from in place)) print file ": its room is not in the list of tests/checks/arrows.sh"
				else if (!(to in place) || place[to] > place[from]) print file " includes " included
			}'
}

no_arrow_goes_up() {
	local found
	found=$(arrows "${rooms[@]}")
	[ -z "$found" ] || { echo "$found" && return 1; }
}
ok "no include goes up" no_arrow_goes_up

# The check itself: with the order turned round, there are arrows to find.
reversed=()
for room in "${rooms[@]}"; do
	reversed=("$room" "${reversed[@]}")
done
ok "the check finds what goes up" test -n "$(arrows "${reversed[@]}")"
done_testing
