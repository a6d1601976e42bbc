# SPDX-License-Identifier: Apache-2.0
# What an image has besides its items: as options of the program, and as JSON for a given plan.
{ paths, build, context }:
let
  inherit (builtins) attrNames concatLists isList isString map substring stringLength toFile toJSON;

  treeOf = import ./tree.nix { inherit build context; };
  listOf = value: if value == null then [ ] else if isList value then value else [ value ];
in
{ name
, contents ? [ ]
, copyToRoot ? [ ]
, followDirectoryLinks ? false
, extraCommands ? ""
, fakeRootCommands ? ""
, enableFakechroot ? false
, symlinks ? { }
, directories ? [ ]
, tmp ? true
, permissions ? [ ]
, database ? null # a tree that comes on top
}:
let
  hasTree = extraCommands != "" || fakeRootCommands != ""
    || (followDirectoryLinks && listOf copyToRoot != [ ]);
  tree = treeOf {
    inherit name extraCommands fakeRootCommands enableFakechroot;
    contents = listOf contents;
    copyToRoot = listOf copyToRoot;
    follow = followDirectoryLinks;
  };
  # Where several contents have a file, the first one counts, as in nixpkgs.
  reversed = list: builtins.genList
    (index: builtins.elemAt list (builtins.length list - 1 - index)) (builtins.length list);
  copies =
    if hasTree then [ { from = "${tree}"; to = "/"; } ]
    else
      map (path: { from = "${path}"; to = "/"; links = true; }) (reversed (listOf contents))
      ++ map (path: { from = "${path}"; to = "/"; }) (listOf copyToRoot);
  allCopies = copies ++ (if database == null then [ ] else [{ from = "${database}"; to = "/"; }]);
  # A store takes the right to write from everything; who uses the database needs it.
  allPermissions = (if database == null then [ ] else
    map (paths: { inherit paths; mode = "u+w"; }) [ "/nix/store/.links" "/nix/var/nix/**" ]) ++ permissions;

  directory = text:
    let parts = builtins.match "([^:]+)(:([0-7]+)(:([0-9]+):([0-9]+))?)?" text;
        at = builtins.elemAt parts;
    in
    if builtins.isAttrs text then { type = "directory"; } // text
    else if parts == null then
      throw "stratapack: the directory '${text}' is not written PATH[:MODE[:UID:GID]]"
    else { type = "directory"; path = at 0; }
      // (if at 2 == null then { } else { mode = at 2; })
      // (if at 4 == null then { } else {
        uid = builtins.fromJSON (at 4);
        gid = builtins.fromJSON (at 5);
      });
  entries =
    map (path: { inherit path; type = "symlink"; target = symlinks.${path}; }) (attrNames symlinks)
    ++ map directory directories
    ++ (if tmp then [{ path = "/tmp"; type = "directory"; mode = "1777"; }] else [ ]);

  rulesFile = toFile "permissions.json" (toJSON allPermissions);
  option = name: value: [ name value ];
  copyOption = copy: option (if copy.links or false then "--link" else "--copy") copy.from;
  mkdirOption = entry: option "--mkdir"
    "${entry.path}:${entry.mode or "0755"}:${toString (entry.uid or 0)}:${toString (entry.gid or 0)}";

  # The JSON of SET without what closes it.
  open = set: let text = toJSON set; in substring 0 (stringLength text - 1) text;
in
{
  # The items that the customisation needs in the image, and those that are only copied from; the
  # database names none but theirs.
  items = if hasTree then [ ] else listOf contents;
  copied = if hasTree then [ tree ] else listOf copyToRoot;

  # As options of the program.
  options =
    concatLists (map copyOption allCopies)
    ++ concatLists (map (path: option "--symlink" "${path}=${symlinks.${path}}") (attrNames symlinks))
    ++ concatLists (map (text: mkdirOption (directory text)) directories)
    ++ (if tmp then [ ] else [ "--no-tmp" ])
    ++ (if hasTree then option "--permissions" "${tree.permissions}" else [ ])
    ++ (if allPermissions == [ ] then [ ] else option "--permissions" rulesFile);

  # As a plan has it, but for the permissions of a tree: those are known when it is built.
  value = {
    inherit entries;
    copies = allCopies;
    permissions = allPermissions;
  };

  # Whether the permissions of a tree are still to be added.
  inherit hasTree;
  # OBJECT, which has `permissions` and goes on with the text REST, as a file that has those of the tree, too.
  complete = name: outer: object: rest: build.shellCommands "a tree made by commands" name
    {
      before = outer + open (removeAttrs object [ "permissions" ]) + ",\"permissions\":[";
      after = substring 1 (stringLength (toJSON object.permissions) - 1) (toJSON object.permissions) + rest;
      comma = if object.permissions == [ ] then "" else ",";
      inherit (tree) permissions;
      passAsFile = [ "before" "after" ];
      preferLocalBuild = true;
    } ''
    cat "$beforePath" >"$out"
    rules=$(sed -e '1s/^\[//' -e '$s/\]$//' "$permissions")
    [ -z "$rules" ] || printf '%s%s' "$rules" "$comma" >>"$out"
    cat "$afterPath" >>"$out"
  '';
  inherit open;
}
