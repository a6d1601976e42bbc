#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the library makes, linked by somebody else with the installed headers, is what the program
# makes: the same digests and the same bytes, over the options.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$STRATAPACK_SOURCE" || exit 1

ok "install" meson install -C "$STRATAPACK_BUILD" --no-rebuild --destdir "$scratch/installed"
libraries=$(dirname "$(find "$scratch/installed" -name libstratapack.so)")
include=$(dirname "$(find "$scratch/installed" -type d -path '*/include/stratapack')")
ok "compile against the installed headers" gcc -std=c17 -Wall -Wextra -Werror -I "$include" \
	tests/integration/library.c -o "$scratch/library" -L "$libraries" -lstratapack
export LD_LIBRARY_PATH=$libraries

make_store "$scratch/root"
cd "$scratch" || exit 1
graph=(--graph root/graph.json --root root)
request=(graph=root/graph.json root=root)

# both NAME OPTION… -- KEY=VALUE…: program and library describe and make the same image.
both() {
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1") && shift
	done
	shift
	rm -rf by-program by-library
	ok "$name: the program" "$STRATAPACK" build "${graph[@]}" "${options[@]}" -o oci:by-program:x:1
	ok "$name: the library" sh -c '"$@" >library.json' - ./library "${request[@]}" "$@" \
		output=oci:by-library:x:1
	ok "$name: the same bytes" diff -r by-program by-library
	"$STRATAPACK" build "${graph[@]}" "${options[@]}" --describe >program.json
	./library "${request[@]}" "$@" describe >library.json
	ok "$name: the same description" diff program.json library.json
}

both "nothing but items" --
for strategy in churn popularity size two single per-item; do
	both "strategy $strategy" --strategy "$strategy" --max-layers 5 -- "strategy=$strategy" max-layers=5
done
both "config" --entrypoint /bin/sh --env A=b --user 1000:1000 --label k=v -- \
	entrypoint=/bin/sh env=A=b user=1000:1000 label=k=v
both "additions" -S /bin=/store/x --no-tmp -- symlink=/bin=/store/x no-tmp
both "rules" --mtime 77 --compression zstd:5 --threads 1 -- mtime=77 compression=zstd:5 threads=3
both "platform" --architecture armhf -- architecture=arm

"$STRATAPACK" plan "${graph[@]}" --strategy size --max-layers 3 -o below.json
"$STRATAPACK" build "${graph[@]}" -o oci:base:x:1
both "a base" --base oci:base -- base=oci:base
both "a plan" --plan below.json -- plan=below.json
both "a previous image" --previous oci:base -- previous=oci:base

# Joining layers that were made one by one.
mkdir layers
"$STRATAPACK" plan "${graph[@]}" -o joined.json --recipes recipes
inputs=()
options=()
for recipe in recipes/*; do
	layer=layers/$(basename "$recipe" .recipe.json)
	"$STRATAPACK" layer "$recipe" --root root -o "$layer" && inputs+=("layer=$layer") && options+=(--layer "$layer")
done
ok "the program joins layers" "$STRATAPACK" image joined.json "${options[@]}" -o oci:joined-program:x:1
ok "the library joins them" sh -c '"$@" >/dev/null' - ./library plan=joined.json "${inputs[@]}" output=oci:joined-library:x:1
ok "to the same bytes" diff -r joined-program joined-library

# What the program refuses, the library refuses.
fails_with 2 "126 layers" "the program refuses 126 layers" "$STRATAPACK" build "${graph[@]}" --strategy size --max-layers 126 -o oci:refused
ok "no output is left" test ! -e refused
refusal=$(./library "${request[@]}" max-layers=126 output=oci:refused 2>&1)
is "the library refuses more layers than clients take, too" "$?:${refusal%%:*}:$(grep -c '126 layers' <<<"$refusal")" "2:library:1"
done_testing
