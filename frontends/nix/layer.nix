# SPDX-License-Identifier: Apache-2.0
# Layers as derivations.
{ paths, build }:
let
  inherit (builtins) filter listToAttrs map toFile toJSON;

  codec = compression:
    let parts = builtins.match "([a-z]+)(:([0-9]+))?" compression;
    in
    if parts == null then throw "stratapack: compression '${compression}' is not written CODEC[:LEVEL]"
    else { codec = builtins.elemAt parts 0; }
      // (let level = builtins.elemAt parts 2; in if level == null then { } else { level = builtins.fromJSON level; });

  owner = text:
    let parts = builtins.match "([0-9]+):([0-9]+)" text;
    in
    if parts == null then throw "stratapack: owner '${text}' is not written UID:GID"
    else { uid = builtins.fromJSON (builtins.elemAt parts 0); gid = builtins.fromJSON (builtins.elemAt parts 1); };

  withoutNulls = set: listToAttrs (filter (pair: pair.value != null)
    (map (name: { inherit name; value = set.${name}; }) (builtins.attrNames set)));

  # Names read from a plan become inputs of the derivation.
  itemOf = item:
    if builtins.isString item && ! builtins.hasContext item then paths.use item
    else paths.itemOf "an item of a layer" "${item}";
  useCopy = copy: copy // { from = if builtins.hasContext "${copy.from}" then "${copy.from}" else paths.use copy.from; };

  command = recipe: [ "layer" recipe "--omit-items" "--output" build.out ];
in
rec {
  # The recipe of a layer: everything that its bytes depend on (docs/recipe.schema.json).
  recipeOf = { items ? [ ], copies ? [ ], entries ? [ ], permissions ? [ ], compression ? "gzip", owner ? null, mtime ? null }:
    withoutNulls {
      stratapackRecipe = 1;
      tarRules = 1;
      owner = if owner == null then null else ownerOf owner;
      time = mtime;
      compression = codec compression;
      items = map (item: { id = item; content = "store"; trees = [ item ]; })
        (builtins.sort (a: b: paths.forget a < paths.forget b) (map itemOf items));
    } // (if copies == [ ] then { } else { copies = map useCopy copies; })
      # The rules for files that are copied, which links are not.
      // (if builtins.all (copy: copy.links or false) copies then { } else { copyRules = 2; })
      // (if entries == [ ] then { } else { inherit entries; })
      // (if permissions == [ ] then { } else { inherit permissions; });
  ownerOf = owner;

  # One layer: a directory with its blob and layer.json. It depends on its recipe and the program, and
  # on no image: whoever asks for the same items gets the same derivation. It is compressed, and its
  # description names no items, so that it keeps none of them alive.
  #
  # The recipe is a file in the store that refers to the items, and so brings them to where the layer is
  # built. No such file may refer to what is still to be built: then the builder is given the recipe.
  makeLayer = arguments: let recipe = recipeOf arguments; in
    if paths.namesDerivations (toJSON recipe) then
      build.run "stratapack-layer" (command ".attrs.json") { __structuredAttrs = true; inherit recipe; }
    else layerOf (toFile "recipe.json" (toJSON recipe));
  layerOf = recipe: build.run "stratapack-layer" (command "${recipe}") { };
}
