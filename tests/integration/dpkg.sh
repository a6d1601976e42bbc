#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images from a package database: a Debian root made by hand, with what is difficult in real ones.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

root=$scratch/debian
info=$root/var/lib/dpkg/info
mkdir -p "$info" "$root"/{etc,tmp,usr/{bin,sbin,lib,share}} "$root/var/lib/dpkg/updates"
chmod 755 "$root" "$root"/{etc,usr,var}
chmod 1777 "$root/tmp"
ln -s usr/bin "$root/bin"
ln -s usr/sbin "$root/sbin"
ln -s usr/lib "$root/lib"
: >"$root/var/lib/dpkg/status"

# package NAME CONTROL-LINES PATH…: an entry of the database that owns the paths.
package() {
	local name=$1 fields=$2 path
	shift 2
	printf 'Package: %s\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: nobody\nDescription: a test\n%s\n\n' \
		"$name" "$fields" >>"$root/var/lib/dpkg/status"
	for path in /. "$@"; do
		echo "$path"
	done >"$info/$name.list"
}
put() { # put PATH CONTENT [MODE]
	mkdir -p "$root$(dirname "$1")"
	printf '%s\n' "$2" >"$root$1"
	chmod "${3-644}" "$root$1"
}

put /usr/bin/tool "tool" 755
put /etc/tool.conf "edited by the administrator" 600
chown 33:44 "$root/etc/tool.conf"
package tool 'Version: 1.0
Depends: libthing (>= 1), missing | alternative, virtual-service
Pre-Depends: base-package
Conffiles:
 /etc/tool.conf 0123456789abcdef0123456789abcdef' /usr /usr/bin /usr/bin/tool /etc /etc/tool.conf

# Merged /usr: the package says /lib, the file is in /usr/lib.
put /usr/lib/libthing.so.1.2 "library"
ln -s libthing.so.1.2 "$root/usr/lib/libthing.so.1"
package libthing 'Source: thing-source (1.2-3)
Version: 1.2-3+b1
Depends: tool' /lib /lib/libthing.so.1.2 /lib/libthing.so.1

# Capabilities, hard links, set-user-id, odd names.
put /usr/bin/ping "ping" 755
setcap cap_net_raw+ep "$root/usr/bin/ping"
put /usr/bin/elevated "elevated" 4755
put /usr/share/twin-a "twin"
ln "$root/usr/share/twin-a" "$root/usr/share/twin-b"
put "/usr/share/with space" "space"
put /usr/share/$'caf\xc3\xa9' "coffee"
touch -h -d 2000-01-02T03:04:05Z "$root/usr/share/twin-a"
package alternative 'Version: 3
Provides: virtual-service (= 3)' /usr /usr/bin /usr/bin/ping /usr/bin/elevated /usr/share \
	/usr/share/twin-a /usr/share/twin-b "/usr/share/with space" /usr/share/$'caf\xc3\xa9'

# A diversion: base-package's file moved away for the benefit of alternative's neighbour.
put /usr/bin/program.real "diverted" 755
put /usr/bin/program "diverting" 755
package base-package 'Version: 4
Essential: yes' /usr /usr/bin /usr/bin/program
package diverter 'Version: 5
Depends: base-package' /usr /usr/bin /usr/bin/program
printf '/usr/bin/program\n/usr/bin/program.real\ndiverter\n' >"$root/var/lib/dpkg/diversions"

# Installed once, removed since: no item.
printf 'Package: removed\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n' \
	>>"$root/var/lib/dpkg/status"
put /usr/bin/unneeded "unneeded" 755
package unneeded 'Version: 6' /usr /usr/bin /usr/bin/unneeded
put /usr/share/nobodys "no package owns it"

build() { # build OUTPUT ARGUMENT…
	local output=$1
	shift
	"$STRATAPACK" build --dpkg --root "$root" --strategy per-item -o "dir:$output" "$@" &&
		layer_tars "$output" "$output.layers"
}
listing() { # listing OUTPUT: mode, owner, size, time, name of all entries, once each
	local layer
	for layer in "$1.layers"/*.tar; do
		tar --numeric-owner --full-time --quoting-style=literal -tvf "$layer"
	done | LC_ALL=C sort -u
}
names() {
	local layer
	for layer in "$1.layers"/*.tar; do
		tar --quoting-style=literal -tf "$layer"
	done | LC_ALL=C sort -u
}

must "build tool and its closure" build image tool --package-database none
is "the files of the closure, and no others" "$(names image | grep -v '/$')" "$(LC_ALL=C sort <<-END
	etc/tool.conf
	lib
	usr/bin/elevated
	usr/bin/ping
	usr/bin/program
	usr/bin/tool
	usr/lib/libthing.so.1
	usr/lib/libthing.so.1.2
	usr/share/$(printf 'caf\xc3\xa9')
	usr/share/twin-a
	usr/share/twin-b
	usr/share/with space
END
)"
listing image >image.listing
has() { # has NAME PATTERN
	ok "$1" grep -E -- "$2" image.listing
}
has "conffile: owner and mode as they are" '^-rw------- 33/44 .* etc/tool.conf$'
has "set-user-id" '^-rwsr-xr-x 0/0 .* usr/bin/elevated$'
has "time as it is" '2000-01-02 03:04:05 usr/share/twin-a$'
has "hard link inside a package" '^h.* usr/share/twin-b link to usr/share/twin-a$'
has "links keep their targets" 'usr/lib/libthing.so.1 -> libthing.so.1.2$'
has "merged /usr is a link" '^l.* lib -> usr/lib$'
ok "the capability is in the tar" sh -c "grep -alq SCHILY.xattr.security.capability image.layers/*"
mkdir unpacked
for layer in image.layers/*.tar; do
	tar --xattrs --xattrs-include='*' -xpf "$layer" -C unpacked
done
is "the capability comes out right" "$(getcap unpacked/usr/bin/ping)" \
	"unpacked/usr/bin/ping cap_net_raw=ep"
is "without the package that diverted it, the file has its own name" "$(cat unpacked/usr/bin/program)" \
	diverted

# plan_items ARGUMENT…
plan_items() {
	"$STRATAPACK" plan --dpkg --root "$root" --strategy per-item -o - "$@" |
		jq -r '.layers[].items[]' | sed 's/:.*//' | sort | paste -sd ' '
}
is "the closure: alternatives, virtual packages, cycles" "$(plan_items tool)" \
	"alternative base-package libthing tool"
is "a package with a diversion" "$(plan_items diverter)" "base-package diverter"
is "--essential" "$(plan_items alternative --essential)" "alternative base-package"
ok "build with the diversion" build diverted diverter
is "both files of the diversion" "$(names diverted | grep program)" "usr/bin/program
usr/bin/program.real"
ok "build the whole root" build whole --all
for path in usr/share/nobodys usr/bin/unneeded var/lib/dpkg/status; do
	ok "--all has $path" grep -qxF "$path" <(names whole)
done
fails_with 1 no-such-package "a package that does not exist" "$STRATAPACK" build --dpkg \
	--root "$root" no-such-package -o oci:refused
fails_with 1 removed "a package that was removed" "$STRATAPACK" build --dpkg --root "$root" removed \
	-o oci:refused

# Slimmed systems lack files that the database lists.
rm "$root/usr/share/with space"
ok "build without one file" build slimmed tool
empty "the file is left out" "$(names slimmed | grep space)"

# An index of an archive: what is not installed can be planned, but not built.
printf '%s\n' 'Package: shell' 'Essential: yes' 'Architecture: amd64' 'Version: 1' 'Size: 30' '' \
	'Package: app' 'Architecture: amd64' 'Version: 1' 'Depends: lib' 'Size: 10' '' \
	'Package: lib' 'Architecture: amd64' 'Version: 1' 'Size: 20' '' >main.packages
printf '%s\n' 'Package: lib' 'Architecture: amd64' 'Version: 1+deb13u1' 'Size: 25' '' >updates.packages
index=(--packages-index main.packages --packages-index updates.packages)
is "plan packages of an index" "$("$STRATAPACK" plan "${index[@]}" --essential app \
	--strategy size | jq -c '[.layers[].items[]]')" '["shell:amd64","lib:amd64","app:amd64"]'
fails_with 1 "index alone" "build packages of an index" "$STRATAPACK" build "${index[@]}" app \
	-o oci:refused
ok "nothing was written" [ ! -e refused ]
fails_with 1 gone "a package that no index has" "$STRATAPACK" plan "${index[@]}" gone
fails_with 2 needs "an index without packages" "$STRATAPACK" plan "${index[@]}"
done_testing
