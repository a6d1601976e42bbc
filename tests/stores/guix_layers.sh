#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Layers of Guix: what those by hand may hold, that the same layer is built once however its items are
# named, what keeps layers from the collector, and strategies that are written in Scheme.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
must "a daemon" start_daemon --max-jobs=2

# --- layers that hold more than items -------------------------------------------------------------

readonly customised='
	(use-modules (stratapack root))
	(define etc
	  (provisioned-root "etc"
	    #~(lambda (root)
	        (mkdir (string-append root "/etc"))
	        (call-with-output-file (string-append root "/etc/motd")
	          (lambda (port) (display "welcome" port))))))
	(define bare (docker-image-layer (directives (quote ((directory "/srv" 1 2 #o700))))
	                                 (roots (list (provisioned-root-files etc)))))
	(define mixed (docker-image-layer (items (list numbers))
	                                  (directives (list (list "/numbers" (quote ->) numbers)))))'
built_as bare "a layer of nothing but directories" "$customised bare"
built_as mixed "a layer of an item and a link" "$customised mixed"
own() { # own WAY: an image with both
	echo "$customised (docker-image (inherit (greeting #:build '$1)) (max-layers 7) (layers (list bare mixed)))"
}
built_as one "an image takes both in, client side" "$(own client-side)"
built_as two "and planned" "$(own planned)"
# shellcheck disable=SC2154
{
	is "which is the same" "$two" "$one"
	ok "it verifies" "$STRATAPACK" verify "oci:$one"
	is "they are its bottom, as they are" "$(diff_ids "oci:$one" | head -n 2)" \
		"$(jq -r .diffId "$bare/layer.json" "$mixed/layer.json")"
	is "and count in the bound" "$(diff_ids "oci:$one" | wc -l)" 7
	is "they are inputs of it" "$(for layer in "$bare" "$mixed"; do
		inside guix gc --references "$(inside guix gc --derivers "${one#"$state"}")" |
			grep -cxF "$(inside guix gc --derivers "${layer#"$state"}")"
	done)" $'1\n1'
	skopeo_copy "oci:$one" "dir:$scratch/one" && layer_tars one one.tars
	ok "the first has what it is to have" grep -q '^drwx------ 1/2 .* srv/$' <(tar -tvf one.tars/000.tar)
	is "root files, too" "$(tar -xOf one.tars/000.tar etc/motd)" welcome
}
ok "podman takes it" podman_load_layout "$one" example.org/greeting:1
runs "and runs it" example.org/greeting:1
refused "layers with rules of their own" "on the build side, that is refused" "$(own build-side)"
built_as alone "an image of layers alone" "$customised
	(docker-image (name \"alone\") (contents '()) (format 'oci) (temporary-directory? #f)
	              (build 'client-side) (layers (list bare)))"
# shellcheck disable=SC2154
is "has them and nothing else" "$(diff_ids "oci:$alone")" "$(jq -r .diffId "$bare/layer.json")"
built_as alone "one of layers with items" "$customised
	(docker-image (name \"alone\") (contents '()) (format 'oci) (build 'planned)
	              (entry-point (file-append shell \"/bin/sh\"))
	              (layers (list mixed (docker-image-layer (items (list shell))))))"
is "has these and a top" "$(diff_ids "oci:$alone" | sed 2,3d)" "$(jq -r .diffId "$mixed/layer.json")"
ok "it verifies" "$STRATAPACK" verify "oci:$alone"

# --- one layer, one derivation --------------------------------------------------------------------

built_as by_object "a layer of a package" '(docker-image-layer (items (list numbers)) (compression "gzip:1"))'
# shellcheck disable=SC2154
numbers=$(query "SELECT path FROM ValidPaths WHERE path LIKE '%-numbers-1.0'")
built_as by_name "of its store item" "(docker-image-layer (items (list \"$numbers\")) (compression \"gzip:1\"))"
# shellcheck disable=SC2154
is "is the same" "$by_name" "$by_object"
built_as planned "of a plan" "(docker-image (inherit (telling)) (compression \"gzip:1\"))"
# shellcheck disable=SC2154
deriver=$(inside guix gc --derivers "${planned#"$state"}")
ok "is the same, too" grep -qxF "$(inside guix gc --derivers "${by_object#"$state"}")" \
	<<<"$(inside guix gc --references "$deriver")"
ok "provenance reaches the packages" grep -q -- '-numbers-1.0.drv$' \
	<<<"$(inside guix gc --references "$(inside guix gc --derivers "${by_object#"$state"}")")"
empty "no layer names items instead" "$(for layer in $(inside guix gc --references "$deriver" | grep -e '-layer.drv$'); do
	inside guix gc --references "$layer" | grep -E -- '-(numbers|shell|teller)-[0-9.]+$'
done)"

# --- strategies in Scheme ---------------------------------------------------------------------------

near() { # near STRATEGY: the sizes of the layers
	built "
		(use-modules (guix monads) (guix store) (srfi srfi-1) (srfi srfi-11))
		(docker-image (inherit (greeting #:build 'client-side)) (strategy $1))" &&
		skopeo_copy "oci:$(cat built.names)" "dir:$scratch/near" && rm -rf near.tars && layer_tars near near.tars
}
ok "the two layers of what is near and what is far" near layers-by-nearness
is "near is what was asked for, and what that names itself" "$(for tar in near.tars/00{0,1}.tar; do
	tar -tf "$tar" | sed -n 's,^gnu/store/[a-z0-9]*-\([^/]*\)/.*,\1,p' | sort -u | paste -sd ' '
done)" $'library-3.0 numbers-1.0\ngreeter-2.12 profile shell-5.3 teller-0.3'
ok "a monadic strategy, which knows sizes and names" near '
	(lambda (items)
	  (mlet %store-monad ((system (current-system)))
	    (return (let-values (((small large)
	                          (partition (lambda (item) (< (closure-item-size item) 1000000)) items)))
	              (list large (map closure-item-file-name small))))))'
is "divides as it says" "$(tar -tf near.tars/000.tar | sed -n 's,^gnu/store/[a-z0-9]*-\([^/]*\)/.*,\1,p' | sort -u)" \
	$'numbers-1.0\nshell-5.3'
ok "the image has the same content" "$STRATAPACK" verify "oci:$(cat built.names)"
refused "a strategy left out '/gnu/store/" "a strategy that loses items" \
	"(docker-image (inherit (greeting #:build 'client-side)) (strategy (lambda (items) (list (cdr items)))))"
refused "into two layers" "a strategy that has items twice" \
	"(docker-image (inherit (greeting #:build 'planned)) (strategy (lambda (items) (list items (list (car items))))))"
refused "the strategy of the image 'example.org/greeting' is a procedure" "a strategy on the build side" \
	"(docker-image (inherit (greeting #:build 'build-side)) (strategy layers-by-nearness))"

# --- links ------------------------------------------------------------------------------------------

for way in build-side client-side planned; do
	not "a link that leads nowhere, $way" built \
		"(docker-image (inherit (greeting #:build '$way)) (symlinks '((\"/a\" -> \"nonexistent\"))))"
done
complains "leads to '/gnu/store/" "says so, on the build side" "${command[@]:3}" -e '(@ (world) greeter)' -S /a=nonexistent
complains "would hide the store" "a link in the place of the store" -e '(@ (world) greeter)' -S /gnu/store=bin

# --- search paths -----------------------------------------------------------------------------------

for way in build-side client-side; do
	built_as bare_image "a package without a profile, $way" \
		"(docker-image (inherit (greeting #:build '$way)) (contents (list shell library)))"
	# shellcheck disable=SC2154
	is "has the environment that a profile would give" \
		"$(skopeo inspect --config "oci:$bare_image" | jq -r '.config.Env[]' |
			sed 's,/gnu/store/[a-z0-9]*-,,g' | sort)" \
		$'LANG=C.UTF-8\nLIBRARY_PATH_OF_TESTS=library-3.0/share/library\nPATH=shell-5.3/bin'
done

# --- the command ------------------------------------------------------------------------------------

complains "A tag is given on its own" "a tag in the name" -e '(@ (world) greeter)' --image-tag=foo:1.2
complains "there is no strategy 'magic'" "a strategy that is none" --strategy=magic
complains "is not a port" "a port that is none" --expose=http
complains "loads 125 at most" "too many layers" -e '(@ (world) greeter)' --max-layers=200
commands "unless they are forced" -e '(@ (world) greeter)' --max-layers=200 --force -f oci --build=planned
echo '(use-modules (guix packages) (world)) (package (inherit greeter) (name "py_foo.bar+"))' \
	>"$state/exchange/odd.scm"
commands "names keep their dots and underscores" -d --file=/exchange/odd.scm
ok "as far as images may have them" grep -q -e '-py_foo.bar-image.tar.drv$' printed
commands "nothing to pack" -d
said=$(cat ok.log)
ok "gives a warning, as with guix pack" grep -qF "building an empty image" <<<"$said"
for name in one two; do
	echo "(use-modules (world)) (packages->manifest (list $([ $name = one ] && echo greeter || echo teller)))" \
		>"$state/exchange/$name.scm"
done
commands "several manifests" -d -m /exchange/one.scm -m /exchange/two.scm
ok "the last comes first, as with guix pack" grep -q -e '-teller-greeter-image.tar.drv$' printed

commands "a root for the image" -e '(@ (world) teller)' --build=client-side --strategy=per-item -r /exchange/kept
layers=$(inside guix gc --references "$(inside guix gc --derivers "$(cat printed)")" | grep -e '-layer.drv$')
builds=$(how_often 'layer[.]drv')
ok "the garbage collector" guix_ gc
is "keeps the layers" "$(find "$state$(readlink "$state/exchange/kept-layers")/" -name '*-layer' | wc -l)" "$(wc -l <<<"$layers")"
commands "the next image" -e '(@ (world) teller)' --build=client-side --strategy=per-item --env=A=b
is "builds none of them again" "$(how_often 'layer[.]drv')" "$builds"
built_as kept "a root in Scheme" "(image-with-layers (telling))"
# shellcheck disable=SC2154
ok "leads to the image and its layers" test "$(find "$kept/" -name '*-layer' | wc -l)" -ge 4
done_testing
