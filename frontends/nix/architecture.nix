# SPDX-License-Identifier: Apache-2.0
# Nix's SYSTEM, as "x86_64-linux", in the words that Go has for machines, which images use.
let
  words = {
    x86_64 = "amd64";
    aarch64 = "arm64";
    i686 = "386";
    armv7l = "arm";
    armv6l = "arm";
    powerpc64le = "ppc64le";
    riscv64 = "riscv64";
    s390x = "s390x";
  };
in
system:
let cpu = builtins.head (builtins.match "([^-]+)-.*" system);
in words.${cpu} or (throw "stratapack: give `architecture` in Go's words for ${system}")
