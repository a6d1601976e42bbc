# SPDX-License-Identifier: Apache-2.0
# The program, built with nixpkgs: `pkgs.callPackage ./package.nix { }`.
{ lib, stdenv, meson, ninja, pkg-config, scdoc, jansson, libdeflate, openssl, sqlite, zlib, zstd, pkgs ? null }:
let
  # What the program is built of, and nothing that lies beside it in a checkout.
  parts = [ "LICENSE" "docs" "include" "lab" "meson.build" "meson_options.txt" "scripts" "src" "tests" ];
  top = toString ../..;
  package = stdenv.mkDerivation {
    pname = "stratapack";
    version = builtins.elemAt
      (builtins.match ".*'([0-9.]+)'.*" (builtins.head (builtins.filter
        (line: builtins.isString line && builtins.match " *version: .*" line != null)
        (builtins.split "\n" (builtins.readFile ../../meson.build))))) 0;
    src = builtins.path {
      path = ../..;
      name = "stratapack-source";
      filter = path: type: builtins.elem
        (builtins.head (builtins.match "([^/]*).*"
          (builtins.substring (builtins.stringLength top + 1) (builtins.stringLength path) path)))
        parts;
    };
    strictDeps = true;
    nativeBuildInputs = [ meson ninja pkg-config scdoc ];
    buildInputs = [ jansson libdeflate openssl sqlite zlib zstd ];
    mesonFlags = [ "-Dtests=false" ];
    passthru.tests = if pkgs == null then { } else import ./package-tests.nix { inherit pkgs; program = package; };
    meta = {
      description = "Layered container images from the reference graphs of package stores";
      license = lib.licenses.asl20;
      mainProgram = "stratapack";
      platforms = lib.platforms.linux;
    };
  };
in
package
