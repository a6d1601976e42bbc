#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is in the images of the Nix front end, and what it says where something is wrong.
# shellcheck source=tests/stores/nix/common.sh
. "$(dirname "$0")/nix/common.sh"

# --- what is in the image -----------------------------------------------------------------------

top() { # top LAYOUT: the top layer, as tar lists it, without sizes and dates
	local digest
	digest=$(jq -r '.layers[-1].digest' "$1/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$1/index.json")")
	decompress <"$1/blobs/sha256/${digest#sha256:}" | tar -tv --numeric-owner |
		awk '{ printf "%s %s", $1, $2; for (i = 6; i <= NF; i++) printf " %s", $i; print "" }'
}
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
for name in made madeDatabase; do
	[ $name = made ] && file=made.json || file=made-database.json
	must "a plan beside $name" install -m 644 "$(nix-build --no-out-link images.nix -A $name.newPlan 2>/dev/null)" "$file"
	must "$name" build $name
	ln -s "$built" $name.planless
	for way in build-side planned client-side; do
		ok "evaluates without building, $name, $way" build ${name}Checked --argstr build $way \
			--option allow-import-from-derivation false
		same "the same bytes, $name, $way" "$built/" $name.planless/
	done
done
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
	"$(cd unpacked && find nix/store -mindepth 1 -maxdepth 1 -name '*-*' -printf '/nix/store/%f\n' | sort)"
ok "and finds it intact" nix-store --verify --check-contents --store "local?root=$scratch/unpacked"
ok "the database is the same every time" nix-build --check --no-out-link "$(nix-store -q --deriver \
	"$(jq -r '.customisation.copies[].from' "$plan" | grep database)")"
# A whole Nix in an image.
must "Debian's Nix as an item" collect_program nix
for way in build-side planned client-side; do
	must "an image with Nix, $way" build withNix --argstr build $way
	ln -s "$built" with-nix.$way
done
same "planned is build-side" with-nix.planned/ with-nix.build-side/
same "client-side is build-side" with-nix.client-side/ with-nix.build-side/
image=$(podman_ pull -q oci:with-nix.build-side:1)
inside() { podman_run --volume "$scratch/shared:/shared" "$image" "$@"; }
mkdir shared
ok "in a container, it finds its store intact" inside nix-store --verify --check-contents
is "and knows what refers to what" "$(inside nix-store --query --requisites /bin/jq)" \
	"$(nix-store --query --requisites "$(path_of jq)")"
is "all that is in the store, and nothing else, is known to it" \
	"$(inside sh -c 'nix-store --query --requisites /nix/var/nix/gcroots/stratapack/* | sort')" \
	"$(inside find /nix/store -mindepth 1 -maxdepth 1 -name '*-*' | sort)"
ok "it collects no garbage" inside sh -c 'nix-store --gc && jq --version'
cat >shared/new.nix <<-END
	derivation {
	  name = "new";
	  system = builtins.currentSystem;
	  builder = "$(path_of busybox)/bin/sh";
	  args = [ "-c" "$(path_of jq)/bin/jq -n 1+1 >\$out" ];
	}
END
cat >shared/build <<-"END"
	new=$(nix-build --no-out-link /shared/new.nix) && cat "$new"
END
is "and builds something new on what is there" \
	"$(inside sh /shared/build 2>new.log || cat new.log >&2)" 2

for way in build-side planned client-side; do
	ok "layeringPipeline, $way" build piped --argstr build $way
	ln -s "$built" piped.$way
done
is "layers are those that it makes" "$(jq -c '.layers[].items | map(sub(".*/[^-]*-"; "")) | sort' \
	"$(nix-build --no-out-link images.nix -A piped.plan 2>/dev/null)")" '["busybox","libc"]
["jq"]
["libjq"]
["jq"]'
same "planned is build-side" piped.planned/ piped.build-side/
same "client-side is build-side" piped.client-side/ piped.build-side/

ok "links alone" build linksOnly
is "bring no items" "$(top "$built" | grep -c ' nix/store/')" 0

# --- failures -----------------------------------------------------------------------------------

fails "use --max-layers" build zstd --argstr strategy per-item --argstr maxLayers 2
fails "config.Cmd must be a list of strings" build wrong.config
fails "buildLayeredImage has no argument \`content\`; it has annotations, architecture" build wrong.argument
fails "Cmd and cmd, which are the same" build wrong.twice
fails "created must be seconds since 1970" build wrong.date
fails "buildLayeredImage: runAsRoot is not supported: it needs a virtual machine" build wrong.virtual
fails "known are Cmd, Entrypoint" build wrong.member
fails "choose one of build-side, planned, client-side" build wrong.way
fails "is not in the store: give a derivation" build wrong.item
fails "/nothing'" build wrong.missing
fails "needs \`proot\`" build wrong.chroot
fails "give \`tools\`" build wrong.noShell
fails "needs \`nix\`" build wrong.noNix
fails "/hom/**" build wrong.rule
fails "in no layer of the plan" build wrong.forgets
fails "make it again from the attribute" build wrong.stale
fails "does not belong to this image" build wrong.foreign
fails "00000000000000000000000000000000-gone' does not exist" build wrong.foreign --argstr build client-side
fails "the operations are flatten," build wrong.pipeline
fails "but the bound has room for" build piped --argstr maxLayers 3

done_testing
