# What an image has besides its items: as options of the program, and as JSON for a given plan.
{ paths, build, context }:
let
  inherit (builtins) attrNames concatLists concatStringsSep isList map toJSON;

  listOf = value: if value == null then [ ] else if isList value then value else [ value ];

  # A tree made by commands, and the permissions that its files had: a store does not keep them.
  # Rules that a store would give anyway are left out; the first makes everything writable for its
  # owner, as it is outside of stores.
  treeOf = { name, contents, copyToRoot, extraCommands, fakeRootCommands }:
    build.shell "a tree made by commands" "${name}-root"
      {
        outputs = [ "out" "permissions" ];
        inherit extraCommands fakeRootCommands;
        contents = concatStringsSep " " (map (path: "${path}") contents);
        copyToRoot = concatStringsSep " " (map (path: "${path}") copyToRoot);
        fakeroot =
          if fakeRootCommands == "" then ""
          else if context.fakeroot == null then
            throw "stratapack: fakeRootCommands needs `fakeroot`, a derivation with bin/fakeroot; permissions do without"
          else "${context.fakeroot}/bin/fakeroot";
        record = ''
          find . -mindepth 1 ! -type l -exec stat -c '%a %u %g %n' {} + | while read -r mode uid gid path; do
            case $mode in *[1357]??) usual=755 ;; *) usual=644 ;; esac
            changed=
            [ "$mode" = "$usual" ] || changed=", \"mode\": \"$mode\""
            [ -z "$fakeroot" ] || [ "$uid:$gid" = 0:0 ] || changed="$changed, \"uid\": $uid, \"gid\": $gid"
            [ -z "$changed" ] || printf ',\n{"paths": "%s"%s}' \
              "$(printf %s "''${path#.}" | sed 's/[][*?\\]/\\&/g; s/[\\"]/\\&/g')" "$changed"
          done
        '';
      } ''
      mkdir "$out"
      cd "$out"
      for path in $contents; do
        cp -rs "$path/." . && chmod -R u+w .
      done
      for path in $copyToRoot; do
        cp -a "$path/." . && chmod -R u+w .
      done
      eval "$extraCommands"
      cd "$out"
      if [ -n "$fakeRootCommands" ]; then
        "$fakeroot" -- "$tools/bin/sh" -e -u -c 'eval "$fakeRootCommands"; cd "$out"; eval "$record"' >"$NIX_BUILD_TOP/rules"
      else
        eval "$record" >"$NIX_BUILD_TOP/rules"
      fi
      [ -z "$(ls -A)" ] && echo '[]' >"$permissions" ||
        { printf '[{"paths": "/**", "mode": "u+w"}'; cat "$NIX_BUILD_TOP/rules"; echo ']'; } >"$permissions"
    '';
in
{ name
, contents ? [ ]
, copyToRoot ? [ ]
, extraCommands ? ""
, fakeRootCommands ? ""
, symlinks ? { }
, directories ? [ ]
, tmp ? true
, permissions ? [ ]
, database ? null # a tree that comes on top
}:
let
  hasTree = extraCommands != "" || fakeRootCommands != "";
  tree = treeOf {
    inherit name extraCommands fakeRootCommands;
    contents = listOf contents;
    copyToRoot = listOf copyToRoot;
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

  rulesFile = builtins.toFile "permissions.json" (toJSON allPermissions);
  option = name: value: [ name value ];
  copyOption = copy: option (if copy.links or false then "--link" else "--copy") copy.from;
  mkdirOption = entry: option "--mkdir"
    "${entry.path}:${entry.mode or "0755"}:${toString (entry.uid or 0)}:${toString (entry.gid or 0)}";
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

  # As a plan has it; the permissions of a tree must then be read from what was built.
  value = {
    inherit entries;
    copies = allCopies;
    permissions =
      (if hasTree then builtins.fromJSON (paths.forget (builtins.readFile tree.permissions)) else [ ])
      ++ allPermissions;
  };
}
