# Layered container images of Nix closures, as derivations.
#
#   let stratapack = import ./frontends/nix { program = ./stratapack; };   # the static program
#   in stratapack.buildLayeredImage { name = "hello"; contents = [ hello ]; }
#
# With nixpkgs, `import ./frontends/nix { inherit pkgs; }` builds the program and takes the tools from
# there. docs/nix.md shows complete files; image.nix says what an image is made of.
{
  # nixpkgs, or anything with busybox, cacert, fakeroot, nix, skopeo and sqlite for what needs them.
  pkgs ? null,
  system ? if pkgs == null then builtins.currentSystem else pkgs.stdenv.hostPlatform.system,

  # The program: the static file, or a derivation with bin/stratapack. It is the builder of all
  # derivations here that need no shell.
  program ? if pkgs == null
    then throw "stratapack: give `program`, the static stratapack (make static), or `pkgs`"
    else pkgs.stratapack or (pkgs.callPackage ./package.nix { }),

  # A store path whose bin has sh, mkdir, cp, ln, chmod, stat and the like, e.g. busybox. Needed for
  # commands (extraCommands, fakeRootCommands, runAsRoot) and for scripts (streamLayeredImage, push).
  tools ? if pkgs == null then null else pkgs.busybox,

  # Derivations with what some features need: bin/fakeroot, bin/nix-store, bin/sqlite3.
  fakeroot ? if pkgs == null then null else pkgs.fakeroot,
  nix ? if pkgs == null then null else pkgs.nix,
  sqlite ? if pkgs == null then null else pkgs.sqlite,

  # What copies images: a command for scripts; pullImage needs the path of the program.
  skopeo ? if pkgs == null then "skopeo" else "${pkgs.skopeo}/bin/skopeo",

  # The file of certificates that tell whether a registry is what it says.
  certificates ? if pkgs == null then null else "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt",
}:
let
  context = {
    inherit system tools fakeroot nix sqlite skopeo certificates;
    program =
      if builtins.isAttrs program then "${program}/bin/stratapack"
      else if builtins.isPath program then
        builtins.path { path = program; name = "stratapack"; }
      else program;
  };
  paths = import ./paths.nix;
  build = import ./build.nix context;
  layer = import ./layer.nix { inherit paths build; };
  customisation = import ./customisation.nix { inherit paths build context; };
  database = import ./database.nix { inherit paths build context; };
  image = import ./image.nix { inherit paths build layer customisation database context; };
  pullImage = import ./pull.nix { inherit context; };
  nix2container = import ./nix2container.nix { inherit image pullImage; };
  dockerTools = import ./docker-tools.nix { inherit image paths; };
in
{
  # What everything else is made of.
  inherit (image) makeImage;
  inherit (layer) makeLayer;

  # nixpkgs' dockerTools.
  inherit (dockerTools) buildImage buildLayeredImage streamLayeredImage
    buildImageWithNixDb buildLayeredImageWithNixDb;
  inherit pullImage;

  # nix2container.
  inherit nix2container;
  inherit (nix2container) buildLayer;
}
