{
  description = "Layered container images from the reference graphs of package stores";

  inputs.nixpkgs.url = "nixpkgs";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "i686-linux" "armv7l-linux" "riscv64-linux" ];
      forEach = value: builtins.listToAttrs
        (map (system: { name = system; value = value system nixpkgs.legacyPackages.${system}; }) systems);
    in
    {
      packages = forEach (system: pkgs: rec {
        stratapack = pkgs.callPackage ./frontends/nix/package.nix { };
        default = stratapack;
      });

      # With it, `pkgs.stratapack` is the program of ./frontends/nix as well.
      overlays.default = final: prev: {
        stratapack = final.callPackage ./frontends/nix/package.nix { };
      };

      # buildLayeredImage and the others, see docs/nix.md.
      lib = forEach (system: pkgs: import ./frontends/nix {
        inherit pkgs system;
        program = self.packages.${system}.stratapack;
      });
    };
}
