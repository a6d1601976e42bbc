#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the customisation copies, links and changes: from the command line, in steps, cached, with real
# clients, and over a Debian system.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

make_store "$scratch/root"
graph=(--graph "$scratch/root/graph.json" --root "$scratch/root")
mkdir -p skeleton/home/app/cache skeleton/etc more
echo configured >skeleton/etc/app.conf
echo secret >skeleton/home/app/key
ln -s /etc/app.conf skeleton/home/app/conf
echo later >more/app.conf
chmod 1777 skeleton/home/app/cache
customisation=(--copy ./skeleton/ --copy more/app.conf=/etc/app.conf --link "$shell" --link "$data/share=/usr/share/data"
	--chmod '/home/app/key=go=' --chown '/home/app/**=1000:100' --mkdir /var/empty:555)

# top IMAGE: what is in the top layer, as tar lists it, without dates and sizes.
top() {
	local digest
	digest=$(jq -r '.layers[-1].digest' "$1/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$1/index.json")")
	decompress <"$1/blobs/sha256/${digest#sha256:}" | tar -tv --numeric-owner |
		awk '{ printf "%s %s", $1, $2; for (i = 6; i <= NF; i++) printf " %s", $i; print "" }'
}

ok "build" "$STRATAPACK" build "${graph[@]}" "${customisation[@]}" --cmd /bin/sh -o oci:built:custom:1 \
	-o docker-archive:built.tar:custom:1
is "what is in the customisation" "$(top built | grep -v usr/share/data/)" "drwxr-xr-x 0/0 bin/
lrwxrwxrwx 0/0 bin/busybox -> $shell/bin/busybox
lrwxrwxrwx 0/0 bin/sh -> $shell/bin/sh
drwxr-xr-x 0/0 etc/
-rw-r--r-- 0/0 etc/app.conf
drwxr-xr-x 0/0 home/
drwxr-xr-x 1000/100 home/app/
drwxrwxrwt 1000/100 home/app/cache/
lrwxrwxrwx 1000/100 home/app/conf -> /etc/app.conf
-rw------- 1000/100 home/app/key
drwxrwxrwt 0/0 tmp/
drwxr-xr-x 0/0 usr/
drwxr-xr-x 0/0 usr/share/
drwxr-xr-x 0/0 var/
dr-xr-xr-x 0/0 var/empty/"
is "links lead into the store" "$(top built | grep -c -- "-> $data/share/")" \
	"$(find "root$data/share" -mindepth 1 ! -type d -printf . | wc -c)"
ok "podman loads it" podman_ load -i built.tar
is "and sees the contents" "$(podman_run --user 1000:100 custom:1 \
	/bin/sh -c '/bin/busybox cat /etc/app.conf /home/app/key /usr/share/data/name')" "later
secret
stratapack"

# In steps: the recipe stands alone.
ok "plan" "$STRATAPACK" plan "${graph[@]}" "${customisation[@]}" -o plan.json --recipes recipes
mkdir layers
layers=()
for recipe in recipes/*; do
	layer=layers/$(basename "$recipe" .recipe.json)
	ok "$layer" "$STRATAPACK" layer "$recipe" --root "$scratch/root" -o "$layer"
	layers+=(--layer "$layer")
done
ok "image" "$STRATAPACK" image plan.json "${layers[@]}" --cmd /bin/sh -o oci:joined:custom:1
same "steps give what build gives" joined built
ok "build from the plan" "$STRATAPACK" build --plan plan.json "${graph[@]}" --cmd /bin/sh -o oci:planned:custom:1
same "so does the plan" planned built
echo changed >>skeleton/etc/app.conf
touch -d '2001-01-01' skeleton/home/app/key
fails_with 1 "changed since" "a recipe is for one state of what is copied" \
	"$STRATAPACK" layer "$(printf '%s\n' recipes/* | tail -n 1)" --root "$scratch/root" -o refused
# And so is what a cache has.
build_cached() {
	STRATAPACK_CACHE=$scratch/cache "$STRATAPACK" build "${graph[@]}" --copy skeleton -o "oci:$1:custom:1"
}
ok "build into a cache" build_cached cached-1
echo secret2 >skeleton/home/app/key
ok "and again after a change" build_cached cached-2
is "one layer is another" "$(comm -13 <(diff_ids oci:cached-1:1 | sort) <(diff_ids oci:cached-2:1 | sort) | wc -l)" 1

cat >rules.json <<'END'
[{"paths": "/etc/**", "mode": "700"}, {"paths": "/etc/app.conf", "mode": "640", "uid": 3, "gid": 4}]
END
ok "permissions from a file" "$STRATAPACK" build "${graph[@]}" --copy skeleton --permissions rules.json \
	-o oci:ruled
is "are applied" "$(top ruled | grep ' etc/')" "drwx------ 0/0 etc/
-rw-r----- 3/4 etc/app.conf"

# Mistakes.
refuse() { # refuse STATUS WORDS OPTION…
	local status=$1 words=$2
	shift 2
	fails_with "$status" "$words" "refuses $*" "$STRATAPACK" build "${graph[@]}" "$@" -o oci:refused
	not "and writes nothing" test -e refused
}
refuse 1 "the permissions for '/hom/**'" --copy skeleton --chmod '/hom/**=u+w'
refuse 2 "GLOB=MODE" --copy skeleton --chmod '/home/**=u+z'
refuse 2 "GLOB=UID:GID" --copy skeleton --chown '/home/**=app'
refuse 1 "nowhere" --copy nowhere
refuse 2 "no absolute path" --copy skeleton=etc
refuse 1 "rules.json" --copy skeleton --permissions rules.json/x
refuse 1 "/store/nothing" --link /store/nothing

# Over a system, directories stay as they are there, and links are not replaced.
mkdir -p system/bin system/var/lib/dpkg over/usr/bin over/tmp
mkdir -p system/usr/bin && rmdir system/bin && ln -s usr/bin system/bin && chmod 711 system/usr
cat >system/var/lib/dpkg/status <<'END'
Package: tool
Status: install ok installed
Architecture: amd64
Version: 1
END
mkdir -p system/var/lib/dpkg/info
printf '/.\n/bin\n/usr\n/usr/bin\n' >system/var/lib/dpkg/info/tool.list
echo mine >over/usr/bin/mine
ok "a copy over a system" "$STRATAPACK" plan --root system tool --copy over -o over.json
is "keeps the system's directories" "$(jq -r '.customisation.entries[] | .path + " " + .mode' over.json)" "/tmp 1777
/usr 0711
/usr/bin $(stat -c 0%a system/usr/bin)"
ok "a copy to a link" "$STRATAPACK" plan --root system tool --copy over/usr/bin=/bin -o linked.json
is "goes where that leads" "$(jq -c '[.customisation.copies[].to, .customisation.followed]' linked.json)" \
	'["/usr/bin",[{"path":"/bin","to":"/usr/bin"}]]'
done_testing
