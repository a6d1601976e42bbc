#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What surrounds the layers: names in layouts, configs that containers can run, marks of overlays, what an
# image names and does not have.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1
echo '{"stratapackGraph":1,"items":[]}' >empty.json
empty_image() { # empty_image OPTION…
	"$STRATAPACK" build --graph empty.json --no-cache -q "$@"
}
labels() { # labels REFERENCE: as skopeo finds it
	skopeo inspect "oci:$1" | jq -r '.Labels.is'
}

# --- names in layouts ---------------------------------------------------------------------------

for name in web:latest db:latest v1 example.org/team/tool:2; do
	ok "build oci:names:$name" empty_image --label is="$name" -o "oci:names:$name"
done
is "skopeo finds a lone word under what was typed" "$(labels names:v1)" v1
is "others by their tag" "$(labels names:latest) $(labels names:2)" "web:latest example.org/team/tool:2"
is "or, where another image has that, by what was typed" "$(labels names:db:latest)" db:latest
for name in web:latest db:latest v1 example.org/team/tool:2; do
	is "we find $name" "$("$STRATAPACK" inspect --json "oci:names:$name" | jq -r '.images[].config.Labels.is')" "$name"
done
ok "build one of them again" empty_image --label is=newer -o oci:names:v1
is "it takes the place of the other" "$(labels names:v1) $(jq '.manifests | length' names/index.json)" "newer 4"
ok "build without a name" empty_image --label is=one -o oci:names
ok "and again" empty_image --label is=two -o oci:names
is "unnamed images do not pile up" "$(jq '[.manifests[] | select(.annotations == null)] | length' names/index.json)" 1
ok "an older layout, whose references are tags" jq -c '.manifests |= [.[] | if .annotations then
	.annotations["org.opencontainers.image.ref.name"] |= sub(".*:"; "") else . end]' names/index.json
cp ok.log names/index.json
ok "is still read" "$STRATAPACK" inspect oci:names:example.org/team/tool:2

# --- a platform's blobs of a whole index ---------------------------------------------------------

ok "an image for one platform" empty_image --architecture arm64 -o oci:arm:x
ok "and for another" empty_image --architecture amd64 -o oci:amd:x
ok "in one index" "$STRATAPACK" index oci:arm oci:amd -o oci:both:x
index=both/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' both/index.json)
arm=$(jq -r '.manifests[] | select(.platform.architecture == "arm64").digest[7:]' "$index")
rm "both/blobs/sha256/$arm"
ok "inspect takes what is there" "$STRATAPACK" inspect both
ok "verify too" "$STRATAPACK" verify both
ok "and a base" empty_image --architecture amd64 --base both -o oci:based:x
# The program is $0 of the inner shell.
# shellcheck disable=SC2016
fails_with 1 "both of the platform linux/arm64" "arm64 and arm64/v8 are one platform" \
	bash -c '"$0" build --graph empty.json --no-cache -q --architecture arm64 --variant v8 -o oci:arm8:x &&
		"$0" index oci:arm oci:arm8 -o oci:twice:x' "$STRATAPACK"

# --- diff ---------------------------------------------------------------------------------------

mkdir -p data && seq 1000 >data/numbers
ok "a layer with gzip" empty_image --copy data=/data -o oci:gzip:x
ok "and with zstd" empty_image --copy data=/data --compression zstd -o oci:zstd:x
"$STRATAPACK" diff gzip zstd >diff.txt
ok "is compressed differently" grep -q "compressed differently" diff.txt
is "in JSON as well" "$("$STRATAPACK" diff --json gzip zstd | jq -c '.layers[0].compressedDifferently')" true

# --- the config ---------------------------------------------------------------------------------

refuse() { # refuse WORDS OPTION…
	fails_with 2 "$1" "refuses ${*:2}" empty_image "${@:2}" -o oci:refused:x
}
for path in / // /.. /a/.. /a/./b /.; do
	refuse volume --volume "$path"
done
for signal in SIGNONE TERMINATE 0 65 SIGRTMIN+31 sigterm; do
	refuse signal --stop-signal "$signal"
done
for user in "" -1 2147483648 "a b" a:b:c a: :b 1/2; do
	refuse user --user "$user"
done
for port in 0 65536 2-1 1-65536 80/xyz x; do
	refuse port --expose "$port"
done
ok "what is right" empty_image --volume '/my data' --volume /srv --stop-signal SIGRTMIN+3 --user 1000:1000 --expose 8000-8002/TCP \
	--expose 53/udp -o oci:right:x
is "is in the config" "$(skopeo inspect --config oci:right:x | jq -c '.config | [(.ExposedPorts | keys), (.Volumes | keys), .StopSignal, .User]')" \
	'[["53/udp","8000/tcp","8001/tcp","8002/tcp"],["/my data","/srv"],"SIGRTMIN+3","1000:1000"]'
jq -c '.config.Env = ["PATH=/bin", "BARE"] | .config.OnBuild = ["RUN x"]' \
	"right/blobs/sha256/$(skopeo inspect --raw oci:right:x | jq -r '.config.digest[7:]')" >config.json
ok "an image whose config has more" umoci init --layout odd
ok "made by hand" python3 - <<'END'
import hashlib, json, os, shutil
shutil.copytree("right", "odd", dirs_exist_ok=True)
def put(data):
    name = hashlib.sha256(data).hexdigest()
    with open("odd/blobs/sha256/" + name, "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + name, "size": len(data)}
with open("right/index.json") as file:
    index = json.load(file)
with open("right/blobs/sha256/" + index["manifests"][0]["digest"][7:]) as file:
    manifest = json.load(file)
with open("config.json", "rb") as file:
    manifest["config"].update(put(file.read()))
index["manifests"][0].update(put(json.dumps(manifest).encode()))
with open("odd/index.json", "w") as file:
    json.dump(index, file)
END
ok "as a base" "$STRATAPACK" build --graph empty.json --no-cache --base odd -o oci:even:x
cp ok.log log
is "loses a variable that no client takes" "$(skopeo inspect --config oci:even:x | jq -c .config.Env)" '["PATH=/bin"]'
ok "which is said" grep -q "'BARE' without a value" log
ok "and that ONBUILD is not run" grep -q "ONBUILD" log

ok "a name whose tag is another image's only name" empty_image --label is=a -o oci:displaced:a:1
ok "does not lose it" empty_image --label is=b -o oci:displaced:1
is "skopeo finds the second under what was typed" "$(labels displaced:1)" b
is "and the first under its name" "$(labels displaced:a:1)" a
ok "which can be written again" empty_image --label is=c -o oci:displaced:a:1
is "in its place" "$(labels displaced:a:1) $(labels displaced:1) $(jq '.manifests | length' displaced/index.json)" "c b 2"

# --- labels that containers can have -------------------------------------------------------------

versions() { # versions FIRST LAST VERSION: the graph of items with long names
	local i
	for i in $(seq "$1" "$2"); do
		mkdir -p "many/srv/an-item-with-a-long-name-$i" && echo "$i" >"many/srv/an-item-with-a-long-name-$i/file"
		jq -nc --arg id "an-item-with-a-long-name-$i" --arg version "$3" '{$id, $version, trees: ["/srv/" + $id]}'
	done | jq -sc '{stratapackGraph: 1, items: .}'
}
of_many() { # of_many GRAPH LAYOUT OPTION…
	"$STRATAPACK" build --graph "$1" --root many --no-cache -q -o "oci:$2:x:1" "${@:3}"
}
longest_label() {
	skopeo inspect "oci:$1:1" | jq '[.Labels // {} | to_entries[] | (.key + .value | utf8bytelength)] | max // 0'
}
told_versions() { # told_versions LAYOUT: how many items have which version
	"$STRATAPACK" inspect --json "$1" | jq -c '[.. | .versions? // empty | .[]] | group_by(.) | map([.[0], length])'
}
versions 1 130 "1:2.3.4-5+deb12u1" >one.json
versions 121 160 "1:2.3.4-5+deb12u2" >two.json
ok "an image of many items" of_many one.json many-one
is "has no label that containerd refuses" "$(($(longest_label many-one) <= 4096))" 1
ok "one of the same items in newer versions" bash -c 'sed s/deb12u1/deb12u9/g one.json >newer.json'
ok "is built" of_many newer.json many-newer
is "every version is read back" "$("$STRATAPACK" diff --json many-one many-newer | grep -o 'deb12u[19]' | sort | uniq -c | tr -s ' \n' ' ')" \
	" 130 deb12u1 130 deb12u9 "
ok "an image on it" of_many two.json many-two --base oci:many-one --force-overlap
is "has none either" "$(($(longest_label many-two) <= 4096))" 1
is "and knows the versions of both" "$(skopeo inspect --config oci:many-two:1 |
	jq -r '.history[] | select(.created_by == "stratapack versions" and .empty_layer).comment' |
	tr ' ' '\n' | sed 's/.*=//' | sort | uniq -c | tr -s ' \n' ' ')" \
	" 130 1:2.3.4-5+deb12u1 40 1:2.3.4-5+deb12u2 "

# --- marks of overlays --------------------------------------------------------------------------

mkdir -p marked/in && mknod marked/gone c 0 0 && setfattr -n user.overlay.opaque -v y marked/in
must "a layer with marks" tar --xattrs --xattrs-include='*' -C marked -cf marked.tar .
must "in an image" bash -c 'umoci init --layout marks && umoci new --image marks:x && umoci raw add-layer --image marks:x marked.tar'
"$STRATAPACK" verify marks >log 2>&1
is "verify finds them" $? 3
ok "the device" grep -q "gone' is an overlay's mark" log
ok "and the attribute" grep -q "in' has an attribute" log

# --- what the image does not have ---------------------------------------------------------------

make_store "$scratch/root"
told() { # told OPTION…
	"$STRATAPACK" build --graph root/graph.json --root root --no-cache "$@" -o oci:told:x >log 2>&1
	local status=$?
	cat log
	return $status
}
ok "an entrypoint that is misspelt" told --entrypoint "$shell/bin/bussybox"
ok "is told, with what is there" grep -q "the entrypoint '$shell/bin/bussybox' is not in the image; there is '$shell/bin/busybox'" log
told --entrypoint busybox
ok "one that is not in PATH" grep -q "the entrypoint 'busybox' is not in the image; there is '$shell/bin/busybox'" log
told --entrypoint busybox --link "$shell"
not "one that is" grep -q "is not in the image" log
mkdir -p app && printf '#!/bin/sh\n' | tee app/plain >app/run && chmod 755 app/run && ln -s /none app/dangling
told --copy app=/app --entrypoint /app/plain
ok "one without the right to run it" grep -q "the entrypoint '/app/plain' is not executable: its mode is 0644" log
told --copy app=/app --chmod '/app/plain=0755' --entrypoint /app/plain
not "one that gets it" grep -q "executable" log
told --copy app=/app --entrypoint /app
ok "a directory" grep -q "the entrypoint '/app' is a directory" log
told --copy app=/app --entrypoint /app/dangling
ok "a link that leads nowhere" grep -q "the entrypoint '/app/dangling' is not in the image$" log
told --copy app=/app --entrypoint /app/run --workdir /app
not "nothing where all is well" grep -q "/app" log
told --copy app=/app --workdir /app/run
ok "a working directory that is a file" grep -q "the working directory '/app/run' is a file" log
told --symlink /x=/store/none
ok "the target of a link" grep -q "the target of a link, '/store/none' is not in the image" log
fails_with 1 "'$shell/bin/bussybox', is not there; there is '$shell/bin/busybox'" "a relative target is an error" \
	"$STRATAPACK" build "$shell" --graph root/graph.json --root root --no-cache --symlink /x=bin/bussybox -o oci:told:x
told --user app
ok "a user that nobody knows" grep -q "the user 'app' is not in the image: it has no /etc/passwd" log
mkdir etc && echo 'app:x:1000:1000::/:/bin/sh' >etc/passwd
told --user app --copy etc=/etc
not "one that is there" grep -q "is not in the image" log
told --user app:staff --copy etc=/etc
ok "a group that nobody knows" grep -q "the group 'staff' is not in the image: it has no /etc/group" log
echo 'staff:x:50:' >etc/group
told --user app:staff --copy etc=/etc
not "one that is there too" grep -q "is not in the image" log
ok "an image with both" empty_image --copy etc=/etc -o oci:accounts:x
for group in staff others; do
	"$STRATAPACK" build --graph empty.json --no-cache --base oci:accounts --user "app:$group" -o oci:told:x 2>&1
done >log
is "as a base knows both, and no others" "$(grep -o "the [a-z]* '[a-z]*' is not in the image" log)" \
	"the group 'others' is not in the image"
told --user 1000
not "and numbers need none" grep -q "is not in the image" log
fails_with 1 "containerd" "a label of one's own that is longer is refused" of_many one.json long \
	--label "long=$(printf '%05000d' 0)"
ok "and nothing is written" test ! -e long
done_testing
