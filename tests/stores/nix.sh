#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The derivations of the Nix front end: three architectures, layers that images share, plans in hand,
# several builds at a time, another machine, what the store keeps.
# shellcheck source=tests/stores/nix/common.sh
. "$(dirname "$0")/nix/common.sh"
# shellcheck source=tests/stores/common/garbage.sh
. "$STRATAPACK_SOURCE/tests/stores/common/garbage.sh"

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

# A plan beside the expression.
fails "plan.json yet: make it from the attribute" build checkedIn
write_plan() {
	install -m 644 "$(nix-build --no-out-link images.nix -A checkedIn.newPlan 2>/dev/null)" plan.json
}
must "newPlan is what to write there" write_plan
ok "without import from derivation" build checkedIn --argstr build client-side \
	--option allow-import-from-derivation false
same "it gives the same bytes" "$built/" zstd.planned/
empty "and builds no layer" "$(made_layers)"
not "without the plan, the client-side way imports" build zstd --argstr build client-side \
	--option allow-import-from-derivation false
ok "the others do not" build zstd --argstr build planned --option allow-import-from-derivation false
layers_of checkedIn >checkedIn.layers
cp plan.json first.json
echo new >content/libzstd/news
for way in build-side planned client-side; do
	fails "make it again from the attribute \`newPlan\`" build checkedIn --argstr build $way
done
must "newPlan, again" write_plan
is "moves nothing to another layer" "$(jq -c '.layers[].items | map(sub(".*/[^-]*-"; ""))' plan.json)" \
	"$(jq -c '.layers[].items | map(sub(".*/[^-]*-"; ""))' first.json)"
ok "an image of what is new" build checkedIn --argstr build client-side \
	--option allow-import-from-derivation false
is "layers with what changed are made" "$(made_layers | wc -l)" \
	"$(layers_of checkedIn | comm -13 checkedIn.layers - | wc -l)"
is "the others are not: libc, busybox, the file of zstd" "$(layers_of checkedIn | comm -12 checkedIn.layers - | wc -l)" 3
ok "a plan of the past" build after --argstr build client-side
same "gives the same" "$built/" "$(nix-build --no-out-link images.nix -A checkedIn 2>/dev/null)/"
rm content/libzstd/news

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
		'mount --bind machine/nix /nix && exec /usr/sbin/sshd -D -e -f "$PWD/ssh/config"' 2>ssh/log 8<&- &
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

# --- what lives on ------------------------------------------------------------------------------

# Any layer of items: which derivation comes first, only hashes decide.
while read -r derivation; do
	layer=$(nix-store -q --outputs "$derivation")
	recipe=$(nix-store -q --references "$derivation" | grep -m 1 recipe)
	item=$(jq -r '.items[0].id // ""' "$recipe")
	[ -z "$item" ] || break
done <zstd.layers
ok "an item is there, and its layer" [ -e "$item" -a -e "$layer" ]
ln -s "$layer" /nix/var/nix/gcroots/layer
# By default a store keeps the derivation of whatever is alive, and so the recipe that it is made from,
# which refers to the items.
ok "garbage is collected" nix-store --gc
is "with its derivation, a layer keeps its items" "$([ -e "$layer" ] && [ -e "$item" ] && echo kept)" kept
ok "garbage is collected, derivations too" nix-store --gc --option keep-derivations false
is "a layer lives on, without its items" "$([ -e "$layer" ] && [ ! -e "$item" ] && echo gone)" gone

# --- garbage ------------------------------------------------------------------------------------

content=$(nix-build --no-out-link images.nix -A world.zstd 2>/dev/null)
nix-store -q --requisites "$content" | sort >items
collect_nix() {
	nix-store --gc
}
archived() { # archived ARGUMENTS…: an archive of an image, to the standard output
	"$STRATAPACK" build "$@" -o docker-archive:-:x
}
ok "garbage is collected in the middle of a build" collect_meanwhile collect_nix archived "$content"
same "which nix-daemon keeps the items for" meanwhile.items items
ok "the image is whole" "$STRATAPACK" verify docker-archive:meanwhile.tar
nix-store --gc >/dev/null 2>&1
# A process of another store's builder, of the same name, may keep one.
empty "afterwards they go" "$(items_there | grep -e -zstd)"
fails_with 1 "/nowhere" "a daemon of Nix that is not there" env NIX_DAEMON_SOCKET_PATH=/nowhere \
	"$STRATAPACK" plan "$(nix-build --no-out-link images.nix -A world.zstd 2>/dev/null)"
done_testing
