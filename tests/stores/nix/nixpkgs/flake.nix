# Stands in for nixpkgs, which is not to be had without a network: the parts of it that the front end
# uses, made of the world of the tests.
{
  outputs = { self }: {
    legacyPackages.${(import ./host.nix).system} =
      let
        inherit (import ./host.nix) system content program;
        imported = name: builtins.path { path = content + "/${name}"; inherit name; };
        packages = rec {
          stdenv = {
            hostPlatform = { inherit system; };
            # What would be compiled is here already.
            mkDerivation = attributes: derivation {
              name = "${attributes.pname}-${attributes.version}";
              inherit system;
              inherit (attributes) src;
              builder = "${busybox}/bin/sh";
              args = [ "-e" "-c" "PATH=${busybox}/bin; test -e $src/meson.build; mkdir -p $out/bin; cp ${builtins.path { path = program; name = "stratapack"; }} $out/bin/stratapack" ];
            };
          };
          lib = {
            cleanSource = path: builtins.path { inherit path; name = "source"; };
            licenses.asl20 = { };
            platforms.linux = [ system ];
          };
          busybox = imported "busybox";
          fakeroot = "/usr";
          nix = "/usr";
          sqlite = "/usr";
          skopeo = "/usr";
          meson = null;
          ninja = null;
          pkg-config = null;
          scdoc = null;
          libdeflate = null;
          openssl = null;
          zlib = null;
          zstd = null;
          callPackage = path: overrides:
            let function = import path;
            in function (builtins.intersectAttrs (builtins.functionArgs function) packages // overrides);
        };
      in
      packages;
  };
}
