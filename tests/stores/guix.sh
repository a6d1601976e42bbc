#!/usr/bin/env bash
# The Guix front end with a real guix-daemon, in a Debian root of its own, on a machine without a network.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
here=$STRATAPACK_SOURCE/tests/stores
state=$scratch/guix
cd "$scratch" || exit 1

# --- the daemon ---------------------------------------------------------------------------------

inside() {
	"$here/in-guix-root" "$state" "$@"
}

# guix_ ARGUMENTS…: a `guix` command with the packages and images of tests/stores/guix.
guix_() {
	timeout 300 "$here/in-guix-root" "$state" guile --no-auto-compile /source/tests/stores/guix/guix.scm "$@"
}

start_daemon() { # start_daemon ARGUMENTS…
	"$here/in-guix-root" "$state" guix-daemon --build-users-group=guixbuild --no-substitutes \
		--disable-chroot "$@" >>daemon.log 2>&1 &
	daemon=$!
	local _
	for _ in {1..100}; do
		[ ! -S "$state/var/daemon-socket/socket" ] || return 0
		sleep 0.1
	done
	tail -n 20 daemon.log
	return 1
}

# unshare leaves other signals to its child; this one ends all that runs in its name space.
stop_daemon() {
	kill -KILL "$daemon" 2>/dev/null
	wait "$daemon" 2>/dev/null
	rm -f "$state/var/daemon-socket/socket"
}
at_exit stop_daemon

readonly modules='(use-modules (guix gexp) (images) (stratapack image) (world))'

# built EXPRESSION: build what the expression evaluates to; the names of the outputs, as seen from
# outside, go to the file built.names.
built() {
	printf '%s\n%s\n' "$modules" "$1" >"$state/exchange/image.scm"
	guix_ build -v1 -f /exchange/image.scm >built.items 2>built.log || {
		cat built.log >&2
		return 1
	}
	sed "s,^,$state," built.items >built.names
}

# refused WORDS NAME EXPRESSION: building fails and says WORDS.
refused() {
	local words=$1 name=$2
	if built "$3" >/dev/null 2>refused.log; then
		report "not ok" "$name"
		return 1
	fi
	tr '\n' ' ' <refused.log >refused.line
	ok "$name" grep -F -- "$words" refused.line
}

# query SQL: of the store's database.
query() {
	sqlite3 "$state/var/db/db.sqlite" "$1"
}

# references_of STORE-FILE: the names of the items that the item refers to.
references_of() {
	query "SELECT target.path FROM Refs JOIN ValidPaths AS source ON source.id = referrer
		JOIN ValidPaths AS target ON target.id = reference
		WHERE source.path = '${1#"$state"}' AND target.path <> source.path ORDER BY 1"
}

# how_often PATTERN: how many builds of derivations whose name matches the daemon has logged.
how_often() {
	find "$state/log/drvs" -type f | grep -cE "$1"
}

must "a root with Guix" "$here/guix-root"
must "the static program" test -x "$STRATAPACK_SOURCE/build-static/stratapack"
inside true
cp "$STRATAPACK_SOURCE/build-static/stratapack" "$state/exchange/stratapack"
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

runs() { # runs NAME ARGUMENTS…: of podman run
	is "$1" "$(podman_run "${@:2}" 2>&1)" $'good morning\nhello'
}

# podman's own reading of layouts takes the path for a name.
podman_load_layout() { # podman_load_layout LAYOUT NAME
	rm -f loaded.tar
	skopeo --insecure-policy copy -q "oci:$1" "docker-archive:loaded.tar:$2" &&
		podman_ load -q -i loaded.tar
}

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
built_as() { # built_as VARIABLE NAME EXPRESSION
	ok "$2" built "$3"
	declare -g "$1=$(cat built.names)"
}
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

ok "surgery on layers" inside guile --no-auto-compile /source/tests/stores/guix/layers.scm

# --- the program itself -------------------------------------------------------------------------

profile=$(find "$state/gnu/store" -maxdepth 1 -name '*-profile' | sort | head -n 1)
profile=${profile#"$state"}
inside /exchange/stratapack plan --strategy per-item "$profile" >by-daemon.json 2>by-daemon.log
ok "the program plans a profile" jq -e '.layers | length > 3' by-daemon.json
ok "from the daemon as from the database" inside /exchange/stratapack plan --strategy per-item \
	--store-db=/var/guix/db/db.sqlite "$profile" -o /exchange/by-database.json
same "with the same plan" by-daemon.json "$state/exchange/by-database.json"
chmod 700 "$state/var/db"
ok "a user who may not read the database asks the daemon" inside setpriv --reuid=12345 --regid=12345 \
	--clear-groups /exchange/stratapack plan --strategy per-item "$profile" -o /exchange/by-user.json
same "and gets the same plan" by-daemon.json "$state/exchange/by-user.json"
fails_with 1 "is not a valid item of the store with the daemon" "an item that the daemon does not know" \
	inside /exchange/stratapack plan "/gnu/store/00000000000000000000000000000000-none"
fails_with 1 "/nowhere" "a daemon that is not there" \
	inside env GUIX_DAEMON_SOCKET=/nowhere /exchange/stratapack plan "$profile"

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
	'drwxrwxrwt 0/0 var/spool/' '-rw-r--r-- 0/0 var/guix/db/db.sqlite' 'drwxrwxrwt 0/0 tmp/'; do
	ok "the root has $line" grep -qxF -- "$line" system.list
done
tar -xOf system-tars/005.tar var/guix/db/db.sqlite >db.sqlite
is "the database has every item of the image" \
	"$(sqlite3 db.sqlite 'SELECT path FROM ValidPaths ORDER BY path')" \
	"$(for tar in system-tars/*.tar; do tar -tf "$tar"; done | sed -n 's,^\(gnu/store/[^/]*\)/.*,/\1,p' | sort -u)"

# What Guix does for whole systems, to a system that is one package: to build a real one takes the
# network. That the real one is understood is shown by its derivation.
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
cp "$here/guix/system.scm" "$state/exchange/system.scm"
plainly() { # plainly ARGUMENTS…: guix build with all of Guix's own packages, derivations only
	timeout 300 "$here/in-guix-root" "$state" guix build --no-grafts -d -L /source/frontends/guix "$@"
}
ok "an operating system becomes an image's derivation" plainly -f /exchange/system.scm
ok "and so does stratapack" plainly -e '(@ (stratapack packages) stratapack)'

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

# --- the command --------------------------------------------------------------------------------

command=(stratapack --bootstrap --program=/exchange/stratapack)
package=(-e '(@ (world) greeter)')

# commands NAME ARGUMENTS…: the command succeeds; what it prints goes to the file printed.
commands() {
	local name=$1
	shift
	# shellcheck disable=SC2016
	ok "$name" bash -c '"$@" >printed' - timeout 300 "$here/in-guix-root" "$state" guile --no-auto-compile \
		/source/tests/stores/guix/guix.scm "${command[@]}" "$@"
}

commands "the command has help" --help
ok "which lists what guix pack has" test "$(grep -cE -- '--(symlink|entry-point|entry-point-argument|max-layers|image-tag|manifest|expression|file|localstatedir|save-provenance|root|derivation|compression)=?' printed)" -ge 13
commands "guix stratapack" "${package[@]}" -S /bin=bin --entry-point=bin/greet -A good -A morning \
	--image-tag=example.org/hi --tag=3 --tag=example.org/lo:4 --env=A=b --label=c=d --user=1000:1000 \
	--working-directory=/tmp --strategy=per-item --max-layers=9 -C gzip:9 --expose=80/tcp --volume=/data \
	-f docker --build=planned
result=$state$(cat printed)
ok "podman loads what it makes" podman_ load -q -i "$result"
runs "and runs it" example.org/lo:4
is "the config says it all" "$(skopeo inspect --config "docker-archive:$result:example.org/hi:3" | jq -cS '
	.config | del(.Entrypoint) | .Env -= [.Env[] | select(startswith("PATH="))]')" \
	'{"Env":["A=b"],"ExposedPorts":{"80/tcp":{}},"Labels":{"c":"d"},"User":"1000:1000","Volumes":{"/data":{}},"WorkingDir":"/tmp"}'
cat >"$state/exchange/manifest.scm" <<-'END'
	(use-modules (world))
	(packages->manifest (list greeter teller))
END
commands "a manifest, and only the derivation" -m /exchange/manifest.scm -d
ok "is named" grep -qx '/gnu/store/.*-greeter-teller-image.tar.drv' printed
echo '(@ (world) teller)' >"$state/exchange/teller.scm"
commands "a package from a file, its derivation not built" --file=/exchange/teller.scm -n
empty "gives no result" "$(cat printed)"
commands "a root for the collector" "${package[@]}" -f docker --localstatedir \
	--build=client-side -r /exchange/result
is "leads to the image" "$(readlink "$state/exchange/result")" "$(cat printed)"
# By default, the daemon keeps the derivations of what is alive, and so the items that they name.
stop_daemon
ok "a daemon that keeps no derivations" start_daemon --max-jobs=2 --gc-keep-derivations=no
ok "the garbage collector" guix_ gc
ok "keeps the image" test -e "$state$(readlink "$state/exchange/result")"
empty "and nothing that the layers are made of" "$(compgen -G "$state/gnu/store/*-numbers-1.0")"

complains() { # complains WORDS NAME ARGUMENTS…: of the command
	local words=$1 name=$2
	shift 2
	if guix_ "${command[@]}" "$@" >complaint 2>&1; then
		report "not ok" "$name"
		return 1
	fi
	ok "$name" grep -F -- "$words" complaint
}
complains "use --max-layers 6" "a bound too low, on the build side" "${package[@]}" --strategy=per-item --max-layers=2
complains "there is no strategy" "a strategy that is none" "${package[@]}" --strategy=magic
complains "xz" "a compression that no client reads" "${package[@]}" -C xz
complains "port" "a broken config" "${package[@]}" --expose=http
complains "no packages specified" "nothing to pack"
complains "absolute" "a link with an absolute target" "${package[@]}" -S /bin=/bin
done_testing
