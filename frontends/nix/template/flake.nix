{
  description = "An image";

  # Where stratapack's flake is.
  inputs.stratapack.url = "git+https://example.org/stratapack";

  outputs = { self, stratapack }:
    let
      system = "x86_64-linux";
      pkgs = stratapack.inputs.nixpkgs.legacyPackages.${system};
      image = stratapack.lib.${system}.buildLayeredImage {
        name = "hello";
        tag = "1";
        contents = [ pkgs.hello ];
        config.Cmd = [ "/bin/hello" ];
        build = "client-side"; # every layer is a derivation
      };
    in
    {
      packages.${system}.default = image;
      # nix run .#push -- registry.example.org/team/hello:1
      apps.${system}.push = { type = "app"; program = "${image.push}"; };
    };
}
