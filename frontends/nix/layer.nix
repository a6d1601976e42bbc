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
  useCopy = copy: copy // { from = paths.use copy.from; };
in
rec {
  # The recipe of a layer: everything that its bytes depend on (docs/recipe.schema.json). It is a
  # file in the store that refers to the items, and so brings them to where the layer is built.
  makeRecipe = { items ? [ ], copies ? [ ], entries ? [ ], permissions ? [ ], compression ? "gzip", owner ? null, mtime ? null }@arguments:
    toFile "recipe.json" (toJSON (withoutNulls {
      stratapackRecipe = 1;
      tarRules = 1;
      owner = if owner == null then null else ownerOf owner;
      time = mtime;
      compression = codec compression;
      items = map (item: { id = item; content = "store"; trees = [ item ]; })
        (builtins.sort (a: b: paths.forget a < paths.forget b) (map paths.use items));
    } // (if copies == [ ] then { } else { copies = map useCopy copies; })
      // (if entries == [ ] then { } else { inherit entries; })
      // (if permissions == [ ] then { } else { inherit permissions; })));
  ownerOf = owner;

  # One layer: a directory with its blob and layer.json. It depends on its recipe and the program, and
  # on no image: whoever asks for the same items gets the same derivation. It is compressed, and its
  # description names no items, so that it keeps none of them alive.
  makeLayer = arguments:
    build.run "stratapack-layer"
      [ "layer" (makeRecipe arguments) "--omit-items" "--output" build.out ]
      { };
}
