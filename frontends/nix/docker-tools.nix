# SPDX-License-Identifier: Apache-2.0
# nixpkgs' dockerTools: the same arguments with the same meanings, and `build`, `plan`, `strategy`,
# `permissions`, `compression` and `format` besides.
{ image, calling, paths }:
let
  inherit (builtins) elem isList;

  letters = import ./letters.nix;
  lower = builtins.replaceStrings letters.upper letters.lower;

  ownerOf = uid: gid: if uid == 0 && gid == 0 then null else "${toString uid}:${toString gid}";
  listOf = value: if value == null then [ ] else if isList value then value else [ value ];

  # Arguments that say nothing about the image, and those that cannot be followed.
  ignored = [ "debug" "diskSize" "buildVMMemorySize" ];
  refused = {
    runAsRoot = "it needs a virtual machine. Write its commands as fakeRootCommands, which begin in the new root directory, or with enableFakechroot see it as the root; what they find there is copyToRoot and not fromImage";
    uname = "layers name owners by number only: give uid";
    gname = "layers name owners by number only: give gid";
  };
  isDefault = name: value: value == null || value == false || (elem name [ "uname" "gname" ] && value == "root");
  clean = arguments:
    let
      wrong = builtins.filter (name: refused ? ${name} && ! isDefault name arguments.${name})
        (builtins.attrNames arguments);
    in
    if wrong != [ ] then
      throw "stratapack: ${arguments.calledAs}: ${builtins.head wrong} is not supported: ${refused.${builtins.head wrong}}"
    else removeAttrs arguments (ignored ++ builtins.attrNames refused);

  # What all of them have in common.
  translate = { name ? "", uid ? 0, gid ? 0, created ? "1970-01-01T00:00:01Z", ... }@arguments:
    removeAttrs arguments [ "uid" "gid" "includeNixDB" ] // {
      name = lower name;
      owner = arguments.owner or (ownerOf uid gid);
      inherit created;
      nixDatabase = arguments.includeNixDB or arguments.nixDatabase or false;
      tmp = arguments.tmp or false;
      format = arguments.format or "docker-archive";
      # The archive is compressed and not its layers, which dockerTools reads; without a shell nothing is.
      compressor = if (arguments.compressor or null) != null then arguments.compressor
        else if arguments ? compression then null
        else image.usualCompressor;
    };

  common = image.arguments ++ ignored ++ builtins.attrNames refused ++ [ "uid" "gid" "includeNixDB" ];

  layered = arguments:
    let given = translate (clean arguments);
    in image.makeImage (given // { contents = listOf (given.contents or null); });
  # The script itself is the derivation, as in nixpkgs: `$(nix-build) | docker load`.
  streamed = arguments:
    let made = layered arguments;
    in image.extend made.stream {
      inherit (made) imageName imageTag plan newPlan closure layers stream push meta passthru copyTo copyToRegistry
        copyToDockerDaemon copyToPodman;
      isExe = true;
      image = made;
    } // (arguments.passthru or { });

  # One layer.
  single = arguments:
    let
      given = translate (clean (removeAttrs arguments [ "contents" "keepContentsDirlinks" ]));
    in
    image.makeImage (given // {
      copyToRoot =
        if (arguments.copyToRoot or null) != null && (arguments.contents or null) != null then
          throw "stratapack: ${arguments.calledAs}: contents is an older name of copyToRoot: give one of them"
        else listOf (arguments.copyToRoot or null) ++ listOf (arguments.contents or null);
      followDirectoryLinks = arguments.followDirectoryLinks or (! (arguments.keepContentsDirlinks or false));
      strategy = if (arguments.strategy or null) == null then "single" else arguments.strategy;
    });

  define = name: known: function: calling.overridable (calling.checked name known function);
  withDatabase = function: arguments: function (arguments // { includeNixDB = true; });
  ofSingle = common ++ [ "keepContentsDirlinks" ];
in
{
  buildLayeredImage = define "buildLayeredImage" common layered;
  buildLayeredImageWithNixDb = define "buildLayeredImageWithNixDb" common (withDatabase layered);
  streamLayeredImage = define "streamLayeredImage" common streamed;
  buildImage = define "buildImage" ofSingle single;
  buildImageWithNixDb = define "buildImageWithNixDb" ofSingle (withDatabase single);
}
