#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every file in docs/nix.md, as it stands there, and the flake.
# shellcheck source=tests/stores/nix/common.sh
. "$(dirname "$0")/nix/common.sh"

# Each block of Nix in the manual begins with "# NAME.nix"; it becomes manual/NAME.nix.
mkdir -p manual
awk '
	/^```nix$/ { inside = 1; next }
	/^```$/ { if (inside) close(name); inside = 0; name = ""; next }
	inside && name == "" {
		if ($0 !~ /^# [a-z]+\.nix/) { print "no name: " $0 >"/dev/stderr"; exit 1 }
		name = $2
		sub(/:.*/, "", name)
		name = "manual/" name
	}
	inside { print >name }
' "$STRATAPACK_SOURCE/docs/nix.md"
is "every example of the manual is tested here" "$(cd manual && echo *.nix)" \
	"based.nix flake.nix groups.nix hello.nix image.nix layer.nix merged.nix nix.nix pipeline.nix planned.nix service.nix"

# What is beside them, and what stands in for nixpkgs.
beside() {
	collect_program nix && cp -a content nixpkgs/ && cp world.nix "$STRATAPACK_STATIC" nixpkgs/ || return
	ln -s "$STRATAPACK_SOURCE" manual/stratapack && cp -a content/busybox manual/ || return
	mkdir -p manual/root/etc && echo served >manual/root/etc/service.conf
}
must "what they need is there" beside
export NIX_PATH=nixpkgs=$scratch/nixpkgs
cd manual || exit 1
build() { # build FILE [ARGUMENT…]
	built=
	built=$(nix-build --no-out-link "$@" 2>build.log) || { tail -n 20 build.log; return 1; }
}
# Debian 12's podman does not read archives that are compressed.
run() { podman_run "$(decompress <"$1" | podman_ load -q | sed 's/.*: //')" "${@:2}"; }

ok "image.nix" build image.nix
is "runs" "$(run "$built" /bin/sh -c 'echo shell')" shell
ok "hello.nix" build hello.nix
"$built" >hello.tar
is "runs" "$(run hello.tar)" "Hello, world!"
ok "service.nix" build service.nix
is "runs" "$(run "$built")" served
is "as the user that it has" "$(run "$built" sh -c 'id -u; touch /var/lib/service/file && stat -c %a:%u /var/lib/service')" \
	"1000
750:1000"
ok "groups.nix" build groups.nix
groups=$(nix-build --no-out-link groups.nix -A plan 2>/dev/null)
is "its groups lie below" "$(jq -c '.layers[0, -1].items | map(sub(".*/[^-]*-"; ""))' "$groups")" '["busybox"]
["hello"]'
ok "layer.nix" build layer.nix
is "is a layer" "$(jq -r .mediaType "$built/layer.json")" application/vnd.oci.image.layer.v1.tar+gzip
ok "merged.nix" build merged.nix
ok "pipeline.nix" build pipeline.nix
is "runs" "$(run "$built")" "$(jq --version)"
ok "nix.nix" build nix.nix
ok "has a Nix that finds it intact" run "$built" nix-store --verify --check-contents

# Where the examples have a registry and digests of nowhere.
start_base() {
	start_registry && nix-build --out-link base image.nix &&
		skopeo --insecure-policy copy -q docker-archive:base "docker://$registry/team/base:1" --dest-tls-verify=false
}
must "a base image in a registry" start_base
sed -i "s|registry.example.org/team/base\";|$registry/team/base\"; tlsVerify = false;|
	s|sha256:0\{64\}|sha256:$(skopeo inspect --tls-verify=false --raw "docker://$registry/team/base:1" | sha256sum |
	sed 's/ .*//')|" based.nix
not "based.nix, with a wrong hash" build based.nix
sed -i "s|sha256-A*=|$(sed -n 's/^ *got: *//p' build.log)|" based.nix
ok "based.nix" build based.nix
is "runs" "$(run "$built")" "Hello, world!"
is "with what is beneath" "$(run "$built" env | grep ^PATH=)" PATH=/bin

not "planned.nix needs its plan" build planned.nix
ok "and says where it comes from" grep -q 'plan.json yet: make it from the attribute' build.log
ok "which makes it" install -m 644 "$(nix-build --no-out-link planned.nix -A newPlan)" plan.json
ok "planned.nix" build planned.nix --option allow-import-from-derivation false
is "runs" "$(run "$built")" "Hello, world!"

# --- the flake ----------------------------------------------------------------------------------

# Flakes are copied into the store whole: only what belongs to ours.
system=$(nix-instantiate --eval -E builtins.currentSystem | tr -d '"')
cd "$scratch" && mkdir -p source flake
(cd "$STRATAPACK_SOURCE" && tar -c flake.nix meson.build frontends) | tar -x -C source
sed "s/x86_64-linux/$system/" manual/flake.nix >flake/flake.nix
flake() { # flake COMMAND FLAKE[#NAME] ARGUMENT…: ours, or the manual's
	local what=$2 inputs=(--override-input nixpkgs "path:$scratch/nixpkgs")
	[[ $what != flake* ]] || inputs=(--override-input stratapack "path:$scratch/source"
		--override-input stratapack/nixpkgs "path:$scratch/nixpkgs")
	# shellcheck disable=SC2086 # "flake check" is two words
	nix --offline --extra-experimental-features 'nix-command flakes' $1 "path:$scratch/$what" \
		--no-write-lock-file --quiet "${inputs[@]}" "${@:3}"
}
ok "the manual's flake builds an image" flake build flake --out-link flaked
is "which runs" "$(run flaked)" "Hello, world!"
mkdir pushed
ok "its app pushes" flake run flake#push -- "oci:$scratch/pushed:1" --insecure-policy
is "that image" "$(diff_ids oci:pushed:1)" "$(decompress <flaked >flaked.tar && diff_ids docker-archive:flaked.tar)"
# With its plan beside it, and the closure that this names not built yet.
sed -i 's/build = "client-side";/& plan = .\/plan.json;/; s/"hello";/"planned";/' flake/flake.nix
not "with a plan, it needs the plan" flake build flake --no-link
ok "newPlan of a flake" flake build flake#default.newPlan --out-link newPlan
install -m 644 newPlan flake/plan.json
ok "with it, the flake builds" flake build flake --out-link flaked --option allow-import-from-derivation false
is "and runs" "$(run flaked)" "Hello, world!"
ok "the flake builds the program" flake build source --out-link program
same "which is the one that there is" program/bin/stratapack "$STRATAPACK_STATIC"
is "its functions" "$(flake eval "source#lib.$system" --json --apply builtins.attrNames | jq -r 'join(" ")')" \
	"$(printf '%s ' binSh buildImage buildImageWithNixDb buildLayer buildLayeredImage buildLayeredImageWithNixDb \
		buildNixShellImage caCertificates exportImage fakeNss makeImage makeIndex makeLayer mergeImages nix2container \
		pullImage shadowSetup streamLayeredImage streamNixShellImage usrBinEnv | sed 's/ $//')"
ok "all of it is in order" flake 'flake check' source --no-build
for check in image verified planned; do
	ok "its check $check" flake build "source#checks.$system.$check" --no-link
done
is "its app is the program" "$(flake run source -- --version)" "$("$STRATAPACK_STATIC" --version)"
from_template() {
	rm -rf flake && cp -r "$(flake eval source#templates.default.path --raw)" flake && chmod -R u+w flake &&
		sed -i "s/x86_64-linux/$system/" flake/flake.nix && flake build flake --out-link templated
}
ok "its template" from_template
is "is an image that runs" "$(run templated)" "Hello, world!"
cat >overlaid.nix <<'END'
let
  pkgs = import <nixpkgs> { };
  overlay = (import ./source/flake.nix).outputs { self = null; nixpkgs = null; };
  overlaid = pkgs // overlay.overlays.default overlaid pkgs;
  builderWith = pkgs: ((import ./source/frontends/nix { inherit pkgs; }).makeLayer { }).builder;
in
{
  inherit (overlaid) stratapack;
  used = builderWith (pkgs // { stratapack = pkgs.hello; }) == "${pkgs.hello}/bin/stratapack";
  same = builderWith overlaid == builderWith pkgs;
  # A nixpkgs that compiles for another machine.
  cross =
    let
      other = pkgs // {
        stdenv = pkgs.stdenv // { hostPlatform.system = "riscv64-linux"; };
        buildPackages = pkgs;
      };
      image = (import ./source/frontends/nix { pkgs = other; }).buildLayeredImage { name = "cross"; tag = "1"; contents = [ pkgs.hello ]; };
    in
    image // { here = image.system == pkgs.stdenv.hostPlatform.system; };
  docker = (pkgs // overlay.overlays.dockerTools overlaid pkgs).dockerTools.buildLayeredImage { name = "overlaid"; tag = "1"; contents = [ pkgs.hello ]; };
}
END
is "its overlay has the program, and the program of pkgs is used" \
	"$(nix-instantiate --eval --strict overlaid.nix -A used) $(nix-instantiate --eval --strict overlaid.nix -A same)" "true true"
is "images for other machines are made here" "$(nix-instantiate --eval overlaid.nix -A cross.here)" true
nix-build --out-link crossed overlaid.nix -A cross 2>/dev/null
is "and are for the others" "$(decompress <crossed >crossed.tar && skopeo inspect --config --raw docker-archive:crossed.tar |
	jq -r .architecture)" riscv64
ok "an overlay for dockerTools" nix-build --no-out-link overlaid.nix -A docker
done_testing
