# SPDX-License-Identifier: Apache-2.0
# Nix's own database of a closure, as a tree for the root directory: with it, nix in a container knows
# the items of the image. Hashes and sizes are those that the store knows; no item is read.
{ paths, build, context }:
let
  need = name: value: if value != null then "${value}" else
    throw "stratapack: a Nix database needs `${name}`, a derivation with its programs";
  list = roots: builtins.concatStringsSep ", " (map (root: "'${root}'") roots);
in
# Of all that NAMED, items of the image, and COPIED, whose content is somewhere else in it, refer to.
# What is only copied is not in the store of the image.
{ named, copied }:
let
  onlyCopied = builtins.filter (path: ! (builtins.elem path named)) copied;
in
build.shellCommands "a Nix database" "nix-database"
  {
    nix = need "nix" context.nix;
    sqlite = need "sqlite" context.sqlite;
    closure = build.closureFile (paths.distinct (named ++ copied));
    items = ''
      CREATE TABLE item AS SELECT value ->> 'path' AS path, value ->> 'narHash' AS hash,
        value ->> 'narSize' AS size, value -> 'references' AS names
        FROM json_each(readfile('closure.json'), '$.closure');
      CREATE TABLE reference AS SELECT item.path, each.value AS name FROM item, json_each(names) AS each;
      CREATE TABLE root AS SELECT path FROM item WHERE path IN (${list named})
        UNION SELECT name FROM reference WHERE path IN (${list copied});
      DELETE FROM item WHERE path IN (${list onlyCopied}) AND path NOT IN (SELECT name FROM reference);
    '';
    # The lines that nix-store takes: path, hash, size, deriver, and the references after their number.
    registration = ''
      SELECT path || char(10) || hash || char(10) || size || char(10) || char(10) ||
        json_array_length(names) || coalesce((SELECT char(10) || group_concat(value, char(10))
        FROM json_each(names)), ''') FROM item ORDER BY path;
    '';
  } ''
  cd "$NIX_BUILD_TOP"
  cp "$closure" closure.json
  query() { "$sqlite/bin/sqlite3" "$@"; }
  query items.sqlite "$items"
  query items.sqlite "$registration" >registration
  export NIX_CONF_DIR=$PWD HOME=$PWD NIX_REMOTE="local?root=$out" USER=nobody
  mkdir -p "$out"
  "$nix/bin/nix-store" --load-db <registration
  mkdir -p "$out/nix/var/nix/gcroots/stratapack"
  query items.sqlite 'SELECT path FROM root ORDER BY path' | while read -r root; do
    ln -s "$root" "$out/nix/var/nix/gcroots/stratapack/"
  done
  cd "$out/nix/var/nix"
  # Nothing may tell when this was done.
  query db/db.sqlite 'PRAGMA journal_mode = DELETE; UPDATE ValidPaths SET registrationTime = 1; VACUUM' >/dev/null
  rm -rf db/reserved db/big-lock gc.lock temproots gc-socket
''
