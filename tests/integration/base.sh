#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Images on top of others: bases in every format and by several makers, in every format that we write.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

make_store "$scratch/root"
mapfile -t store < <(store_options "$scratch/root")
graph=(--graph "$scratch/root/graph.json" --root "$scratch/root")
greeting="hello from stratapack"

skopeo() {
	command skopeo --insecure-policy "$@"
}

# --- bases --------------------------------------------------------------------------------------

# The base has a program that the image runs, so that both are needed. Its config has something of
# everything.
mkdir -p below/etc below/bin below/base
cp "$(dpkg -L busybox-static | grep -m1 '/bin/busybox$')" below/bin/busybox
ln -s busybox below/bin/sh
echo below >below/base/name
jq -n --arg root "$scratch/below" '{stratapackGraph: 1, roots: ["/base", "/bin"], items: [
	{id: "/base", trees: ["/base"], content: "store", references: [], size: 10},
	{id: "/bin", trees: ["/bin"], content: "store", references: [], size: 2000000}]}' >below.json
base_options=(--graph below.json --root below --strategy per-item --no-tmp --entrypoint /bin/sh
	--entrypoint -c --cmd 'cat /base/name' --env PATH=/bin --env "GREETING=from the base" --user 12:34
	--workdir /base --label of=base --label base=yes --expose 80 --volume /base --stop-signal SIGQUIT)
name=example.org/base:1
must "a base in every format" "$STRATAPACK" build "${base_options[@]}" --compression gzip \
	-o "oci:base-oci:$name" -o "oci-archive:base-oci.tar:$name" -o "docker-archive:base-docker.tar:$name" \
	-o "docker-v1-archive:base-v1.tar:$name" -o "universal-archive:base-universal.tar:$name" -o dir:base-dir
ok "a base of plain layers" "$STRATAPACK" build "${base_options[@]}" --compression none \
	-o "docker-archive:base-plain.tar:$name"
ok "a strict V1 base" "$STRATAPACK" build "${base_options[@]}" --strict-v1 \
	-o "docker-v1-archive:base-strict.tar:$name"
gzip -k base-plain.tar
zstd -q base-docker.tar
below=$(diff_ids dir:base-dir)
is "a base of two layers" "$(wc -l <<<"$below")" 2

# --- every format on every format ---------------------------------------------------------------

options=("${store[@]}" --strategy single --env OWN=1 --env "GREETING=own" --label of=image)
ok "the image without a base" "$STRATAPACK" build "${options[@]}" -o dir:alone
own=$(diff_ids dir:alone)
image_id=
for base in base-oci base-oci.tar base-docker.tar base-v1.tar base-universal.tar base-dir base-plain.tar \
	base-strict.tar base-plain.tar.gz base-docker.tar.zst oci:base-oci:1 "docker-archive:base-docker.tar:$name"; do
	out=on-${base//[:\/]/-}
	mkdir "$out"
	ok "build on $base" "$STRATAPACK" build "${options[@]}" --base "$base" -o "oci:$out/oci:example.org/on:1" \
		-o "oci-archive:$out/oci.tar:on:1" -o "docker-archive:$out/docker.tar:on:1" \
		-o "docker-v1-archive:$out/v1.tar:on:1" -o "universal-archive:$out/universal.tar:on:1" \
		-o "dir:$out/dir"
	for source in "oci:$out/oci:1" "oci-archive:$out/oci.tar" "docker-archive:$out/docker.tar" \
		"docker-archive:$out/v1.tar" "docker-archive:$out/universal.tar" \
		"oci-archive:$out/universal.tar" "dir:$out/dir"; do
		is "the layers of $source are the base's and its own" "$(diff_ids "$source")" \
			"$below"$'\n'"$own"
		# Compressed and plain layers, from a directory and an archive, are enough to copy.
		case $base in
		base-oci | base-plain.tar) ok "skopeo copies $source" skopeo_copy "$source" "dir:$out/copy" ;;
		esac
		rm -rf "$out/copy"
		ok "we verify $source" "$STRATAPACK" verify "${source%:1}"
	done
	# Whatever the base came in, the image is the same.
	id=$(skopeo inspect --raw "oci:$out/oci:1" | jq -r .config.digest)
	[ "$base" = base-strict.tar ] || is "the image ID on $base" "$id" "${image_id:=$id}"
	is "--describe tells it, $base" "$("$STRATAPACK" build "${options[@]}" --base "$base" --describe |
		jq -r .imageId)" "$id"
done
is "the base's blobs are as they were stored" \
	"$(skopeo inspect --raw oci:on-base-oci/oci:1 | jq -c '.layers[:2]')" \
	"$(skopeo inspect --raw oci:base-oci:1 | jq -c .layers)"
is "plain ones too" "$(skopeo inspect --raw oci:on-base-plain.tar/oci:1 | jq -r '.layers[:2][] |
	.mediaType, .digest')" "$(for digest in $below; do
	printf '%s\n' application/vnd.oci.image.layer.v1.tar "$digest"
done)"
is "in dir they have Docker's types" "$(jq -r '.layers[].mediaType' on-base-plain.tar/dir/manifest.json | sort | uniq -c |
	awk '{ print $1, $2 }')" "2 application/vnd.docker.image.rootfs.diff.tar
1 application/vnd.docker.image.rootfs.diff.tar.gzip"
is "the image tells its base" "$(skopeo inspect --raw oci:on-base-oci/oci:1 | jq -cS .annotations)" \
	"$(jq -nc --arg digest "sha256:$(skopeo inspect --raw oci:base-oci:1 | sha256sum | cut -d ' ' -f 1)" \
	--arg name "$name" '{"org.opencontainers.image.base.digest": $digest,
	"org.opencontainers.image.base.name": $name}')"
is "the config is the base's with our own over it" \
	"$(skopeo inspect --config oci:on-base-oci/oci:1 | jq -cS .config)" "$(jq -ncS --arg hello "$hello/bin/hello" '{
	User: "12:34", WorkingDir: "/base", StopSignal: "SIGQUIT", ExposedPorts: {"80/tcp": {}},
	Volumes: {"/base": {}}, Env: ["PATH=/bin", "GREETING=own", "OWN=1"], Entrypoint: [$hello],
	Labels: {of: "image", base: "yes", "stratapack.base-layers": "2"}}')"
is "the history is the base's, then ours" \
	"$(skopeo inspect --config oci:on-base-oci/oci:1 | jq -r '.history[].comment' | cut -c 1-20)" "/base
/bin
/store/aaaaaaaa-shel"
ok "the same again, with other threads and another umask" bash -c 'umask 077; "$@"' bash "$STRATAPACK" \
	build "${options[@]}" --threads 1 --base base-oci -o oci:again:example.org/on:1
same "is the same bytes" again on-base-oci/oci

# --- in steps -----------------------------------------------------------------------------------

ok "plan on a base" "$STRATAPACK" plan "${graph[@]}" --strategy single --base base-oci -o plan.json \
	--recipes recipes
is "the plan tells what lies beneath" "$(jq -c .base plan.json)" '{"layers":2}'
layers=()
for recipe in recipes/*; do
	ok "layer ${recipe##*/}" "$STRATAPACK" layer --root "$scratch/root" "$recipe" -o "layer-${recipe##*/}"
	layers+=(--layer "layer-${recipe##*/}")
done
ok "join on the base" "$STRATAPACK" image plan.json "${layers[@]}" --base base-oci \
	--entrypoint "$hello/bin/hello" --env OWN=1 --env GREETING=own --label of=image \
	-o oci:joined:example.org/on:1
same "joined, it is what build gives" joined on-base-oci/oci
ok "build of the plan" "$STRATAPACK" build "${store[@]}" --plan plan.json --base base-oci --env OWN=1 \
	--env GREETING=own --label of=image -o oci:planned:example.org/on:1
same "that is the same, too" planned on-base-oci/oci
fails_with 1 "on a base of 2 layers" "a plan on a base needs one" "$STRATAPACK" build "${graph[@]}" \
	--plan plan.json -o oci:refused
fails_with 1 "on a base of 2 layers" "join needs it, too" "$STRATAPACK" image plan.json "${layers[@]}" \
	-o oci:refused
fails_with 1 "has 3 layers, but the plan is for one of 2" "a base of other height is refused" \
	"$STRATAPACK" image plan.json "${layers[@]}" --base on-base-oci/oci -o oci:refused
"$STRATAPACK" plan "${graph[@]}" -o alone.json
fails_with 1 "the plan is for one of 0" "a plan without a base is refused one" "$STRATAPACK" build \
	"${graph[@]}" --plan alone.json --base base-oci -o oci:refused
is "--digests sees the base" "$("$STRATAPACK" plan "${graph[@]}" --strategy single --base base-oci --digests |
	jq -c '[.layers[].base]')" "[true,true,null]"
is "--json marks the layers of the base" "$("$STRATAPACK" build "${options[@]}" --base base-oci --json \
	-o oci:json | jq -c '[.layers[].base]')" "[true,true,null]"

# --- items that the base holds ------------------------------------------------------------------

# A store whose names have hashes, so that a name says what is in it.
hash=0123456789abcdfghijklmnpqrsvwxy
mkdir -p hashed/store/{0,1}$hash-lib hashed/store/{2,3}$hash-tool
for item in hashed/store/*; do
	echo "${item##*/}" >"$item/file"
done
jq -n --arg hash "$hash" '{stratapackGraph: 1, roots: ["/store/2\($hash)-tool"], items: [
	{id: "/store/2\($hash)-tool", trees: ["/store/2\($hash)-tool"], content: "store", size: 1,
		references: ["/store/0\($hash)-lib", "/store/1\($hash)-lib"]},
	({id: "/store/\("0", "1")\($hash)-lib", content: "store", size: 1, references: []} | .trees = [.id])]}' >tool.json
jq --arg hash "$hash" '.roots = ["/store/0\($hash)-lib"] | .items |= map(select(.id == "/store/0\($hash)-lib"))' \
	tool.json >lib.json
hashed=(--root hashed --no-tmp --strategy per-item)
ok "a base of one item" "$STRATAPACK" build "${hashed[@]}" --graph lib.json -o oci:lib:lib:1
ok "an image that needs it and more" "$STRATAPACK" build "${hashed[@]}" --graph tool.json --base lib \
	-o oci:tool:tool:1 -o docker-archive:tool.tar:tool:1
is "has no layer for it" "$("$STRATAPACK" inspect --json tool | jq -c '[.images[0].layers[].history.comment |
	split(" ") | map(.[7:8])]')" '[["0"],["1"],["2"]]'
is "unless that is wanted" "$("$STRATAPACK" build "${hashed[@]}" --graph tool.json --base lib \
	--base-items none --describe | jq '.layers | length')" 4
ok "the plan of it" "$STRATAPACK" plan "${hashed[@]}" --graph tool.json --base lib -o tool.plan
is "says what is left to the base" "$(jq -c .base tool.plan)" "{\"layers\":1,\"items\":[\"/store/0$hash-lib\"]}"
ok "build of the plan" "$STRATAPACK" build --root hashed --graph tool.json --plan tool.plan --base lib -o oci:tool-planned:tool:1
same "is the same image" tool-planned tool
ok "another base of one item" "$STRATAPACK" build --root hashed --no-tmp \
	--graph <(sed 's,/store/0\([0-9a-z]*\)-lib,/store/3\1-tool,g' lib.json) -o oci:base-of-one
fails_with 1 "to the base image" "a base without the item is refused" "$STRATAPACK" build --root hashed \
	--graph tool.json --plan tool.plan --base base-of-one -o oci:refused
ok "the same plan for machines that have the image" "$STRATAPACK" plan "${hashed[@]}" --graph tool.json --base lib \
	--previous oci:tool -o tool-again.plan
same "nothing moves" tool-again.plan tool.plan
umoci unpack --rootless --image tool:1 bundle >/dev/null
ok "the image has all items" diff -r <(cd hashed && find store | sort | grep -v /3) \
	<(cd bundle/rootfs && find store | sort)

# --- the bound ----------------------------------------------------------------------------------

is "the base counts in the bound" "$("$STRATAPACK" plan "${graph[@]}" --strategy size --max-layers 5 \
	--base base-oci | jq '.layers | length')" 2
is "with a plus sign, it does not" "$("$STRATAPACK" plan "${graph[@]}" --strategy size --max-layers +3 \
	--base base-oci)" "$("$STRATAPACK" plan "${graph[@]}" --strategy size --max-layers 5 --base base-oci)"
fails_with 1 "126 layers are too many" "but clients count them" "$STRATAPACK" plan "${graph[@]}" \
	--max-layers +124 --base base-oci
ok "a name without its tag finds the base" "$STRATAPACK" plan "${graph[@]}" \
	--base docker-archive:base-docker.tar:example.org/base
fails_with 1 "it holds $name" "another name does not" "$STRATAPACK" plan "${graph[@]}" \
	--base docker-archive:base-docker.tar:example.org/bas
fails_with 1 "leaves no room above the 2 of the base image" "a bound that the base fills" "$STRATAPACK" \
	plan "${graph[@]}" --max-layers 2 --base base-oci
fails_with 1 "needs 6 layers for this image, but the bound is 5" "a bound that is too low for the rest" \
	"$STRATAPACK" plan "${graph[@]}" --strategy per-item --no-tmp --max-layers 5 --base base-oci

# --- the cache ----------------------------------------------------------------------------------

for base in base-oci base-plain.tar base-strict.tar; do
	for round in first second; do
		ok "build on $base with a cache, $round time" "$STRATAPACK" build "${options[@]}" --cache cache \
			--base "$base" -o "oci:cached-$base-$round:example.org/on:1"
		same "the same bytes as without, $base, $round time" "cached-$base-$round" "on-$base/oci"
	done
done
ok "the cache is whole" "$STRATAPACK" cache verify --cache cache
# What was checked once is not read again: the base may even be gone bad since.
cp -a base-oci checked
blob=checked/blobs/sha256/$(skopeo inspect --raw oci:base-oci:1 | jq -r '.layers[1].digest[7:]')
printf X | dd of="$blob" bs=1 seek=300 conv=notrunc status=none
ok "a checked blob comes from the cache" "$STRATAPACK" build "${options[@]}" --cache cache --base checked \
	-o oci:from-cache:example.org/on:1
ok "and is sound" "$STRATAPACK" verify from-cache

# --- plain layers in archives -------------------------------------------------------------------

# Plain layers are written to their places in archives, those of the base beside them.
for transport in docker-archive docker-v1-archive oci-archive universal-archive; do
	ok "plain layers on a base, $transport" "$STRATAPACK" build "${options[@]}" --compression none \
		--base base-plain.tar -o "$transport:placed.tar:on:1"
	# shellcheck disable=SC2016
	ok "$transport on stdout" bash -c '"$@" >streamed.tar' bash "$STRATAPACK" build "${options[@]}" \
		--compression none --base base-plain.tar -o "$transport:-:on:1"
	ok "is the same, $transport" cmp placed.tar streamed.tar
	ok "and sound, $transport" "$STRATAPACK" verify placed.tar
done
# The same layer twice in the base, and once more above it.
jq -n '{stratapackGraph: 1, roots: ["/base"], items: [
	{id: "/base", trees: ["/base"], content: "store", references: [], size: 10}]}' >twice.json
twice=(--root below --graph twice.json --no-tmp --compression none)
ok "a base" "$STRATAPACK" build "${twice[@]}" -o docker-archive:once.tar:a:1
ok "the same layer on it" "$STRATAPACK" build "${twice[@]}" --base once.tar -o docker-archive:twice.tar:a:1 -o oci:twice:a:1
ok "and on that" "$STRATAPACK" build "${twice[@]}" --base twice.tar --cache cache -o docker-archive:thrice.tar:a:1 \
	-o oci:thrice:a:1
for image in twice.tar twice thrice.tar thrice; do
	ok "that is sound, $image" "$STRATAPACK" verify "$image"
done
is "three times one layer" "$(diff_ids docker-archive:thrice.tar:a:1 | sort | uniq -c | awk '{ print $1 }')" 3

# --- what cannot be a base ----------------------------------------------------------------------

fails_with 1 "it is for linux/$("$STRATAPACK" inspect --json base-oci | jq -r '.images[0].config.Architecture // "amd64"')" \
	"another platform" "$STRATAPACK" build "${options[@]}" --base base-oci --architecture s390x -o oci:refused
fails_with 1 "cannot open 'missing'" "no file" "$STRATAPACK" build "${options[@]}" --base missing -o oci:refused
fails_with 1 "below.json" "no image" "$STRATAPACK" build "${options[@]}" --base below.json -o oci:refused
cp -a base-oci corrupt
blob=corrupt/blobs/sha256/$(skopeo inspect --raw oci:base-oci:1 | jq -r '.layers[1].digest[7:]')
printf X | dd of="$blob" bs=1 seek=300 conv=notrunc status=none
for option in "-o oci:refused" "-o docker-archive:refused" --describe; do
	# shellcheck disable=SC2086 # two words
	fails_with 1 "the base image 'corrupt': layer 2, blob sha256:" "a corrupt base, $option" "$STRATAPACK" build \
		"${options[@]}" --base corrupt $option
done
fails_with 1 "the base image 'corrupt': layer 2" "a corrupt base is not joined" "$STRATAPACK" image plan.json \
	"${layers[@]}" --base corrupt -o oci:refused
empty "and nothing is left of the outputs" "$(find . -maxdepth 1 -name '*refused*' -o -name '.stratapack*')"

ok "a zstd base" "$STRATAPACK" build "${base_options[@]}" --compression zstd -o oci:base-zstd:base:1
ok "goes to oci" "$STRATAPACK" build "${options[@]}" --base base-zstd -o oci:on-zstd:on:1
is "as it is" "$(skopeo inspect --raw oci:on-zstd:1 | jq -c '.layers[:2]')" \
	"$(skopeo inspect --raw oci:base-zstd:1 | jq -c .layers)"
fails_with 1 "layer 1 of the base image: docker-archive cannot hold zstd" "but not to Docker's formats" \
	"$STRATAPACK" build "${options[@]}" --base base-zstd -o docker-archive:refused

# --- others' bases, and clients that run the image ----------------------------------------------

ok "an image of several platforms" "$STRATAPACK" build "${base_options[@]}" --architecture arm64 \
	-o oci:base-arm64:base:1
ok "in one index" "$STRATAPACK" index oci:base-oci oci:base-arm64 -o oci:base-multi:base:1
for architecture in amd64 arm64; do
	is "the base for $architecture is taken" "$("$STRATAPACK" build "${options[@]}" --base base-multi \
		--architecture "$architecture" -o "oci:on-multi-$architecture:on:1" &&
		skopeo inspect --config "oci:on-multi-$architecture:1" | jq -r .architecture)" "$architecture"
done

must "a base image into podman" podman_ load -q -i base-docker.tar
ok "podman loads an image on a base" podman_ load -q -i on-base-docker.tar/docker.tar
is "podman runs it" "$(podman_run on:1 2>&1 | tail -n 1)" "$greeting"
# shellcheck disable=SC2016 # for the shell in the container
is "it has the base's files, environment, user and directory" "$(podman_run --entrypoint /bin/sh on:1 -c \
	'cat name; echo $PATH $GREETING $OWN; id -u; id -g; pwd' 2>&1)" "below
/bin own 1
12
34
/base"

tar -C below -cf import.tar .
ok "podman imports a base" podman_ import -q --change 'ENV FROM=podman' --change 'CMD ["/bin/sh"]' import.tar imported:1
for format in docker-archive oci-archive docker-dir oci-dir; do
	ok "podman saves it as $format" podman_ save -q --format "$format" -o "imported-$format" imported:1
	ok "build on it, $format" "$STRATAPACK" build "${options[@]}" --base "imported-$format" \
		-o "universal-archive:on-imported-$format.tar:on-$format:1"
	ok "podman loads that, $format" podman_ load -q -i "on-imported-$format.tar"
	is "podman runs that, $format" "$(podman_run "on-$format:1" 2>&1 | tail -n 1)" "$greeting"
	# shellcheck disable=SC2016
	is "both environments are there, $format" "$(podman_run --entrypoint /bin/sh "on-$format:1" -c \
		'echo $FROM $OWN' 2>&1)" "podman 1"
done

# umoci, and podman from a Containerfile.
cp -a base-oci by-umoci
ok "umoci changes a config" umoci config --image by-umoci:1 --tag umoci --config.env FROM=umoci
ok "umoci adds a layer" umoci insert --rootless --image by-umoci:umoci below/base/name /inserted
ok "build on what umoci made" "$STRATAPACK" build "${options[@]}" --base oci:by-umoci:umoci \
	-o docker-archive:on-umoci.tar:on-umoci:1
ok "podman loads it" podman_ load -q -i on-umoci.tar
is "podman runs it" "$(podman_run on-umoci:1 2>&1 | tail -n 1)" "$greeting"
# shellcheck disable=SC2016
is "with what umoci added" "$(podman_run --entrypoint /bin/sh on-umoci:1 -c 'cat /inserted; echo $FROM' 2>&1)" "below
umoci"
cat >Containerfile <<-END
	FROM scratch
	ENV A=1
	COPY below /
	USER 5
	HEALTHCHECK CMD true
END
for format in docker oci; do
	ok "podman builds a base, $format" podman_ build -q --isolation chroot --format "$format" -t "built:$format" .
	ok "podman saves it, $format" podman_ save -q --format "$format-dir" -o "built-$format" "built:$format"
	ok "build on that, $format" "$STRATAPACK" build "${options[@]}" --base "built-$format" \
		-o "oci:on-built-$format:on:1"
	is "history, user and variables go on, $format" "$(skopeo inspect --config "oci:on-built-$format:1" |
		jq -c '[.config.User, .config.Env[-3:], ([.history[] | select(.empty_layer)] | length > 0)]')" \
		'["5",["A=1","OWN=1","GREETING=own"],true]'
	ok "that is sound, $format" "$STRATAPACK" verify "on-built-$format"
done
is "Docker's members, too" "$(skopeo inspect --config --raw oci:on-built-docker:1 | jq -c .config.Healthcheck.Test)" \
	'["CMD-SHELL","true"]'
ok "members of an image's own" "$STRATAPACK" build "${options[@]}" --base built-docker -o oci:own-members:own:1 \
	--config-member 'Healthcheck={ "Test": ["NONE"] }' --config-member 'Shell=["/bin/ash", "-c"]' \
	--config-member StopTimeout=7 --config-member 'OnBuild=["RUN true"]'
is "count, and the base's do where they say nothing" "$(skopeo inspect --config --raw oci:own-members:1 |
	jq -c '.config | [.Healthcheck, .Shell, .StopTimeout, .OnBuild, .User]')" \
	'[{"Test":["NONE"]},["/bin/ash","-c"],7,["RUN true"],"5"]'
for wrong in 'Shell="sh"' 'StopTimeout="7"' 'Healthcheck=[]' 'Healthcheck={' 'Hostname="x"' Shell; do
	not "a member that is wrong: $wrong" "$STRATAPACK" build "${options[@]}" --config-member "$wrong" -o oci:wrong:1:1
done

if ok "a Docker Engine starts" start_dockerd; then
	for image in docker v1 universal; do
		ok "docker loads $image" docker_ load -i "on-base-plain.tar/$image.tar"
		is "docker runs $image" "$(docker_run on:1 2>&1)" "$greeting"
	done
	is "docker's image ID is ours" "$(docker_ image inspect --format '{{.Id}}' on:1)" "$image_id"
	docker_ tag on:1 again:1
	ok "docker saves it" docker_ save -o saved.tar again:1
	ok "build on what docker saved" "$STRATAPACK" build "${options[@]}" --base saved.tar -o docker-archive:on-saved.tar:on-saved:1
	ok "docker loads that" docker_ load -i on-saved.tar
	is "docker runs that" "$(docker_run on-saved:1 2>&1)" "$greeting"
fi
done_testing
