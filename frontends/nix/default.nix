# SPDX-License-Identifier: Apache-2.0
# Layered container images of Nix closures, as derivations.
#
#   let stratapack = import ./frontends/nix { program = ./stratapack; };   # the static program
#   in stratapack.buildLayeredImage { name = "hello"; contents = [ hello ]; }
#
# With nixpkgs, `import ./frontends/nix { inherit pkgs; }` builds the program and takes the tools from
# there. docs/nix.md shows complete files; image.nix says what an image is made of.
{
  # nixpkgs, or anything with cacert, fakeroot, nix, skopeo, sqlite and stdenv for what needs them. Of a nixpkgs
  # that compiles for other machines (pkgsCross), images are for those, and made here.
  pkgs ? null,
  # The machine that builds, and the one that images are for.
  system ? if pkgs == null then builtins.currentSystem
    else (pkgs.stdenv.buildPlatform or pkgs.stdenv.hostPlatform).system,
  # The program knows what images call a system.
  architecture ? if pkgs == null then system else pkgs.stdenv.hostPlatform.system,

  # The program: the static file, or a derivation with bin/stratapack. It is the builder of all
  # derivations here that need no shell.
  program ? if pkgs == null
    then throw "stratapack: give `program`, the static stratapack (make static), or `pkgs`"
    else (pkgs.buildPackages or pkgs).stratapack or ((pkgs.buildPackages or pkgs).callPackage ./package.nix { }),

  # Store paths whose bin have sh, mkdir, cp, ln, chmod, stat, awk and the like, e.g. busybox. Needed for
  # commands (extraCommands, fakeRootCommands) and for scripts (streamLayeredImage, push). With pkgs they are
  # those of its builders, with bash.
  tools ? if pkgs == null then null else pkgs.stdenv.initialPath,
  shell ? if pkgs != null then pkgs.stdenv.shell
    else if tools == null then null
    else "${if builtins.isList tools then builtins.head tools else tools}/bin/sh",

  # Derivations with what some features need: bin/fakeroot, bin/nix-store, bin/proot, bin/sqlite3; pigz and
  # zstd make archives smaller.
  fakeroot ? if pkgs == null then null else (pkgs.buildPackages or pkgs).fakeroot,
  nix ? if pkgs == null then null else (pkgs.buildPackages or pkgs).nix,
  pigz ? if pkgs == null then null else (pkgs.buildPackages or pkgs).pigz or null,
  proot ? if pkgs == null then null else (pkgs.buildPackages or pkgs).proot or null,
  sqlite ? if pkgs == null then null else (pkgs.buildPackages or pkgs).sqlite,
  zstd ? if pkgs == null then null else (pkgs.buildPackages or pkgs).zstd,

  # What copies images: a command for scripts; pullImage needs the path of the program.
  skopeo ? if pkgs == null then "skopeo" else "${(pkgs.buildPackages or pkgs).skopeo}/bin/skopeo",

  # The file of certificates that tell whether a registry is what it says.
  certificates ? if pkgs == null then null else "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt",
}:
let
  context = {
    inherit system architecture shell fakeroot nix pigz proot skopeo sqlite zstd certificates;
    tools = if tools == null then [ ] else if builtins.isList tools then tools else [ tools ];
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
  image = import ./image.nix { inherit paths build layer customisation database copying context; };
  calling = import ./calling.nix { inherit build; };
  copying = import ./copying.nix { inherit build context; };
  index = import ./index.nix { inherit build calling copying; };
  pullImage = import ./pull.nix { inherit context; };
  nix2container = import ./nix2container.nix { inherit image build calling pullImage; };
  dockerTools = import ./docker-tools.nix { inherit image calling paths; };
  helpers = import ./helpers.nix { inherit pkgs build calling context; };
  archives = import ./archives.nix { inherit build context; };
  shells = import ./shells.nix { inherit pkgs build dockerTools helpers; };
in
{
  # What everything else is made of.
  makeImage = calling.overridable (calling.checked "makeImage" image.arguments image.makeImage);
  inherit (layer) makeLayer;
  inherit (index) makeIndex;

  # nixpkgs' dockerTools.
  inherit (dockerTools) buildImage buildLayeredImage streamLayeredImage
    buildImageWithNixDb buildLayeredImageWithNixDb;
  inherit pullImage;
  inherit (archives) mergeImages exportImage;
  inherit (helpers) binSh usrBinEnv caCertificates fakeNss shadowSetup;
  inherit (shells) streamNixShellImage buildNixShellImage;

  # nix2container.
  inherit nix2container;
  inherit (nix2container) buildLayer;
}
