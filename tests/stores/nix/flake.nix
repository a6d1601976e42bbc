# What somebody writes who uses stratapack as a flake.
{
  inputs.stratapack.url = "stratapack";
  outputs = { self, stratapack }:
    let
      host = import ./nixpkgs/host.nix;
      tools = stratapack.lib.${host.system};
      pkgs = stratapack.inputs.nixpkgs.legacyPackages.${host.system};
    in
    {
      packages.${host.system}.default = tools.buildLayeredImage {
        name = "flaked";
        tag = "1";
        contents = [ pkgs.busybox ];
        config.Cmd = [ "/bin/sh" ];
        build = "client-side";
      };
    };
}
