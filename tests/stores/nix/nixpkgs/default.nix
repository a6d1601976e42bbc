# Stands in for nixpkgs, which is not to be had without a network: the parts of it that the front end and
# the manual use, made of the world of the tests. What would be compiled is in ./stratapack already.
{ system ? builtins.currentSystem }:
let
  world = import ./world.nix { inherit system; };
  packages = rec {
    inherit system;
    inherit (world) busybox jq nix;
    hello = world.shell "hello" ''
      mkdir -p $out/bin
      printf '#!${busybox}/bin/sh\necho "Hello, world!"\n' >$out/bin/hello
      chmod 755 $out/bin/hello
    '';
    stdenv = {
      hostPlatform = { inherit system; };
      buildPlatform = { inherit system; };
      # The machine's shell and tools.
      shell = "/bin/bash";
      initialPath = [ "/usr" ];
      mkDerivation = attributes: derivation {
        name = "${attributes.pname}-${attributes.version}";
        inherit system;
        inherit (attributes) src;
        builder = "${busybox}/bin/sh";
        args = [ "-e" "-c" "PATH=${busybox}/bin; test -e $src/meson.build; mkdir -p $out/bin; cp ${builtins.path { path = ./stratapack; name = "stratapack"; }} $out/bin/stratapack" ];
      };
    };
    lib = {
      cleanSource = path: builtins.path { inherit path; name = "source"; };
      licenses.asl20 = { };
      platforms.linux = [ system ];
    };
    # Programs of the machine.
    cacert = "/usr";
    fakeroot = "/usr";
    skopeo = "/usr";
    sqlite = "/usr";
    # What compiles, and is compiled against.
    meson = null;
    ninja = null;
    pkg-config = null;
    scdoc = null;
    jansson = null;
    libdeflate = null;
    openssl = null;
    zlib = null;
    zstd = null;
    callPackage = path: overrides:
      let function = import path;
      in function (builtins.intersectAttrs (builtins.functionArgs function) packages // overrides);
  };
in
packages
