# SPDX-License-Identifier: Apache-2.0
# nix2container's way: layers that are grouped explicitly, and an image above them.
{ image, build, calling, pullImage }:
let
  inherit (builtins) concatLists map match;

  listOf = value: if value == null then [ ] else if builtins.isList value then value else [ value ];
  plain = builtins.replaceStrings [ "/" ":" ] [ "-" "-" ];

  # Rules there are regular expressions that match somewhere in the path of a file: those that say the same as a pattern
  # of paths in the image.
  permissionOf = calledAs: rule:
    let
      regex = rule.regex or ".*";
      # Of a path in the store, what is below the item.
      inside = match "([.][*])?[\\^]?(${builtins.storeDir}/[^/]+)?(/.*)?" regex;
      parts = match "(/[-+_a-zA-Z0-9/]*[-+_a-zA-Z0-9]|)(/?[.][*]|/|[$])?[$]?" (
        if inside == null || builtins.elemAt inside 2 == null then "-" else builtins.elemAt inside 2);
      path = builtins.head parts;
      rest = builtins.elemAt parts 1;
      paths =
        if builtins.elem regex [ ".*" "" "^.*$" "/.*" ] then "/**"
        else if parts == null then
          throw "stratapack: ${calledAs}: perms: the regex '${regex}' is not one of a path, as \"/home/app/.*\": give `paths` instead of it, a pattern of paths in the image such as \"/home/*/bin/**\""
        else if rest == "$" then path
        else if rest == "/.*" || rest == "/" then "${path}/*/**"
        else "${path}*/**";
    in
    # Layers name owners by number only.
    removeAttrs rule [ "path" "regex" "uname" "gname" ] // (if rule ? paths then { } else { inherit paths; });

  # Layers below others, with what they copy.
  flatten = layers: concatLists (map (group: flatten group.layers ++ [ group ]) layers);
  copiesOf = groups: concatLists (map (group: group.copyToRoot) groups);
  permsOf = groups: concatLists (map (group: group.perms) groups);

  imageArguments = image.arguments ++ [ "arch" "perms" "initializeNixDatabase" "nixUid" "nixGid" ];
  buildImage =
    { copyToRoot ? [ ], layers ? [ ], maxLayers ? 1, perms ? [ ], initializeNixDatabase ? false, nixUid ? 0, nixGid ? 0
    , arch ? null, calledAs, ... }@arguments:
    let
      rest = removeAttrs arguments [ "perms" "initializeNixDatabase" "arch" "maxLayers" "nixUid" "nixGid" ];
      groups = flatten layers;
      ofNix = if ! initializeNixDatabase || (nixUid == 0 && nixGid == 0) then [ ]
        else [{ paths = "/nix/var/nix/**"; uid = nixUid; gid = nixGid; }];
    in
    image.makeImage (rest // {
      # What layers below copy comes into the image's own layer: the same files.
      copyToRoot = copiesOf groups ++ listOf copyToRoot;
      inherit layers;
      # Those of the groups, those of the rest, and the customisation, above those of fromImage.
      maxLayers = "+${toString (image.boundOf layers + maxLayers + 1)}";
      permissions = (arguments.permissions or [ ]) ++ map (permissionOf calledAs) (permsOf groups ++ perms) ++ ofNix;
      nixDatabase = arguments.nixDatabase or initializeNixDatabase;
      tmp = arguments.tmp or false;
    } // (if arch == null then { } else { architecture = arch; }));

  # `metadata` is of the history, in which every layer names what is in it; an image is always the same.
  layerArguments = [ "deps" "contents" "copyToRoot" "layers" "maxLayers" "perms" "strategy" "ignore" "reproducible" "metadata" ];
  buildLayer =
    { deps ? [ ], contents ? [ ], copyToRoot ? [ ], layers ? [ ], maxLayers ? 1, perms ? [ ], strategy ? null, ignore ? null
    , calledAs, ... }:
    let
      group = {
        deps = listOf deps ++ listOf contents;
        copyToRoot = listOf copyToRoot;
        inherit layers maxLayers perms strategy;
      };
    in
    if ignore != null then
      throw "stratapack: ${calledAs}: ignore is not supported: an image holds all that its items refer to"
    else
      # By itself, the derivation is an image of these layers.
      build.extend
        (buildImage {
          name = "layer";
          tag = "layer";
          layers = [ group ];
          maxLayers = 1;
          inherit calledAs;
        })
        group;
in
{
  # Layers that come below others, at most maxLayers of them: everything that `deps` refer to and that
  # is not in `layers` or in layers below.
  buildLayer = calling.overridable (calling.checked "buildLayer" layerArguments buildLayer);

  # A directory, as there.
  pullImage = arguments: pullImage ({ name = "docker-image-${plain arguments.imageName}"; format = "dir"; } // arguments);

  buildImage = calling.overridable (calling.checked "nix2container.buildImage" imageArguments buildImage);
}
