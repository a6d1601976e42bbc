# Sourced by the tests of stores: what a garbage collector takes while an image is built.
# shellcheck shell=bash

# collect_meanwhile COLLECT COMMAND…: start COMMAND, which writes an archive to its standard output; when it
# begins to, run COLLECT, and then let it end. The archive goes to meanwhile.tar; which of the store items in
# the file `items` were still there after the collection, to meanwhile.items.
collect_meanwhile() {
	local collect=$1 status=0 builder reader
	shift
	rm -f output && mkfifo output || return 1
	"$@" >output 2>meanwhile.log &
	builder=$!
	exec {reader}<output
	head -c 1 <&"$reader" >meanwhile.tar || status=1
	"$collect" >collector.log 2>&1 || status=1
	items_there >meanwhile.items
	cat <&"$reader" >>meanwhile.tar
	exec {reader}<&-
	wait "$builder" || status=1
	[ $status -eq 0 ] || cat meanwhile.log collector.log
	return $status
}

# items_there: those of the file `items` that are there, below the directory $store_root.
items_there() {
	local item
	while read -r item; do
		[ ! -e "${store_root-}$item" ] || echo "$item"
	done <items
}
