#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The front end as a part of Guix itself: frontends/guix/into-guix changes a checkout, whose `guix pack` and
# `guix system image` then make layered images with the program.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
must "a daemon" start_daemon --max-jobs=2

# What of a checkout matters here; the rest is that of the Debian root.
checkout=$state/exchange/checkout
debian=$("$here/guix-root")/usr/share/guile/site/3.0
mkdir -p "$checkout"/{gnu,tests} && cp -a "$debian/guix" "$checkout" && cp -a "$debian/gnu/system" "$checkout/gnu"

into_guix() {
	inside /source/frontends/guix/into-guix "$1" 2>&1
}

ok "the front end goes into a checkout" into_guix /exchange/checkout
cp -a "$checkout" before
fails_with_text() { # fails_with_text NAME WORDS COMMAND…
	local name=$1 words=$2
	shift 2
	ok "$name" grep -qF -- "$words" <<<"$("$@" 2>&1)"
}
fails_with_text "which it is in already: refused" "this is for Guix 1.5" into_guix /exchange/checkout
same "and nothing is changed" before "$checkout"
mkdir "$state/exchange/other"
fails_with_text "what is no checkout is refused" "a checkout of Guix?" into_guix /exchange/other
empty "and nothing written" "$(ls "$state/exchange/other")"
ok "the tests of the front end pass there" inside guile --no-auto-compile -L /exchange/checkout \
	/source/tests/guix/run.scm /exchange/checkout/tests/stratapack-{layers,records}.scm

merged() { # merged NAME ARGUMENTS…: a `guix` of the checkout, with the packages of the tests
	local name=$1
	shift
	# shellcheck disable=SC2016
	ok "$name" bash -c '"$@" >printed' - timeout 600 "$here/in-guix-root" "$state" guile --no-auto-compile \
		/source/tests/stores/guix/merged.scm /exchange/checkout "$@"
}

greeter=(--bootstrap -e '(@ (world) greeter)')
merged "guix pack -f docker --max-layers" pack "${greeter[@]}" -f docker --max-layers=4 -S /bin=bin \
	--entry-point=bin/greet -A good -A morning --image-tag=example.org/greeting
packed=$state$(cat printed)
is "has as many layers" "$(diff_ids "docker-archive:$packed" | wc -l)" 4
ok "podman loads it" podman_ load -q -i "$packed"
is "and runs it" "$(podman_run example.org/greeting:latest 2>&1)" $'good morning\nhello'
merged "guix pack -f oci" pack "${greeter[@]}" -f oci -S /bin=bin --entry-point=bin/greet
ok "gives a layout" "$STRATAPACK" verify "oci:$state$(cat printed)"
fails_with_text "a writer that is none is refused" "there is no writer of layers 'c'" inside guile --no-auto-compile \
	/source/tests/stores/guix/merged.scm /exchange/checkout pack "${greeter[@]}" -f docker --layer-writer=c

# To build what Guix has takes the network: derivations show that all fits.
plain() { # plain ARGUMENTS…: a `guix` of the checkout
	timeout 600 "$here/in-guix-root" "$state" guile --no-auto-compile -L /exchange/checkout \
		/source/tests/stores/guix/pulled.scm /usr/bin/guix "$@"
}
ok "without the option, guix pack does what it did" grep -q -e '-busybox-docker-pack.tar.gz.drv$' \
	<<<"$(plain pack --no-grafts -d -f docker busybox)"
ok "and with the writer in Guile" grep -q -e '-busybox-docker-pack.tar.gz.drv$' \
	<<<"$(plain pack --no-grafts -d -f docker --max-layers=4 --layer-writer=guile busybox)"
sed '/^;; system.scm$/,/^```$/!d' "$STRATAPACK_SOURCE/docs/guix.md" |
	sed '/^```$/d; /^(operating-system-image/,$d; s/ (stratapack [a-z]*)//g' \
	>"$state/exchange/system.scm"
echo os >>"$state/exchange/system.scm"
system() { # system ARGUMENTS…: the derivation of its image
	plain system image -t docker --no-grafts -d "$@" /exchange/system.scm
}
ok "guix system image -t docker --max-layers is made by the program" grep -q -e '-guix-system-image.tar.drv$' \
	<<<"$(system --max-layers=40)"
ok "and without that, by Guix" grep -q -e '-docker-image.tar.gz.drv$' <<<"$(system)"
done_testing
