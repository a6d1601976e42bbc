#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every file in docs/guix.md, as it stands there. Small packages stand for those of Guix: see world.scm.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
must "a daemon" start_daemon --max-jobs=2

# Each block of Scheme in the manual begins with ";; NAME.scm"; it becomes manual/NAME.scm.
manual=$state/exchange/manual
mkdir "$manual"
awk -v directory="$manual/" '
	/^```scheme$/ { inside = 1; next }
	/^```$/ { if (inside) close(name); inside = 0; name = ""; next }
	inside && name == "" {
		if ($0 !~ /^;; [a-z]+\.scm$/) { print "no name: " $0 >"/dev/stderr"; exit 1 }
		name = directory $2
	}
	inside { print >name }
' "$STRATAPACK_SOURCE/docs/guix.md"
is "every example of the manual is tested here" "$(cd "$manual" && echo *.scm)" \
	\
	"base.scm channels.scm image.scm index.scm introduction.scm layers.scm machines.scm near.scm root.scm service.scm surgery.scm system.scm"

in_manual() { # in_manual COMMAND…
	# shellcheck disable=SC2016
	inside sh -c 'cd /exchange/manual && exec "$@"' - "$@"
}

# makes FILE: `guix build -f FILE`; the name of the output, as seen from outside, goes to $made.
makes() {
	made=
	printf '(use-modules (stratapack image) (guix gexp))
		(%%stratapack-program (local-file "/exchange/stratapack" #:recursive? #t))
		(primitive-load "%s")\n' "$1" >"$manual/build"
	made=$(timeout 300 "$here/in-guix-root" "$state" sh -c 'cd /exchange/manual && exec "$@"' - \
		guile --no-auto-compile /source/tests/stores/guix/guix.scm build -v1 -f build 2>made.log) || {
		cat made.log
		return 1
	}
	made=$state$made
}

ok "image.scm" makes image.scm
ok "podman takes it" podman_load_layout "$made" example.org/team/guile:3.0
is "and runs it" "$(podman_run example.org/team/guile:3.0 2>&1)" $'-c\n(display "hello\\n")'
image=$made
plain=$(diff_ids "oci:$image")
ok "surgery.scm" makes surgery.scm
skopeo_copy "oci:$made" "dir:$scratch/surgery" && layer_tars surgery surgery.tars
items_of() {
	tar -tf "$1" | sed -n 's,^gnu/store/[a-z0-9]*-\([^/]*\)/.*,\1,p' | sort -u
}
is "has a layer for one item, below that of links and directories" \
	"$(items_of "$(printf '%s\n' surgery.tars/* | tail -n 2 | head -n 1)")" guile-json-4.7.3
ok "near.scm" makes near.scm
skopeo_copy "oci:$made" "dir:$scratch/near" && layer_tars near near.tars
is "has all of its closure near, in one layer" "$(items_of near.tars/000.tar)" \
	$'guile-3.0.9\nguile-json-4.7.3\nprofile\nshell-5.3'
ok "layers.scm" makes layers.scm
skopeo_copy "docker-archive:$made" "dir:$scratch/layers"
layer_tars layers layers.tars
is "has the layers by hand at the bottom" "$(items_of layers.tars/000.tar; items_of layers.tars/001.tar)" \
	$'library-3.0\nnumbers-1.0\nshell-5.3'
ok "root.scm" makes root.scm
skopeo_copy "oci:$made" "dir:$scratch/root" && layer_tars root root.tars
tar -tvf "$(printf '%s\n' root.tars/* | tail -n 1)" | awk '{ print $1, $2, $6, $8 }' >root.list
for line in 'drwx------ 1000/1000 home/me/ ' 'lrwxrwxrwx 0/0 data /home/me/data' '-rw------- 0/0 etc/passwd ' \
	'drwxrwxrwt 0/0 var/spool/ ' '-rw-r--r-- 0/0 var/guix/db/db.sqlite '; do
	ok "has $line" grep -qxF -- "$line" root.list
done
ok "index.scm" makes index.scm
is "has both architectures" "$(skopeo inspect --raw "oci:$made:3.0" | jq -r '.manifests[].platform.architecture')" \
	$'amd64\narm64'

skopeo --insecure-policy copy -q "oci:$image" "docker-archive:$manual/debian.tar:debian:stable"
ok "base.scm" makes base.scm
is "has its layers at the bottom" "$(diff_ids "oci:$made" | head -n "$(wc -l <<<"$plain")")" "$plain"

# A service's image is what Guix loads.
cat >"$manual/loaded" <<-'END'
	(use-modules (gnu services) (gnu services containers))
	(oci-image-value
	 (oci-container-configuration-image
	  (car (oci-configuration-containers (service-value (primitive-load "service.scm"))))))
END
ok "service.scm" makes loaded
ok "has an archive to load" "$STRATAPACK" verify "docker-archive:$made"
is "of the same layers" "$(diff_ids "docker-archive:$made")" "$plain"

# To build real systems and packages takes the network: their derivations show that Guix understands.
plainly() { # plainly ARGUMENTS…: with all of Guix's own packages, derivations only
	timeout 300 "$here/in-guix-root" "$state" guix build --no-grafts -d -L /source/frontends/guix "$@"
}
ok "system.scm becomes an image's derivation" plainly -f /exchange/manual/system.scm
ok "and so does stratapack" plainly -e '(@ (stratapack packages) stratapack)'
ok "channels.scm lists the channel" in_manual guile --no-auto-compile -c '
	(use-modules (guix channels))
	(exit (and (memq (quote stratapack) (map channel-name (primitive-load "channels.scm"))) #t))'
ok "introduction.scm introduces it" in_manual guile --no-auto-compile -c '
	(use-modules (guix channels))
	(exit (channel-introduction? (channel-introduction (primitive-load "introduction.scm"))))'
ok "machines.scm lists a machine" in_manual guile --no-auto-compile -c '
	(use-modules (guix scripts offload) (srfi srfi-1))
	(exit (every build-machine? (primitive-load "machines.scm")))'

# The commands.
pack=$(grep -m 1 '^guix stratapack ' "$STRATAPACK_SOURCE/docs/guix.md")
read -ra arguments <<<"${pack#guix stratapack }"
commands "$pack" "${arguments[@]}"
podman_ rmi -fa >/dev/null 2>&1
ok "podman takes it" podman_ load -q -i "$state$(cat printed)"
is "and runs it" "$(podman_run guile-guile-json:latest hello 2>&1)" hello
done_testing
