# SPDX-License-Identifier: Apache-2.0
# The program, built with nixpkgs: `pkgs.callPackage ./package.nix { }`.
{ lib, stdenv, meson, ninja, pkg-config, scdoc, jansson, libdeflate, openssl, sqlite, zlib, zstd }:
stdenv.mkDerivation {
  pname = "stratapack";
  version = "0.1.0";
  src = lib.cleanSource ../..;
  nativeBuildInputs = [ meson ninja pkg-config scdoc ];
  buildInputs = [ jansson libdeflate openssl sqlite zlib zstd ];
  meta = {
    description = "Layered container images from the reference graphs of package stores";
    license = lib.licenses.asl20;
    mainProgram = "stratapack";
    platforms = lib.platforms.linux;
  };
}
