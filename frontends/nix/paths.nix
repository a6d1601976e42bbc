# Store paths in strings, and what evaluation knows about them.
rec {
  store = builtins.storeDir;

  # TEXT without what it refers to: for files and derivations that only talk about store paths.
  forget = builtins.unsafeDiscardStringContext;

  unique = list: builtins.attrNames (builtins.listToAttrs
    (map (name: { name = forget name; value = null; }) list));

  # The different ones of PATHS, in their order.
  distinct = paths: builtins.foldl'
    (seen: path: if builtins.elem path seen then seen else seen ++ [ path ]) [ ] paths;

  # The store path that PATH lies in, or null.
  storePathOf = path:
    let found = builtins.match "(${store}/[0-9a-z]{32}-[-+._?=0-9a-zA-Z]+)(/.*)?" path;
    in if found == null then null else builtins.head found;

  # The store paths that are named in TEXT, each referring to all that TEXT refers to.
  storePathsIn = text:
    let
      parts = builtins.split "(${store}/[0-9a-z]{32}-[-+._?=0-9a-zA-Z]+)" text;
      found = builtins.concatLists (builtins.filter builtins.isList parts);
      references = builtins.getContext text;
    in map (path: builtins.appendContext path references) (unique found);

  # The store path that TEXT, which is one or lies in one, leads to, for messages about WHAT.
  itemOf = what: text:
    let inside = storePathOf (forget text);
    in
    if inside == null then
      throw "stratapack: ${what}: '${text}' is not in the store: give a derivation, or a path without quotes"
    else builtins.appendContext inside (builtins.getContext text);

  # PATH, which text named that was read from a file, as something that a derivation may use. Nix looks for
  # it in the store, and fetches it where somebody else has it.
  use = path:
    let inside = storePathOf path;
    in
    if inside == null then path
    else builtins.addErrorContext
      "while using '${inside}', which a plan names: build the attribute `plan` of the image first, which builds what it needs, or make the plan again from `newPlan`"
      (builtins.appendContext path { ${inside} = { path = true; }; });
}
