# The images of the tests: nix-build images.nix -A jq --argstr build client-side
{ build ? "build-side", format ? "oci", strategy ? null }:
let
  world = import ./world.nix;
  inherit (world) busybox jq zstd stratapack;
  image = name: program: arguments: stratapack.buildLayeredImage ({
    inherit name build format strategy;
    tag = "1";
    contents = [ program busybox ];
    config = { Entrypoint = [ "/bin/${name}" ]; Env = [ "PATH=/bin" ]; };
  } // arguments);
in
{
  inherit world;
  jq = image "jq" jq { };
  zstd = image "zstd" zstd { };
}
