#!/usr/bin/env bash
# The Nix front end with a real nix-daemon, whose store is /nix of a mount namespace of our own, on a
# machine without a network.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
if [ -z "${STRATAPACK_NAMESPACE-}" ]; then
	export TMPDIR=$scratch STRATAPACK_NAMESPACE=1
	exec unshare --mount --net bash "$0"
fi
cd "$scratch" || exit 1
ip link set lo up

# --- the daemon ---------------------------------------------------------------------------------

start_daemon() {
	mkdir -p nix etc home
	if [ ! -e /nix ]; then
		mkdir /nix
		at_exit rmdir /nix
	fi
	mount --bind nix /nix && at_exit umount -l /nix
	cat >etc/nix.conf <<-END
		build-users-group =
		sandbox = false
		substitute = false
		substituters =
		experimental-features = nix-command flakes
	END
	export NIX_CONF_DIR=$scratch/etc HOME=$scratch/home NIX_REMOTE=daemon
	# How the daemon reaches other machines.
	export NIX_SSHOPTS='-p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR'
	NIX_REMOTE='' nix-daemon >daemon.log 2>&1 &
	at_exit kill $!
	local _
	for _ in {1..100}; do
		! nix-store --version >/dev/null || [ ! -S /nix/var/nix/daemon-socket/socket ] || return 0
		sleep 0.1
	done
	tail daemon.log
	return 1
}
must "nix-daemon starts, with a store of its own" start_daemon


# --- content ------------------------------------------------------------------------------------

STRATAPACK_STATIC=$STRATAPACK_SOURCE/build-static/stratapack
export STRATAPACK_STATIC
must "there is a static program (make static)" [ -x "$STRATAPACK_STATIC" ]

# The files of Debian that become store items: content/NAME.
collect_content() {
	local program library applet
	mkdir -p content/busybox/bin content/libc/lib
	cp "$(dpkg -L busybox-static | grep -m1 '/bin/busybox$')" content/busybox/bin/busybox
	for applet in $(content/busybox/bin/busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "content/busybox/bin/$applet"
	done
	for program in jq zstd; do
		mkdir -p "content/$program/bin" "content/lib$program/lib"
		cp "$(command -v $program)" "content/$program/bin/"
		ldd "$(command -v $program)" | grep -o '/[^ ]*' | while read -r library; do
			case $library in
			*/ld-*) cp "$library" content/libc/lib/ld.so ;;
			*/libc.* | */libm.*) cp "$library" content/libc/lib/ ;;
			*) cp "$library" "content/lib$program/lib/" ;;
			esac
		done
	done
	cp -r "$STRATAPACK_SOURCE"/tests/stores/nix/* .
}
ok "content from Debian's packages" collect_content

# build NAME [ARGUMENT…]: build an attribute of images.nix; its path is in $built, the log in build.log.
build() {
	built=
	built=$(nix-build --no-out-link images.nix -A "$@" 2>build.log) || { tail -n 20 build.log; return 1; }
}
# The store path of a part of the world.
path_of() {
	nix-instantiate --eval images.nix -A "world.$1" | tr -d '"'
}
# The layers that the last build made, sorted.
made_layers() {
	sed -n "s/^building '\(.*-stratapack-layer\.drv\)'.*/\1/p" build.log | sort
}
layers_of() { # layers_of NAME: the derivations of its layers, sorted
	nix-instantiate images.nix -A "$1.layers" --argstr build client-side 2>/dev/null | sort
}

# --- three architectures, the same bytes --------------------------------------------------------

for way in build-side planned client-side; do
	must "zstd, $way" build zstd --argstr build $way
	ln -s "$built" "zstd.$way"
	ok "verify, $way" "$STRATAPACK" verify "oci:zstd.$way"
done
same "planned is build-side" zstd.planned/ zstd.build-side/
same "client-side is build-side" zstd.client-side/ zstd.build-side/
is "one derivation for a layer, each built once" "$(made_layers)" "$(layers_of zstd)"
is "layers: the closure's items and the customisation" "$(layers_of zstd | wc -l)" \
	"$(($(nix-store -q --requisites "$(nix-build --no-out-link images.nix -A world.zstd 2>/dev/null)" | wc -l) + 1))"
image=$(podman_ pull -q oci:zstd.client-side:1)
is "podman runs it, with Debian's own files" "$(echo layers | podman_run -i "$image" -c |
	zstd -dc)" layers
skopeo_copy oci:zstd.planned:1 "dir:$scratch/zstd.dir"
ok "skopeo takes it" [ -s zstd.dir/manifest.json ]

# A second image with common items: what they share is not built again.
layers_of zstd >zstd.layers
layers_of jq >jq.layers
must "jq, client-side" build jq --argstr build client-side
is "only its own layers are built" "$(made_layers)" "$(comm -13 zstd.layers jq.layers)"
ok "and there are common ones" [ "$(comm -12 zstd.layers jq.layers | wc -l)" -ge 2 ]
is "their digests are the same" "$(comm -12 <(diff_ids "oci:$built:1" | sort) <(diff_ids oci:zstd.planned:1 | sort) | wc -l)" \
	"$(comm -12 zstd.layers jq.layers | wc -l)"

# A layer keeps nothing alive; the image keeps what its config names.
layer=$(nix-store -q --outputs "$(head -n 1 zstd.layers)")
is "a layer's deriver is its derivation" "$(nix-store -q --deriver "$layer")" "$(head -n 1 zstd.layers)"
empty "layers refer to nothing" "$(while read -r derivation; do
	nix-store -q --references "$(nix-store -q --outputs "$derivation")"
done <zstd.layers)"

# --- plans in hand ------------------------------------------------------------------------------

must "two layers merged in the expression" build merged --argstr build client-side
is "one layer is made, and the image" "$(made_layers | wc -l) $(grep -c "^building '" build.log)" "1 2"
is "one layer fewer" "$(diff_ids "oci:$built:1" | wc -l)" "$(($(diff_ids oci:zstd.planned:1 | wc -l) - 1))"
is "the others are the same" "$(diff_ids "oci:$built:1" | tail -n +2)" "$(diff_ids oci:zstd.planned:1 | tail -n +3)"
merged=$built
for way in build-side planned; do
	ok "merged, $way" build merged --argstr build $way
	same "the same bytes, $way" "$built/" "$merged/"
done

cp "$(nix-build --no-out-link images.nix -A zstd.plan 2>/dev/null)" plan.json
ok "a plan beside the expression, without import from derivation" build checkedIn --argstr build client-side \
	--option allow-import-from-derivation false
same "gives the same bytes" "$built/" zstd.planned/
empty "and builds no layer" "$(made_layers)"
not "without the plan, the client-side way imports" build zstd --argstr build client-side \
	--option allow-import-from-derivation false
ok "the others do not" build zstd --argstr build planned --option allow-import-from-derivation false

# --- at the same time ---------------------------------------------------------------------------

# The largest number of layers that were in the making at one time, from the events of a build.
side_by_side() {
	sed -n 's/^@nix //p' "$1" | jq -rs '
		reduce .[] as $event ({now: [], most: 0};
			if $event.action == "start" and $event.type == 105 and
				($event.fields[0] | test("stratapack-layer")) then
				.now += [$event.id] | .most = ([.most, (.now | length)] | max)
			elif $event.action == "stop" then .now -= [$event.id]
			else . end) | .most'
}
for jobs in 1 2; do
	ok "with --max-jobs $jobs" build zstd --argstr build client-side --argstr compression gzip:$jobs \
		--max-jobs $jobs --log-format internal-json -v
	is "$jobs layers are built at a time" "$(side_by_side build.log)" $jobs
done

# A second store on another machine: a namespace whose /nix is another.
start_machine() {
	mkdir -p machine/nix machine/etc ssh
	cp etc/nix.conf machine/etc/
	ssh-keygen -q -t ed25519 -N '' -f ssh/host && ssh-keygen -q -t ed25519 -N '' -f ssh/client
	cat >ssh/config <<-END
		Port 2222
		ListenAddress 127.0.0.1
		HostKey $scratch/ssh/host
		AuthorizedKeysFile $scratch/ssh/client.pub
		PidFile none
		StrictModes no
		UsePAM no
		PermitRootLogin yes
		SetEnv NIX_CONF_DIR=$scratch/machine/etc
	END
	mkdir -p /run/sshd
	# shellcheck disable=SC2016 # that shell expands it
	unshare --mount sh -c \
		'mount --bind machine/nix /nix && exec /usr/sbin/sshd -D -e -f "$PWD/ssh/config"' 2>ssh/log &
	at_exit kill $!
	local _
	for _ in {1..50}; do
		! ssh-keyscan -p 2222 127.0.0.1 2>/dev/null | grep -q ssh-ed25519 || return 0
		sleep 0.1
	done
	cat ssh/log
	return 1
}
must "another machine, with sshd on loopback" start_machine
ok "layers are built there" build jq --argstr build client-side --argstr compression gzip:9 --max-jobs 0 \
	--builders "ssh://root@127.0.0.1 $(nix-instantiate --eval -E builtins.currentSystem | tr -d \") $scratch/ssh/client 2 1"
is "all of them, and the image" \
	"$(grep -c "^building '.*-stratapack-layer.drv' on 'ssh://root@127.0.0.1'" build.log) $(grep -c "jq.drv' on 'ssh" build.log)" \
	"$(layers_of jq | wc -l) 1"
is "they are in the other store" "$(find machine/nix/store -maxdepth 1 -name '*-stratapack-layer' | wc -l)" \
	"$(layers_of jq | wc -l)"
remote=$(diff_ids "oci:$built:1")
ok "the same image, built here" build jq --argstr build build-side --argstr compression gzip:9
is "has the same layers" "$(diff_ids "oci:$built:1")" "$remote"

# --- scripts ------------------------------------------------------------------------------------

ok "streamLayeredImage" build streamed --argstr build build-side
"$built" >streamed.tar
ok "docker-archive, stored" build zstd --argstr build build-side --argstr format docker-archive
same "a stream is what is stored" streamed.tar "$built"
ok "streamLayeredImage, client-side" build streamed --argstr build client-side
"$built" >streamed.tar
same "is the same" streamed.tar "$(nix-build --no-out-link images.nix -A zstd --argstr format docker-archive 2>/dev/null)"
ok "a script that pushes" build zstd.push
mkdir pushed
ok "pushes" "$built" "oci:$scratch/pushed:there" --insecure-policy
is "to where it is told" "$(diff_ids oci:pushed:there)" "$(diff_ids oci:zstd.planned:1)"

# --- what is in the image -----------------------------------------------------------------------

top() { # top LAYOUT: the top layer, as tar lists it, without sizes and dates
	local digest
	digest=$(jq -r '.layers[-1].digest' "$1/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$1/index.json")")
	decompress <"$1/blobs/sha256/${digest#sha256:}" | tar -tv --numeric-owner |
		awk '{ printf "%s %s", $1, $2; for (i = 6; i <= NF; i++) printf " %s", $i; print "" }'
}
sed -i 's/tools = busybox;/tools = busybox; fakeroot = "\/usr"; nix = "\/usr"; sqlite = "\/usr";/' world.nix
for way in build-side planned client-side; do
	ok "commands, $way" build made --argstr build $way
	ln -s "$built" made.$way
done
is "modes and owners are as the commands left them" "$(top made.build-side | grep -E ' (tmp|home|bin/$|library)')" \
	"drwx--x--x 0/0 bin/
drwxr-xr-x 0/0 home/
drwxr-xr-x 1000/100 home/app/
drwxr-xr-x 1000/100 home/app/a [b]/
-rw------- 1000/100 home/app/a [b]/*
lrwxrwxrwx 0/0 library -> $(path_of libjq)/lib/
drwxrwsrwt 0/0 tmp/"
same "planned is build-side" made.planned/ made.build-side/
same "client-side is build-side" made.client-side/ made.build-side/
ok "what links lead to is in the image" grep -q libjq <(jq -r '.layers[].items[]' \
	"$(nix-build --no-out-link images.nix -A made.plan 2>/dev/null)")
empty "and the tree is there once" "$(jq -r '.layers[].items[]' \
	"$(nix-build --no-out-link images.nix -A made.plan 2>/dev/null)" | grep made-root)"
for way in build-side client-side; do
	ok "permissions, $way" build permitted --argstr build $way
	is "apply, $way" "$(top "$built" | grep -E ' (data|etc)')" "drwxr-x--- 7/8 data/
drwxr-x--- 7/8 data/in/
drwxr-xr-x 5/6 etc/
lrwxrwxrwx 5/6 etc/links -> $(path_of busybox)/bin"
done
ok "buildImage" build flat
is "has one layer" "$(diff_ids "oci:$built:1" | wc -l)" 1
is "podman runs it" "$(podman_run "$(podman_ pull -q "oci:$built:1")")" "$(jq --version)"
for way in build-side planned client-side; do
	ok "nix2container's way, $way" build grouped --argstr build $way
	ln -s "$built" grouped.$way
done
same "planned is build-side" grouped.planned/ grouped.build-side/
same "client-side is build-side" grouped.client-side/ grouped.build-side/
plan=$(nix-build --no-out-link images.nix -A grouped.plan 2>/dev/null)
is "groups come first, the lowest below" "$(jq -r '.layers[0, 1].items[] | sub(".*/[^-]*-"; "")' "$plan")" "libc
busybox"
is "podman runs it" "$(podman_run "$(podman_ pull -q oci:grouped.planned:1)")" "$(jq --version)"
skopeo_copy oci:grouped.planned:1 "dir:$scratch/grouped.dir" && layer_tars grouped.dir grouped.tars
mkdir unpacked
for tar in grouped.tars/*; do
	tar -xf "$tar" -C unpacked
done
is "Nix knows what is in it" "$(sqlite3 unpacked/nix/var/nix/db/db.sqlite 'select path from ValidPaths order by path')" \
	"$(printf '%s\n' "$(path_of busybox)" "$(path_of libc)" | sort)"
ok "and finds it intact" nix-store --verify --check-contents --store "local?root=$scratch/unpacked"
ok "the database is the same every time" nix-build --check --no-out-link "$(nix-store -q --deriver \
	"$(jq -r '.customisation.copies[].from' "$plan" | grep database)")"
ok "links alone" build linksOnly
is "bring no items" "$(top "$built" | grep -c ' nix/store/')" 0

# --- failures -----------------------------------------------------------------------------------

fails() { # fails WORDS NAME ARGUMENT…
	local words=$1 name=$2
	shift
	not "$name fails" build "$@"
	ok "and says: $words" grep -qF -- "$words" build.log
}
fails "use --max-layers" zstd --argstr strategy per-item --argstr maxLayers 2
fails "config.Cmd must be a list of strings" wrong.config
fails "known are Cmd, Entrypoint" wrong.member
fails "choose one of build-side, planned, client-side" wrong.way
fails "is not in the store: give a derivation" wrong.item
fails "/nothing'" wrong.missing
fails "not in a chroot of it" wrong.chroot
fails "/hom/**" wrong.rule
fails "in no layer of the plan" wrong.forgets
fails "does not belong to this image" wrong.stale
fails "which is not in the store" wrong.stale --argstr build client-side

# The first file of the manual, as it stands.
mkdir manual && ln -s "$STRATAPACK_SOURCE" manual/stratapack && cp -a content/busybox manual/
# shellcheck disable=SC2016 # these are backticks
sed -n '/^```nix$/,/^```$/p' "$STRATAPACK_SOURCE/docs/nix.md" | sed '1d; /^```$/Q' >manual/image.nix
ok "the manual's example builds" nix-build --out-link manual/result manual/image.nix
is "and runs" "$(podman_run "$(podman_ load -q -i manual/result | sed 's/.*: //')" \
	/bin/sh -c 'echo shell')" shell

# --- as a flake, with nixpkgs -------------------------------------------------------------------

# Flakes are copied into the store whole: only what belongs to ours.
mkdir -p source flake/nixpkgs
(cd "$STRATAPACK_SOURCE" && tar -c flake.nix meson.build frontends) | tar -x -C source
cp flake.nix flake/ && cp nixpkgs/flake.nix flake/nixpkgs/
mkdir flake/nixpkgs/content && cp -a content/busybox flake/nixpkgs/content/
cp "$STRATAPACK_STATIC" flake/nixpkgs/stratapack
printf '{ system = "%s"; content = ./content; program = ./stratapack; }\n' \
	"$(nix-instantiate --eval -E builtins.currentSystem | tr -d '"')" >flake/nixpkgs/host.nix
flaked() {
	nix build --no-write-lock-file --out-link flaked "path:$scratch/flake" \
		--override-input stratapack "path:$scratch/source" \
		--override-input stratapack/nixpkgs "path:$scratch/flake/nixpkgs"
}
ok "a flake builds an image" flaked
is "which runs" "$(podman_run "$(podman_ load -q -i flaked | sed 's/.*: //')" \
	/bin/sh -c 'echo flaked')" flaked

# --- what lives on ------------------------------------------------------------------------------

layer=$(nix-store -q --outputs "$(head -n 1 zstd.layers)")
recipe=$(nix-store -q --references "$(head -n 1 zstd.layers)" | grep -m 1 recipe)
item=$(jq -r '.items[0].id' "$recipe")
ok "an item is there, and its layer" [ -e "$item" -a -e "$layer" ]
ln -s "$layer" /nix/var/nix/gcroots/layer
# By default a store keeps the derivation of whatever is alive, and so the recipe that it is made from,
# which refers to the items.
ok "garbage is collected" nix-store --gc
is "with its derivation, a layer keeps its items" "$([ -e "$layer" ] && [ -e "$item" ] && echo kept)" kept
ok "garbage is collected, derivations too" nix-store --gc --option keep-derivations false
is "a layer lives on, without its items" "$([ -e "$layer" ] && [ ! -e "$item" ] && echo gone)" gone
done_testing
