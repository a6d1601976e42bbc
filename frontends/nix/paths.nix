# SPDX-License-Identifier: Apache-2.0
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

  # Whether TEXT refers to what derivations make, rather than to what is in the store.
  namesDerivations = text: builtins.any (reference: reference ? outputs || reference ? allOutputs)
    (builtins.attrValues (builtins.getContext text));

  # What Nix has for the path of an output, until the derivation is built, whose path its content decides.
  isPlaceholder = text: builtins.match "/[0-9a-z]{52}(/.*)?" text != null;

  # The store paths that are named in TEXT, which refers to them, each referring to all that TEXT refers to.
  # Text that only looks like a path refers to nothing.
  storePathsIn = text:
    let
      parts = builtins.split "(${store}/[0-9a-z]{32}-[-+._?=0-9a-zA-Z]+|/[0-9a-z]{52})" (forget text);
      found = builtins.concatLists (builtins.filter builtins.isList parts);
      references = builtins.getContext text;
    in
    if references == { } then [ ]
    else map (path: builtins.appendContext path references) (unique found);

  # All strings in VALUE.
  stringsIn = value:
    if builtins.isString value then [ value ]
    else if builtins.isPath value then [ "${value}" ]
    else if builtins.isList value then builtins.concatLists (map stringsIn value)
    else if value ? outPath || value ? __toString then [ "${value}" ]
    else if builtins.isAttrs value then builtins.concatLists (map stringsIn (builtins.attrValues value))
    else [ ];

  # The store path that TEXT, which is one or lies in one, leads to, for messages about WHAT.
  itemOf = what: text:
    let inside = storePathOf (forget text);
    in
    if isPlaceholder (forget text) then text
    else if inside == null then
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
