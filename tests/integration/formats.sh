#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every format that we write, read by the tools of others.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$scratch" || exit 1

make_store "$scratch/root"
mapfile -t store < <(store_options "$scratch/root")
name=example.org/team/hello:2.0

must "build: all formats in one run" "$STRATAPACK" build "${store[@]}" --strategy per-item \
	-S "/bin=$shell/bin" \
	-o "docker-v1-archive:v1.tar:$name" -o "docker-archive:docker.tar:$name" -o "oci:layout:$name" \
	-o "oci-archive:oci.tar:$name" -o "universal-archive:universal.tar:$name" -o dir:directory

# skopeo reads each transport, and the layers are the same in all of them.
wanted=$(diff_ids dir:directory)
is "five layers" "$(wc -l <<<"$wanted")" 5
for source in "docker-archive:v1.tar:$name" "docker-archive:docker.tar:$name" oci:layout:2.0 \
	"oci-archive:oci.tar" "docker-archive:universal.tar:$name" oci-archive:universal.tar dir:directory; do
	copy=copy-${source//[:\/]/-}
	ok "skopeo copies $source" skopeo_copy "$source" "dir:$copy"
	is "diff IDs of $source" "$(diff_ids "dir:$copy")" "$wanted"
	layer_tars "$copy" "$copy.layers"
	is "diff IDs of $source are those of its layers" \
		"$(for layer in "$copy.layers"/*; do sha256 "$layer"; done)" "$wanted"
done
is "the manifest is copied unchanged" "$(skopeo inspect --raw oci:layout:2.0)" \
	"$(cat copy-oci-layout-2.0/manifest.json)"

# The other compressions, where they are allowed.
for compression in none gzip:1 zstd zstd:9; do
	directory=layout-${compression/:/-}
	ok "build with $compression" "$STRATAPACK" build "${store[@]}" --strategy per-item \
		-S "/bin=$shell/bin" --compression "$compression" -o "oci:$directory:$name" \
		-o "oci-archive:$directory.tar:$name"
	is "diff IDs do not depend on compression $compression" "$(diff_ids "oci:$directory:2.0")" "$wanted"
	ok "skopeo copies $compression" \
		skopeo_copy "oci-archive:$directory.tar" "dir:copy-$directory"
	ok "verify with $compression" "$STRATAPACK" verify "oci:$directory:$name"
done
for transport in docker-v1-archive docker-archive universal-archive dir; do
	fails_with 2 zstd "$transport refuses zstd, which Docker's formats do not know" "$STRATAPACK" build \
		"${store[@]}" --compression zstd -o "$transport:refused"
done

# Compressed blobs are one member each, whole.
gzip_blobs=0
while read -r digest; do
	blob=layout/blobs/sha256/${digest#sha256:}
	gzip_blobs=$((gzip_blobs + 1))
	ok "gzip -t, layer $gzip_blobs" gzip -t "$blob"
	ok "one gzip member, without time and name, layer $gzip_blobs" /usr/bin/python3 -c '
import sys, zlib
data = open(sys.argv[1], "rb").read()
decoder = zlib.decompressobj(31)
decoder.decompress(data)
assert decoder.eof and not decoder.unused_data, "several members"
assert data[:3] == b"\x1f\x8b\x08" and data[3] == 0, "flags %d" % data[3]
assert data[4:8] == bytes(4) and data[9] == 255, "time or OS"' "$blob"
done < <(skopeo inspect --raw oci:layout:2.0 | jq -r '.layers[].digest')
ok "zstd -t" sh -c 'skopeo inspect --raw oci:layout-zstd:2.0 | jq -r ".layers[].digest" |
	sed s,sha256:,layout-zstd/blobs/sha256/, | xargs zstd -q -t'

# What the specification's schemas say.
validate() { # validate SCHEMA FILE
	/usr/bin/python3 - "$@" <<-'END'
		import json, os, sys, warnings
		warnings.simplefilter("ignore")
		import jsonschema
		folder = "/usr/share/gocode/src/github.com/opencontainers/image-spec/schema/"
		def load(uri):  # a schema is named by several addresses, which end in its file's name
		    return json.load(open(folder + os.path.basename(uri)))
		schema = load(sys.argv[1])
		resolver = jsonschema.RefResolver(schema["id"], schema, handlers={"https": load})
		validator = jsonschema.Draft4Validator(schema, resolver=resolver)
		errors = list(validator.iter_errors(json.load(open(sys.argv[2]))))
		for error in errors:
		    print(list(error.path), error.message)
		sys.exit(1 if errors else 0)
	END
}
for archive in oci universal; do
	mkdir "$archive-files" && tar -xf "$archive.tar" -C "$archive-files"
done
for layout in layout layout-none layout-zstd oci-files universal-files; do
	manifest=$(jq -r '.manifests[0].digest | sub(":"; "/")' "$layout/index.json")
	config=$(jq -r '.config.digest | sub(":"; "/")' "$layout/blobs/$manifest")
	ok "schema: layout of $layout" validate image-layout-schema.json "$layout/oci-layout"
	ok "schema: index of $layout" validate image-index-schema.json "$layout/index.json"
	ok "schema: manifest of $layout" validate image-manifest-schema.json "$layout/blobs/$manifest"
	ok "schema: config of $layout" validate config-schema.json "$layout/blobs/$config"
	is "one history entry for each layer of $layout" \
		"$(jq '[.history | length, (.[] | select(.empty_layer))]' -c "$layout/blobs/$config")" "[5]"
done
jq 'del(.config)' "layout/blobs/$(jq -r '.manifests[0].digest | sub(":"; "/")' layout/index.json)" >wrong.json
not "schemas refuse a manifest without config" validate image-manifest-schema.json wrong.json

# Names stand in both places, as they were given.
is "RepoTags" "$(tar -xOf universal.tar manifest.json | jq -c '.[].RepoTags')" "[\"$name\"]"
is "annotations with the names" "$(jq -cS '.manifests[0].annotations' universal-files/index.json)" \
	"{\"io.containerd.image.name\":\"$name\",\"org.opencontainers.image.ref.name\":\"2.0\"}"

# One layout holds several images.
ok "a second image into the layout" "$STRATAPACK" build "${store[@]}" --strategy single -o oci:layout:other:single
is "both are there" "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' \
	layout/index.json | sort | paste -sd ' ')" "2.0 single"
ok "the first is whole" "$STRATAPACK" verify "oci:layout:$name"
ok "the second is whole" "$STRATAPACK" verify oci:layout:other:single

# umoci unpacks.
for layout in layout layout-none universal-files; do
	ok "umoci unpacks $layout" umoci unpack --rootless --image "$layout:2.0" "bundle-$layout"
	ok "what umoci unpacked is the store, $layout" diff -r --no-dereference root/store \
		"bundle-$layout/rootfs/store"
done

# The layers, listed by two readers of tar.
for layer in copy-dir-directory.layers/*.tar; do
	empty "GNU tar has no complaint about ${layer##*/}" "$(tar -tvf "$layer" 2>&1 >/dev/null)"
	is "bsdtar and GNU tar list the same, ${layer##*/}" \
		"$(bsdtar -tf "$layer" | LC_ALL=C sort)" \
		"$(tar --quoting-style=escape -tf "$layer" | LC_ALL=C sort)"
	empty "no path twice, ${layer##*/}" "$(tar -tf "$layer" | sort | uniq -d)"
done
is "store rules: owner, time, modes" "$(for layer in copy-dir-directory.layers/*.tar; do
	tar --numeric-owner --full-time -tvf "$layer"
done | grep -v ' tmp/$' | awk '{ print $2, $4, $5, substr($1, 6, 1) substr($1, 9, 1) }' | sort -u)" \
	"0/0 1970-01-01 00:00:01 --
0/0 1970-01-01 00:00:01 ww"
is "/tmp is for everyone" "$(for layer in copy-dir-directory.layers/*.tar; do
	tar -tvf "$layer" tmp/ 2>/dev/null
done | cut -c1-10)" drwxrwxrwt

# Archives on stdout.
for transport in docker-v1-archive docker-archive oci-archive universal-archive; do
	# shellcheck disable=SC2016
	ok "$transport on stdout" bash -c 'program=$1; shift; "$program" build "$@" >stdout.tar' bash \
		"$STRATAPACK" "${store[@]}" --strategy per-item -S "/bin=$shell/bin" -o "$transport:-:$name"
	case $transport in
	docker-v1-archive) file=v1.tar ;;
	*) file=${transport%-archive}.tar ;;
	esac
	ok "the same bytes as in a file, $transport" cmp stdout.tar "$file"
done

# Our own readers, on ours and on what others wrote.
ok "others' images: docker-archive by skopeo" skopeo --insecure-policy copy -q oci:layout:2.0 \
	docker-archive:skopeo-docker.tar:example.org/other:1
ok "others' images: oci by umoci" umoci tag --image layout-none:2.0 by-umoci
for source in docker-archive:v1.tar docker-archive:docker.tar docker-v1-archive:v1.tar "oci:layout:$name" \
	oci-archive:oci.tar universal-archive:universal.tar dir:directory v1.tar docker.tar oci.tar \
	universal.tar layout layout-none directory skopeo-docker.tar; do
	ok "verify $source" "$STRATAPACK" verify "$source"
	ok "inspect $source" "$STRATAPACK" inspect "$source"
	# shellcheck disable=SC2016
	ok "inspect --json $source" bash -o pipefail -c '"$1" inspect --json "$2" | jq -e .' bash "$STRATAPACK" "$source"
done
cp -a layout damaged
chmod -R u+w damaged
blob=$(skopeo inspect --raw oci:layout:2.0 | jq -r '.layers[1].digest | sub("sha256:"; "damaged/blobs/sha256/")')
printf 'X' | dd of="$blob" bs=1 seek=200 conv=notrunc status=none
"$STRATAPACK" verify oci:damaged >/dev/null 2>&1
is "verify finds a changed byte" $? 3
truncate -s -1 "$blob"
"$STRATAPACK" verify oci:damaged >/dev/null 2>&1
is "verify finds a missing byte" $? 3
rm "$blob"
"$STRATAPACK" verify oci:damaged >/dev/null 2>&1
is "verify finds a missing blob" $? 3

# Pipes and devices are written to, not replaced.
mkfifo pipe
cat pipe >from-pipe.tar &
ok "an archive into a pipe" "$STRATAPACK" build "${store[@]}" -o docker-archive:pipe:hello
wait $!
ok "the pipe is still one" [ -p pipe ]
ok "what came out is sound" "$STRATAPACK" verify from-pipe.tar
done_testing
