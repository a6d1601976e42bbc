#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tree is read while others are at it: links to its files that come and go do not stop a build, and
# directories that are exchanged for links never lead out of the tree.
#
# RACES=10000 runs that many of the second kind.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

# A store whose files are linked to elsewhere and unlinked all the time, as its daemon's search for
# equal files does it.
item=/gnu/store/0123456789abcdfghijklmnpqrsvwxyz-a-1
mkdir -p "root$item" links
for number in $(seq 60); do
	head -c $((number * 7000)) /dev/urandom >"root$item/$number"
done
printf '%s\n\n0\n' "$item" >closure
build() { # build OUTPUT
	"$STRATAPACK" build --references-graph closure --root root --no-cache -q -o "oci:$1:x:1"
}
ok "a quiet store" build quiet
(
	trap 'exit 0' TERM
	while [ ! -e stop ]; do
		cp -lrf "root$item/." links
		rm -rf links/*
	done
) 2>/dev/null &
busy=$!
for round in 1 2 3; do
	ok "a busy store, build $round" build "busy$round"
	same "gives the same image as a quiet one, build $round" quiet "busy$round"
done
: >stop
wait "$busy"

# The directory `d` of a tree is exchanged, as often as can be, for a link to what must not be read.
mkdir -p "race$item/d/e" race/srv/d/e outside/e
for place in "race$item" race/srv; do
	for number in $(seq 20); do
		echo inside >"$place/d/$number"
		echo inside >"$place/d/e/$number"
		echo OUTSIDE >"outside/$number"
		echo OUTSIDE >"outside/e/$number"
	done
	ln -s "$PWD/outside" "$place/link"
done
printf '{"stratapackGraph":1,"items":[{"id":"x","trees":["/srv"]}]}' >files.json
printf '{"stratapackGraph":1,"items":[]}' >empty.json
cat >exchange.py <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None)
while os.getppid() == int(sys.argv[1]):
    for place in sys.argv[2:]:
        libc.renameat2(-100, (place + "/d").encode(), -100, (place + "/link").encode(), 2)
END
python3 exchange.py $$ "race$item" race/srv &
exchanger=$!
at_exit kill "$exchanger"
races=${RACES:-90} led_out=0 done=0
came_through=(0 0 0)
for race in $(seq "$races"); do
	case $((race % 3)) in
	0) source=(--references-graph closure --root race) ;;
	1) source=(--graph files.json --root race) ;;
	2) source=(--graph empty.json --copy race/srv=/srv) ;;
	esac
	if "$STRATAPACK" build "${source[@]}" --no-cache -q --compression none \
		-o docker-archive:raced.tar 2>>log; then
		done=$((done + 1))
		came_through[race % 3]=1
		! grep -aq OUTSIDE raced.tar || led_out=$((led_out + 1))
		rm raced.tar
	fi
done
echo "# $races races: $done images, $((races - done)) builds stopped"
is "no race led out of the tree" "$led_out" 0
is "some builds of each kind came through" "${came_through[*]}" "1 1 1"
kill "$exchanger"
not "no build crashed" grep -qE 'Sanitizer|Segmentation|Aborted' log

done_testing
