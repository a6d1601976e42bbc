# nix2container's way: layers that are grouped explicitly, and an image above them.
{ image, pullImage }:
let
  listOf = value: if value == null then [ ] else if builtins.isList value then value else [ value ];

  permissionOf = rule:
    if rule ? paths then rule
    else if (rule.regex or ".*") == ".*" then removeAttrs rule [ "path" "regex" ] // { paths = "/**"; }
    else throw "stratapack: perms: give `paths`, a pattern of paths in the image as \"/home/**\", instead of the regex '${rule.regex}'";
  plain = builtins.replaceStrings [ "/" ":" ] [ "-" "-" ];
in
{
  # Layers that come below others, at most maxLayers of them: everything that `deps` refer to and that
  # is not in `layers` or in layers below. It becomes derivations where an image uses it.
  buildLayer = { deps ? [ ], layers ? [ ], maxLayers ? 1, strategy ? null }:
    { inherit deps layers maxLayers strategy; };

  # A directory, as there.
  pullImage = arguments: pullImage ({ name = "docker-image-${plain arguments.imageName}"; format = "dir"; } // arguments);

  buildImage =
    { copyToRoot ? [ ], layers ? [ ], maxLayers ? 1, perms ? [ ], initializeNixDatabase ? false, arch ? null, ... }@arguments:
    let rest = removeAttrs arguments [ "perms" "initializeNixDatabase" "arch" "maxLayers" ];
    in
    image.makeImage (rest // {
      copyToRoot = listOf copyToRoot;
      inherit layers;
      # Those of the groups, those of the rest, and the customisation, above those of fromImage.
      maxLayers = "+${toString (image.boundOf layers + maxLayers + 1)}";
      permissions = map permissionOf perms;
      nixDatabase = initializeNixDatabase;
      tmp = arguments.tmp or false;
    } // (if arch == null then { } else { architecture = arch; }));
}
