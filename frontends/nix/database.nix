# Nix's own database of a closure, as a tree for the root directory: with it, nix in a container knows
# the items of the image.
{ build, context }:
let
  need = name: value: if value != null then "${value}" else
    throw "stratapack: a Nix database needs `${name}`, a derivation with its programs";
in
roots: build.shell "a Nix database" "nix-database"
  {
    exportReferencesGraph = builtins.concatLists (builtins.genList
      (index: [ "closure-${toString index}" (builtins.elemAt roots index) ])
      (builtins.length roots));
    nix = need "nix" context.nix;
    sqlite = need "sqlite" context.sqlite;
    roots = builtins.concatStringsSep " " (map (root: "${root}") roots);
    # What a builder is told of each item, once, with a line for hash and size between.
    records = ''
      { path = $0; getline deriver; getline count; rest = deriver "\n" count
        for (i = 0; i < count; i++) { getline reference; rest = rest "\n" reference }
        if (!(path in seen)) { seen[path] = 1; print path; print "@"; print rest } }
    '';
  } ''
  cd "$NIX_BUILD_TOP"
  export NIX_CONF_DIR=$PWD HOME=$PWD NIX_REMOTE="local?root=$out" USER=nobody
  cat closure-* | awk "$records" | while read -r line; do
    case $line in
    @) "$nix/bin/nix-hash" --type sha256 "$path"; "$nix/bin/nix-store" --dump "$path" | wc -c ;;
    *) printf '%s\n' "$line"; path=$line ;;
    esac
  done >registration
  mkdir -p "$out"
  "$nix/bin/nix-store" --load-db <registration
  cd "$out/nix/var/nix"
  # Nothing may tell when this was done.
  "$sqlite/bin/sqlite3" db/db.sqlite 'PRAGMA journal_mode = DELETE; UPDATE ValidPaths SET registrationTime = 1; VACUUM' >/dev/null
  rm -rf db/reserved db/big-lock gc.lock temproots gc-socket
  mkdir -p gcroots/stratapack
  for root in $roots; do
    ln -s "$root" gcroots/stratapack/
  done
''
