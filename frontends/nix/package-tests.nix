# SPDX-License-Identifier: Apache-2.0
# What shows that a package of the program works: derivations that build where it does.
{ pkgs, program }:
let
  stratapack = import ./. { inherit pkgs program; };
  image = stratapack.buildLayeredImage {
    name = "hello";
    tag = "1";
    contents = [ pkgs.hello ];
    config.Cmd = [ "/bin/hello" ];
    format = "oci";
  };
  shell = name: commands: derivation {
    inherit name;
    inherit (pkgs.stdenv.buildPlatform or pkgs.stdenv.hostPlatform) system;
    builder = pkgs.stdenv.shell;
    args = [ "-e" "-c" commands ];
  };
in
{
  inherit image;
  # The image is what it says, and the same where its plan is a derivation.
  verified = shell "stratapack-verified" "${program}/bin/stratapack verify oci:${image} >$out";
  planned = shell "stratapack-planned" ''
    [ "$(<${image}/index.json)" = "$(<${image.override { build = "planned"; }}/index.json)" ] && echo same >$out
  '';
}
