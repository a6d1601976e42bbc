# Sourced by the tests of dockerTools' and nix2container's functions: images of drop_ins.nix.
# shellcheck shell=bash
# shellcheck source=tests/stores/nix/common.sh
BUILD_USERS=yes . "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mkdir test-dummy && echo dummy >test-dummy/hello.txt

build() { # build NAME [ARGUMENT…]: its path is in $built, the log in build.log
	built=
	built=$(nix-build --no-out-link drop_ins.nix -A "$@" 2>build.log) || { tail -n 20 build.log; return 1; }
}
plain() { decompress <"$built" >plain.tar; } # Debian 12's podman reads no archive that is compressed
load() { plain && podman_ load -q -i plain.tar | sed 's/.*: //'; }
run() { podman_run "$(load)" "$@"; }
builds() { must "$1" build "$@"; }
config() { plain && skopeo inspect --config --raw docker-archive:plain.tar | jq -c "${1-.config}"; }
top() { # the members of the top layer
	rm -rf top && mkdir top && plain && tar -xf plain.tar -C top &&
		tar -tvf "top/$(jq -r '.[0].Layers[-1]' top/manifest.json)" --numeric-owner |
		awk '{ printf "%s %s", $1, $2; for (i = 6; i <= NF; i++) printf " %s", $i; print "" }'
}
text_of() { nix-instantiate --eval --expr "\"\${(import ./drop_ins.nix { }).$1}\"" 2>/dev/null | tr -d '"'; }
out_of() { nix-build --no-out-link drop_ins.nix -A "$1" 2>/dev/null; }
