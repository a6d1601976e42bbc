#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Guix front end with a real guix-daemon, in a Debian root of its own, on a machine without a network.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
must "a daemon" start_daemon --max-jobs=2

# --- three architectures ------------------------------------------------------------------------

for build in build-side client-side planned planned-build-side; do
	ok "an image, $build" built "(greeting #:build '$build)"
	declare "image_${build//-/_}=$(cat built.names)"
done
# shellcheck disable=SC2154
{
	same "build side and client side give the same bytes" "$image_build_side" "$image_client_side"
	is "client side and planned are the same derivation" "$image_planned" "$image_client_side"
	same "one derivation from a plan gives the same bytes" "$image_planned_build_side" "$image_build_side"
}
image=$image_client_side
ok "it verifies" "$STRATAPACK" verify "oci:$image"
is "as many layers as the bound allows" "$(diff_ids "oci:$image" | wc -l)" 6
is "the environment is the profile's and the image's own" \
	"$(skopeo inspect --config "oci:$image" | jq -r '.config.Env[]' | sed 's,/gnu/store/[^/]*-profile,P,')" \
	$'PATH=P/bin\nLANG=C.UTF-8'

# --- real clients -------------------------------------------------------------------------------

ok "skopeo reads the layout" skopeo_copy "oci:$image" "dir:$scratch/copied"
ok "podman takes the layout" podman_load_layout "$image" example.org/greeting:1
runs "and runs it" example.org/greeting:1
for format in docker docker-v1 oci-archive universal; do
	podman_ rmi -fa >/dev/null 2>&1
	ok "the format $format" built "(greeting #:format '$format #:build 'client-side)"
	ok "podman loads it" podman_ load -q -i "$(cat built.names)"
	runs "and runs it" example.org/greeting:1
done

# --- derivations --------------------------------------------------------------------------------

built_once() { # built_once NAME PATTERN
	is "$1" "$(how_often "$2")" 1
}

telling() {
	built "(telling #:build 'client-side)"
}
ok "another image with common items" telling
built_once "a layer that both have was built once" '[a-z0-9]-numbers-1.0-layer.drv'
built_once "and so was this one" '[a-z0-9]-shell-5.3-layer.drv'
podman_ rmi -fa >/dev/null 2>&1
ok "podman takes it" podman_load_layout "$(cat built.names)" telling:1
is "and runs it" "$(podman_run telling:1 2>&1)" "first: 1"

find "$state/log/drvs" -type f | sort >before
ok "one layer is changed by hand" built "
	(define (change layer)
	  (if (find-layer (list layer) (item-named \"numbers\"))
	      (docker-image-layer (inherit layer) (compression \"gzip:9\"))
	      layer))
	(docker-image
	  (inherit (greeting #:build 'client-side))
	  (layers (lambda (layers) (map change layers))))"
find "$state/log/drvs" -type f | sort | comm -13 before - | sed 's,.*/[a-z0-9]*-,,; s/\.drv\.gz$//' | sort >rebuilt
is "only it and the image were built" "$(cat rebuilt)" $'example.org-greeting-image\nnumbers-1.0-layer'
is "the image has the same content" "$(diff_ids "oci:$(cat built.names)")" "$(diff_ids "oci:$image")"

readonly base='(docker-image-layer (items (list shell numbers)))'
built_as base_layer "a layer made by hand" "$base"
built_as one "below an image, client side" \
	"(docker-image (inherit (greeting #:build 'client-side)) (layers (list $base)))"
built_as two "below an image, build side" \
	"(docker-image (inherit (greeting #:build 'build-side)) (layers (list $base)))"
built_as other "below another image, planned" \
	"(docker-image (inherit (telling #:build 'planned)) (layers (list $base)))"
# shellcheck disable=SC2154
same "with layers made by hand, both architectures agree" "$one" "$two"
# shellcheck disable=SC2154
is "the layer is the bottom of both images" "$(diff_ids "oci:$other" | head -n 1)" \
	"$(diff_ids "oci:$one" | head -n 1)"
# shellcheck disable=SC2154
is "and it is what it is alone" "$(jq -r .diffId "$base_layer/layer.json")" "$(diff_ids "oci:$one" | head -n 1)"
built_once "built once" 'numbers-1.0-and-1-more-layer|shell-5.3-and-1-more-layer'

empty "a layer refers to nothing" "$(references_of "$base_layer")"
empty "an image made of layers refers to nothing" "$(references_of "$image")"
ok "a layer without compression" built \
	'(docker-image-layer (items (list teller)) (compression "none"))'
ok "keeps its items" grep -q teller <<<"$(references_of "$(cat built.names)")"

ok "the tests that Guix would run itself" inside guile --no-auto-compile /source/tests/guix/run.scm \
	/source/tests/guix/stratapack-{layers,records}.scm

# --- customisation ------------------------------------------------------------------------------

system="
	(use-modules (stratapack root))
	(define root (provisioned-root \"root\"
	  #~(lambda (root)
	      (for-each (lambda (name) (mkdir (string-append root name)))
	                '(\"/etc\" \"/var\" \"/var/spool\" \"/root\"))
	      (chmod (string-append root \"/var/spool\") #o1777)
	      (chmod (string-append root \"/root\") #o700)
	      (call-with-output-file (string-append root \"/etc/a[b]c\")
	        (lambda (port) (display \"x\" port)))
	      (chmod (string-append root \"/etc/a[b]c\") #o640))))
	(define (system build)
	  (docker-image
	    (inherit (greeting #:build build))
	    (contents (list (small-profile greeter teller shell) numbers))
	    (localstatedir? #t)
	    (roots (list (provisioned-root-files root)))
	    (permissions (list (provisioned-root-permissions root) '(\"/data\" \"g=\" 1000 1001)))))"
built_as one "a provisioned root and the state of Guix, build side" "$system (system 'build-side)"
built_as two "the same, client side" "$system (system 'client-side)"
built_as other "the same, planned" "$system (system 'planned)"
same "both architectures give the same root" "$one" "$two"
is "planned is client side" "$other" "$two"
skopeo_copy "oci:$two" "dir:$scratch/system"
layer_tars "$scratch/system" "$scratch/system-tars"
tar -tvf system-tars/005.tar | awk '{ print $1, $2, $6 }' >system.list
for line in 'drwx------ 1000/1001 data/' '-rw-r----- 0/0 etc/a[b]c' 'drwx------ 0/0 root/' \
	'drwxrwxrwt 0/0 var/spool/' "lrwxrwxrwx 0/0 var/guix/gcroots/$(query "SELECT substr(path, 12)
		FROM ValidPaths WHERE path LIKE '%-numbers-1.0'")" '-rw-r--r-- 0/0 var/guix/db/db.sqlite' 'drwxrwxrwt 0/0 tmp/'; do
	ok "the root has $line" grep -qxF -- "$line" system.list
done
tar -xOf system-tars/005.tar var/guix/db/db.sqlite >db.sqlite
is "the database has every item of the image" \
	"$(sqlite3 db.sqlite 'SELECT path FROM ValidPaths ORDER BY path')" \
	"$(for tar in system-tars/*.tar; do tar -tf "$tar"; done | sed -n 's,^\(gnu/store/[^/]*\)/.*,/\1,p' | sort -u)"

# What Guix does for whole systems, to a system that is one package: to build a real one takes the
# network. That the real one is understood is shown by its derivation, see guix_manual.sh.
built_as one "a system's root directory, made by Guix's own code" "
	(use-modules (stratapack root) (stratapack system))
	(define root (operating-system-root teller))
	(docker-image
	  (name \"system\") (contents (list teller)) (build 'client-side) (format 'oci)
	  (roots (list (provisioned-root-files root)))
	  (permissions (list (provisioned-root-permissions root)))
	  (temporary-directory? #f) (entry-point \"bin/tell\"))"
skopeo_copy "oci:$one" "dir:$scratch/whole"
layer_tars "$scratch/whole" "$scratch/whole-tars"
tar -tvf "$(printf '%s\n' whole-tars/* | tail -n 1)" | awk '{ print $1, $2, $6, $8 }' >whole.list
for line in 'drwxrwxr-t 0/0 gnu/store/ ' 'drwxrwxrwt 0/0 tmp/ ' 'drwxr-xr-x 0/0 etc/ ' \
	'lrwxrwxrwx 0/0 var/guix/profiles/system system-1-link'; do
	ok "the system has $line" grep -qxF -- "$line" whole.list
done
ok "podman takes it" podman_load_layout "$one" system:1
is "and runs it" "$(podman_run system:1 2>&1)" "first: 1"

# --- several architectures ----------------------------------------------------------------------

built_as index "images of two architectures under one name" "
	(use-modules (stratapack index))
	(image-index
	  (name \"example.org/multi\") (tag \"7\")
	  (images (image-for-targets (greeting #:build 'client-side) '(#f \"aarch64-linux-gnu\"))))"
# shellcheck disable=SC2154
is "both are in the index" "$(skopeo inspect --raw "oci:$index:7" | jq -r '.manifests[].platform.architecture')" \
	$'amd64\narm64'
ok "it verifies" "$STRATAPACK" verify "oci:$index"
podman_ rmi -fa >/dev/null 2>&1
ok "podman takes its own" podman_load_layout "$index:7" example.org/greeting:1
runs "and runs it" example.org/greeting:1

# --- base images --------------------------------------------------------------------------------

on_base() { # on_base BUILD: an expression: the one image on top of the other
	echo "(docker-image
	  (inherit (greeting #:build '$1))
	  (max-layers 9)
	  (base (docker-image (inherit (telling)) (environment '((\"BASE\" . \"below\") (\"LANG\" . \"C\"))))))"
}
for build in build-side client-side planned planned-build-side; do
	built_as "on_${build//-/_}" "an image on top of another, $build" "$(on_base "$build")"
done
# shellcheck disable=SC2154
{
	same "build side and client side give the same bytes" "$on_build_side" "$on_client_side"
	is "client side and planned are the same derivation" "$on_planned" "$on_client_side"
	same "one derivation from a plan gives the same bytes" "$on_planned_build_side" "$on_build_side"
	ok "it verifies" "$STRATAPACK" verify "oci:$on_build_side"
}
built_as below "its base" "(telling)"
# shellcheck disable=SC2154
is "whose layers lie below" "$(diff_ids "oci:$on_build_side" | head -n "$(diff_ids "oci:$below" | wc -l)")" \
	"$(diff_ids "oci:$below")"
is "with layers of its own above, within the bound" "$(diff_ids "oci:$on_client_side" | wc -l)" 9
is "it inherits the environment" \
	"$(skopeo inspect --config "oci:$on_build_side" | jq -r '.config.Env[]' | grep -v ^PATH=)" \
	$'BASE=below\nLANG=C.UTF-8'
podman_ rmi -fa >/dev/null 2>&1
ok "podman takes it" podman_load_layout "$on_client_side" example.org/greeting:1
runs "and runs it" example.org/greeting:1
twice="
	(docker-image (inherit $(on_base client-side)) (layers (list $base))"
refused "does not belong to this image" "a layer by hand of what the base holds" "$twice)"
built_as twice_there "unless that is to be there twice" "$twice (base-items 'none))"
# shellcheck disable=SC2154
ok "then the layer is the same as ever" grep -qxF "$(jq -r .diffId "$base_layer/layer.json")" \
	<<<"$(diff_ids "oci:$twice_there")"
refused "leaves no room" "a bound that the base needs alone" "
	(docker-image (inherit $(on_base client-side)) (max-layers 3))"
refused "is not an image to build upon" "a base that is none" "
	(docker-image (inherit (greeting)) (base 'debian))"

# --- side by side -------------------------------------------------------------------------------

# A program that takes its time, and says when it was at work.
cat >"$state/exchange/slow" <<'END'
#!/bin/sh
echo start >>/exchange/slowly/times
/bin/sleep 1
/exchange/stratapack "$@" || exit
echo end >>/exchange/slowly/times
END
chmod 755 "$state/exchange/slow"
install -d -m 777 "$state/exchange/slowly"
install -m 666 /dev/null "$state/exchange/slowly/times"
ok "layers by a slow program" built "
	(map (lambda (item)
	       (docker-image-layer (items (list item))
	                           (program (local-file \"/exchange/slow\" #:recursive? #t))))
	     (list greeter teller library numbers))"
is "two at a time, as the daemon allows" "$(awk '
	/start/ { running++; if (running > most) most = running } /end/ { running-- }
	END { print most }' "$state/exchange/slowly/times")" 2

# --- failing well -------------------------------------------------------------------------------

missing=/gnu/store/00000000000000000000000000000000-missing
refused "'$missing' is not in the store" "an item that is not there" "
	(docker-image (inherit (greeting #:build 'client-side)) (contents (list \"$missing\")))"
refused "Build it first" "says what to do" "
	(docker-image-layer (items (list \"$missing\")))"
refused "needs 7 layers for this image, but the bound is 3" "a bound too low, on the client" "
	(docker-image (inherit (greeting #:build 'client-side)) (strategy 'per-item) (max-layers 3))"
refused "use --max-layers 7" "says what to do" "
	(docker-image (inherit (greeting #:build 'client-side)) (strategy 'per-item) (max-layers 3))"
refused "'client-side" "a procedure for layers on the build side" "
	(docker-image (inherit (greeting #:build 'build-side)) (layers reverse))"
refused "do not hold '/gnu/store/" "a procedure that loses a layer" "
	(docker-image (inherit (greeting #:build 'client-side)) (layers cdr))"
refused "is absolute" "a link with an absolute target" "
	(docker-image (inherit (greeting)) (symlinks '((\"/bin\" -> \"/usr/bin\"))))"
refused "no contents" "an image of nothing" "
	(docker-image (name \"nothing\") (contents '()))"

done_testing
