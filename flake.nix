{
  description = "Layered container images from the reference graphs of package stores";

  inputs.nixpkgs.url = "nixpkgs";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "i686-linux" "armv7l-linux" "riscv64-linux" ];
      forEach = value: builtins.listToAttrs
        (map (system: { name = system; value = value system nixpkgs.legacyPackages.${system}; }) systems);
      stratapackFor = pkgs: pkgs.callPackage ./frontends/nix/package.nix { inherit pkgs; };
    in
    {
      packages = forEach (system: pkgs: rec {
        stratapack = stratapackFor pkgs;
        default = stratapack;
      });

      # nix run
      apps = forEach (system: pkgs: rec {
        stratapack = { type = "app"; program = "${self.packages.${system}.stratapack}/bin/stratapack"; };
        default = stratapack;
      });

      checks = forEach (system: pkgs: { package = self.packages.${system}.stratapack; }
        // import ./frontends/nix/package-tests.nix { inherit pkgs; program = self.packages.${system}.stratapack; });

      overlays = {
        # With it, `pkgs.stratapack` is the program of ./frontends/nix as well.
        default = final: prev: { stratapack = stratapackFor final; };
        # With it, `pkgs.dockerTools` makes images with this program.
        dockerTools = final: prev: {
          dockerTools = (prev.dockerTools or { })
            // removeAttrs (import ./frontends/nix { pkgs = final; }) [ "nix2container" "buildLayer" ];
        };
      };

      # buildLayeredImage and the others, see docs/nix.md.
      lib = forEach (system: pkgs: import ./frontends/nix {
        inherit pkgs system;
        program = self.packages.${system}.stratapack;
      });

      # nix flake init -t
      templates.default = {
        path = ./frontends/nix/template;
        description = "an image in layers that are derivations, and an app that pushes it";
      };
    };
}
