#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One platform has one name: whoever asks for it in the words of Debian, Guix, Nix or uname gets the
# same image.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

mkdir -p "$scratch/root/item"
echo content >"$scratch/root/item/file"
echo '{"stratapackGraph": 1, "items": [{"id": "/item"}], "roots": ["/item"]}' >"$scratch/graph.json"

# image WORD…: the ID of an image for the platform that the options WORD… say, and that platform.
image() {
	"$STRATAPACK" build --graph "$scratch/graph.json" --root "$scratch/root" --describe "$@" |
		jq -r .imageId
}

# same NAME [OPTION…] -- WORD…: every WORD, as --architecture, gives the image that OPTION… gives.
same() {
	local name=$1 wanted words word
	shift
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1") && shift
	done
	shift
	words=("$@")
	wanted=$(image "${options[@]}")
	for word in "${words[@]}"; do
		ok "$word is $name" test "$(image --architecture "$word")" = "$wanted"
	done
}

same amd64 --architecture amd64 -- x86_64 x86_64-linux amd64/v1 linux/amd64
same arm64 --architecture arm64 -- aarch64 aarch64-linux arm64/v8 linux/arm64/v8 aarch64-linux-gnu
same arm/v7 --architecture arm --variant v7 -- arm armhf armhf-linux armv7l-linux armv7l armv8l arm/v7
same arm/v6 --architecture arm --variant v6 -- armv6l armv6l-linux linux/arm/v6
same arm/v5 --architecture arm --variant v5 -- armel armv5tel-linux
same 386 --architecture 386 -- i386 i686 i686-linux i586
same ppc64le --architecture ppc64le -- ppc64el powerpc64le-linux
same riscv64 --architecture riscv64 -- riscv64-linux
same s390x --architecture s390x -- s390x-linux
same loong64 --architecture loong64 -- loongarch64-linux
same mips64le --architecture mips64le -- mips64el mips64el-linux
ok "a variant that is said counts before what a word means" test \
	"$(image --architecture armhf --variant v6)" = "$(image --architecture arm/v6)"
ok "in any order" test "$(image --variant v6 --architecture armhf)" = "$(image --architecture arm/v6)"
done_testing
