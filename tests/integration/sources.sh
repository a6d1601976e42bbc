#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ways in which a store is named: its database, found or given, at work or at rest, under another
# root, readable only; graphs from a pipe. And owners and times of what is in it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

# make_database FILE: what Guix and Nix would know of the store that make_store made.
make_database() {
	mkdir -p "$(dirname "$1")"
	jq -r '
		"pragma journal_mode = wal; pragma wal_autocheckpoint = 0;
		create table ValidPaths (id integer primary key autoincrement not null, path text unique
			not null, hash text not null, registrationTime integer not null, deriver text,
			narSize integer);
		create table Refs (referrer integer not null, reference integer not null,
			primary key (referrer, reference));",
		(.items[] | "insert into ValidPaths values (null, \u0027\(.id)\u0027, \u0027sha256:\(
			"0" * 64)\u0027, 1, null, null);"),
		(.items[] | .id as $from | .references[] | "insert into Refs select a.id, b.id from ValidPaths a,
			ValidPaths b where a.path = \u0027\($from)\u0027 and b.path = \u0027\(.)\u0027;")' \
		"$2" | sqlite3 "$1" >/dev/null
}

make_store "$scratch/root"
# store_at PREFIX: the same store elsewhere, under a root of its own.
store_at() {
	local root=$scratch/root-$1 prefix=$2
	mkdir -p "$root$(dirname "$prefix")"
	cp -a root/store "$root$prefix"
	jq --arg prefix "$prefix/" '(.items[].id, .items[].references[], .items[].trees[], .roots[]) |=
		sub("^/store/"; $prefix)' root/graph.json >"$root/graph.json"
}
same_files() { # same_files NAME LAYOUT PREFIX: the image holds the store's files at PREFIX
	rm -rf unpacked && umoci unpack --rootless --image "$2:x" unpacked >/dev/null 2>&1
	ok "$1" diff -r --no-dereference root/store "unpacked/rootfs$3"
}

store_at guix /gnu/store
make_database root-guix/var/guix/db/db.sqlite root-guix/graph.json
store_at nix /nix/store
make_database root-nix/nix/var/nix/db/db.sqlite root-nix/graph.json
for kind in guix nix; do
	prefix=/gnu/store
	[ $kind = guix ] || prefix=/nix/store
	item=$prefix/${hello##*/}
	ok "a store path is looked up in the database under the root, $kind" "$STRATAPACK" build --root root-$kind \
		"$item" -o oci:$kind:x
	same_files "its files have their paths less the root, $kind" $kind $prefix
	ok "the same from a graph, $kind" "$STRATAPACK" build --graph root-$kind/graph.json --root root-$kind \
		-o oci:$kind-graph:x
	is "gives the same layers, $kind" "$(diff_ids oci:$kind:x)" "$(diff_ids oci:$kind-graph:x)"
done
fails_with 2 "in no store" "a store path without a database" "$STRATAPACK" build --root root \
	"/gnu/store/${hello##*/}" -o oci:refused
fails_with 1 "/gnu/store/absent" "a path that is not valid" "$STRATAPACK" build --root root-guix \
	/gnu/store/absent -o oci:refused

# A user without rights, a directory that nobody may write to, and a writer at work.
chmod 755 "$scratch" "$scratch/root-guix"
database="root-guix/var/guix/db"
unprivileged() {
	setpriv --reuid 65534 --regid 65534 --clear-groups env TMPDIR="$scratch/theirs" HOME="$scratch/theirs" \
		STRATAPACK_CACHE= "$STRATAPACK" "$@"
}
mkdir -m 777 theirs
cp "$STRATAPACK" theirs/stratapack
STRATAPACK=$scratch/theirs/stratapack
chmod 555 $database
ok "without rights, at rest" unprivileged build --root root-guix "/gnu/store/${hello##*/}" \
	-o oci:theirs/rest:x
same "gives the same" theirs/rest guix
mkfifo statements
sqlite3 $database/db.sqlite <statements >answers 2>&1 &
exec 7>statements
printf '%s\n' "pragma wal_autocheckpoint = 0;" "insert into ValidPaths values (null, '/gnu/store/later',
	'sha256:0', 1, null, null);" "begin immediate; delete from Refs; update ValidPaths set narSize = 7;" \
	"select 'at work';" >&7
until grep -q 'at work' answers; do sleep 0.05; done
ok "there is a log" [ -s $database/db.sqlite-wal ]
ok "without rights, with a writer at work" unprivileged build --root root-guix "/gnu/store/${hello##*/}" \
	-o oci:theirs/work:x
same "gives the same, what is not committed is not seen" theirs/work guix
fails_with 1 later "what was committed to the log is seen" unprivileged build --root root-guix \
	/gnu/store/later -o oci:theirs/refused
exec 7>&-
wait
chmod 755 $database
empty "nothing is left in the user's scratch directory" "$(find theirs -mindepth 1 -maxdepth 1 \
	! -name rest ! -name work ! -name stratapack)"

# Graphs from a pipe.
jq '[.items[] | {path: .id, references, narSize: .size}]' root/graph.json >root/nix.json
jq -r '.items | sort_by(.id)[] | .id, "", (.references | length), .references[]' root/graph.json >root/references
ok "one layer for each item" "$STRATAPACK" build --graph root/graph.json --root root --strategy per-item \
	-o oci:single:x
for source in --graph=graph.json --nix-json=nix.json --references-graph=references; do
	rm -rf piped
	# shellcheck disable=SC2016
	ok "${source%%=*} from a pipe" sh -c '"$0" build "$1" - --root root --strategy per-item -o oci:piped:x <"$2"' \
		"$STRATAPACK" "${source%%=*}" "root/${source#*=}"
	is "gives the same layers, ${source%%=*}" "$(diff_ids oci:piped:x | sort)" \
		"$(diff_ids oci:single:x | sort)"
done

# metadata OPTION…: owner, group and time of all entries, each kind once.
metadata() {
	rm -rf listed
	"$STRATAPACK" build --graph root/graph.json --root root "$@" --strategy single --no-tmp -o dir:listed || return
	layer_tars listed listed.layers
	tar --numeric-owner --full-time -tvf listed.layers/000.tar | awk '{ print $2, $4, $5 }' | sort -u
	rm -rf listed.layers
}
find root/store -exec touch -h -d 2001-02-03T04:05:06Z {} +
chown -R 3:4 root/store
is "without options" "$(metadata)" "0/0 1970-01-01 00:00:01"
is "--owner" "$(metadata --owner 1000:4000000000)" "1000/4000000000 1970-01-01 00:00:01"
is "--mtime with a number" "$(metadata --mtime 86400)" "0/0 1970-01-02 00:00:00"
is "--mtime with a date" "$(metadata --mtime 2024-02-29T00:00:00Z)" "0/0 2024-02-29 00:00:00"
is "SOURCE_DATE_EPOCH" "$(SOURCE_DATE_EPOCH=172800 metadata)" "0/0 1970-01-03 00:00:00"
is "--mtime is stronger than SOURCE_DATE_EPOCH" "$(SOURCE_DATE_EPOCH=172800 metadata --mtime 86400)" \
	"0/0 1970-01-02 00:00:00"
is "--mtime keep" "$(metadata --mtime keep --owner 5:6 | grep -c '^5/6 2001-02-03 04:05:06$')" 1
done_testing
