# nixpkgs' dockerTools: the same arguments with the same meanings, and `build`, `plan`, `strategy`,
# `permissions`, `compression` and `format` besides.
{ image, paths }:
let
  inherit (builtins) elem isList;

  letters = {
    upper = [ "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z" ];
    lower = [ "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "x" "y" "z" ];
  };
  lower = builtins.replaceStrings letters.upper letters.lower;

  ownerOf = uid: gid: if uid == 0 && gid == 0 then null else "${toString uid}:${toString gid}";
  listOf = value: if value == null then [ ] else if isList value then value else [ value ];

  # Arguments that say nothing about the image, and those that cannot be followed.
  ignored = [ "debug" "meta" "passthru" "diskSize" "buildVMMemorySize" "keepContentsDirlinks" ];
  refused = {
    enableFakechroot = "fakeRootCommands start in the new root directory, but not in a chroot of it";
    runAsRoot = "it needs a virtual machine: use fakeRootCommands or permissions";
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
      throw "stratapack: ${builtins.head wrong} is not supported: ${refused.${builtins.head wrong}}"
    else removeAttrs arguments (ignored ++ builtins.attrNames refused);

  finish = arguments: result: result // (arguments.passthru or { })
    // (if arguments ? meta then { inherit (arguments) meta; } else { });

  # What all of them have in common.
  translate = { name, uid ? 0, gid ? 0, created ? "1970-01-01T00:00:01Z", mtime ? null, ... }@arguments:
    removeAttrs arguments [ "uid" "gid" ] // {
      name = lower name;
      owner = arguments.owner or (ownerOf uid gid);
      inherit created mtime;
      tmp = arguments.tmp or false;
      format = arguments.format or "docker-archive";
    };

  withDatabase = arguments: removeAttrs arguments [ "includeNixDB" ]
    // { nixDatabase = arguments.includeNixDB or false; };

  layered = arguments:
    let given = translate (clean (withDatabase arguments));
    in image.makeImage (given // { contents = listOf (given.contents or null); });
in
rec {
  buildLayeredImage = arguments: finish arguments (layered arguments);
  buildLayeredImageWithNixDb = arguments: buildLayeredImage (arguments // { includeNixDB = true; });
  buildImageWithNixDb = arguments: buildImage (arguments // { includeNixDB = true; });

  # The script itself is the derivation, as in nixpkgs: `$(nix-build) | docker load`.
  streamLayeredImage = arguments:
    let made = layered arguments;
    in finish arguments (made.stream // {
      inherit (made) imageName imageTag plan newPlan closure layers stream push;
      image = made;
    });

  # One layer.
  buildImage = arguments:
    let
      given = translate (clean (removeAttrs (withDatabase arguments) [ "compressor" "contents" ]));
      compressors = { none = "none"; gz = "gzip"; zstd = "zstd"; };
      compressor = arguments.compressor or "gz";
    in
    finish arguments (image.makeImage (given // {
      copyToRoot = listOf (arguments.copyToRoot or null) ++ listOf (arguments.contents or null);
      strategy = if (arguments.strategy or null) == null then "single" else arguments.strategy;
      compression = arguments.compression or compressors.${compressor}
        or (throw "stratapack: compressor = \"${compressor}\": choose one of none, gz, zstd");
    }));
}
