#!/usr/bin/env bash
# The examples of docs/nix.md, and the flake.
# shellcheck source=tests/stores/nix/common.sh
. "$(dirname "$0")/nix/common.sh"

# The first file of the manual, as it stands.
mkdir manual && ln -s "$STRATAPACK_SOURCE" manual/stratapack && cp -a content/busybox manual/
# shellcheck disable=SC2016 # these are backticks
sed -n '/^```nix$/,/^```$/p' "$STRATAPACK_SOURCE/docs/nix.md" | sed '1d; /^```$/Q' >manual/image.nix
ok "the manual's example builds" nix-build --out-link manual/result manual/image.nix
is "and runs" "$(podman_run "$(podman_ load -q -i manual/result | sed 's/.*: //')" \
	/bin/sh -c 'echo shell')" shell

# --- as a flake, with nixpkgs -------------------------------------------------------------------

# Flakes are copied into the store whole: only what belongs to ours.
mkdir -p source flake/nixpkgs
(cd "$STRATAPACK_SOURCE" && tar -c flake.nix meson.build frontends) | tar -x -C source
cp flake.nix flake/ && cp nixpkgs/flake.nix flake/nixpkgs/
mkdir flake/nixpkgs/content && cp -a content/busybox flake/nixpkgs/content/
cp "$STRATAPACK_STATIC" flake/nixpkgs/stratapack
printf '{ system = "%s"; content = ./content; program = ./stratapack; }\n' \
	"$(nix-instantiate --eval -E builtins.currentSystem | tr -d '"')" >flake/nixpkgs/host.nix
flaked() {
	nix build --no-write-lock-file --out-link flaked "path:$scratch/flake" \
		--override-input stratapack "path:$scratch/source" \
		--override-input stratapack/nixpkgs "path:$scratch/flake/nixpkgs"
}
ok "a flake builds an image" flaked
is "which runs" "$(podman_run "$(podman_ load -q -i flaked | sed 's/.*: //')" \
	/bin/sh -c 'echo flaked')" flaked

done_testing
