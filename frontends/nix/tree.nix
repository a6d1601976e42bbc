# SPDX-License-Identifier: Apache-2.0
# A tree that commands make, and the permissions that its files had: a store does not keep them.
{ build, context }:
let
  inherit (builtins) concatStringsSep;

  # Directories that become part of this one: their links to directories are followed (rsync -k), each
  # link to a file stays one.
  copyFollowed = ''
    copy_followed() (
      if [ ''${#2} -gt 3500 ]; then
        echo "stratapack: links to directories lead in a circle below $1" >&2
        exit 1
      fi
      mkdir -p "$2" && cd "$1" || exit 1
      to=$2
      set --
      for entry in * .[!.]* ..?*; do
        if [ -d "$entry" ]; then
          if [ -L "$to/$entry" ]; then rm "$to/$entry"; fi
          copy_followed "$PWD/$entry" "$to/$entry" || exit 1
        elif [ -e "$entry" ] || [ -L "$entry" ]; then
          set -- "$@" "$entry"
        fi
      done
      [ $# -eq 0 ] || cp -af "$@" "$to/"
    )
  '';

  # Links to the files of a directory; of several, the first has a file.
  linkTree = ''
    link_tree() {
      if [ -z "$(ls -A)" ]; then
        (cd "$1" && find . -mindepth 1 -maxdepth 1) | while read -r entry; do cp -rs "$1''${entry#.}" .; done
      else
        (cd "$1" && find . -type d) | while read -r directory; do mkdir -p "$directory"; done
        (cd "$1" && find . ! -type d) | while read -r file; do
          [ -e "$file" ] || [ -L "$file" ] || ln -s "$1''${file#.}" "$file"
        done
      fi
      find . -type d ! -perm -u+w -exec chmod u+w {} +
    }
  '';

  # What the permissions of the tree at hand are beyond what a store would say, as JSON in the file $rules. The
  # first lines come from $before: modes of what was copied, which count where nobody changed them.
  record = ''
    find . -mindepth 1 -exec stat -c '%a %u %g %f %n' {} + |
      awk -v before="$before" -v writable="$writable" -v owned="''${fakeRootCommands:+yes}" "$rulesOf" "$before" - >"$rules"
  '';
  rulesOf = ''
    function with_write(mode) {
      owner = substr(mode, length(mode) - 2, 1)
      if (owner % 4 < 2) owner += 2
      return substr(mode, 1, length(mode) - 3) owner substr(mode, length(mode) - 1)
    }
    BEGIN { if (writable) rules = "{\"paths\": \"/**\", \"mode\": \"u+w\"}" }
    FILENAME == before { mode = $1; sub(/^[0-7]+ /, ""); was[$0] = mode; next }
    {
      mode = sprintf("%03d", $1); uid = $2; gid = $3; kind = substr($4, 1, length($4) - 3)
      path = $0
      sub(/^[^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", path)
      any = 1
      if (kind != "8" && kind != "4" && kind != "a") {
        print "stratapack: " path " is neither a file, nor a directory, nor a link: containers get devices and the like from who runs them" >"/dev/stderr"
        failed = 1
        exit 1
      }
      if (path in was && mode == with_write(was[path])) mode = was[path]
      usual = substr(mode, length(mode) - 2, 1) % 2 ? "555" : "444"
      if (writable) usual = with_write(usual)
      rule = ""
      if (kind != "a" && mode != usual) rule = ", \"mode\": \"" mode "\""
      if (owned && uid ":" gid != "0:0") rule = rule ", \"uid\": " uid ", \"gid\": " gid
      if (rule == "") next
      sub(/^\./, "", path)
      gsub(/[][*?\\]/, "\\\\&", path)
      gsub(/[\\"]/, "\\\\&", path)
      gsub(/\t/, "\\t", path)
      rules = rules (rules == "" ? "" : ",\n") "{\"paths\": \"" path "\"" rule "}"
    }
    END { if (!failed) print "[" (any ? rules : "") "]" }
  '';

  # What a builder that is not root may do is pretended, and remembered as long as the commands run.
  pretend = ''
    if [ "$(id -u)" != 0 ]; then
      echo "stratapack: fakeRootCommands: fakeroot cannot reach into the programs of \`tools\`, which are linked statically: give others, as \`pkgs\` has them" >&2
      exit 1
    fi
    cd "$out"
    if [ -n "$proot" ]; then
      "$proot" -r "$out" -w / -b /dev -b /proc -b /sys -b "$storeDir" "$shell" -e -c 'eval "$fakeRootCommands"'
    else
      eval "$fakeRootCommands"
    fi
    cd "$out"
    eval "$record"
  '';

  fakerootOf = commands:
    if commands == "" then ""
    else if context.fakeroot == null then
      throw "stratapack: fakeRootCommands needs `fakeroot`, a derivation with bin/fakeroot; permissions do without"
    else "${context.fakeroot}/bin/fakeroot";
  # The tree as the root directory, with what programs need to run.
  prootOf = enabled:
    if ! enabled then ""
    else if context.proot == null then
      throw "stratapack: enableFakechroot needs `proot`, a derivation with bin/proot; without it, commands begin in the new root directory"
    else "${context.proot}/bin/proot";
in
{ name, contents, copyToRoot, follow, extraCommands, fakeRootCommands, enableFakechroot }:
build.shellCommands "a tree made by commands" "${name}-root"
  {
    outputs = [ "out" "permissions" ];
    inherit extraCommands fakeRootCommands record rulesOf pretend copyFollowed linkTree;
    contents = concatStringsSep " " (map (path: "${path}") contents);
    copyToRoot = concatStringsSep " " (map (path: "${path}") copyToRoot);
    follow = if follow then "yes" else "";
    # Most files are writable where nothing is copied, and few are otherwise.
    writable = if copyToRoot == [ ] then "yes" else "";
    fakeroot = fakerootOf fakeRootCommands;
    proot = prootOf enableFakechroot;
    shell = build.needsShell "a tree made by commands";
    storeDir = builtins.storeDir;
  } ''
  eval "$copyFollowed"
  eval "$linkTree"
  export before=$NIX_BUILD_TOP/before rules=$permissions
  : >"$before"
  mkdir "$out"
  cd "$out"
  for path in $contents $copyToRoot; do
    if [ ! -d "$path" ]; then
      echo "stratapack: $path is no directory, and so has nothing that could lie in the root directory" >&2
      exit 1
    fi
  done
  for path in $contents; do
    link_tree "$path"
  done
  for path in $copyToRoot; do
    if [ -n "$follow" ]; then
      copy_followed "$path" "$out"
      (cd "$path" && find -L . ! -type l -exec stat -L -c '%a %n' {} +) >>"$before"
    else
      cp -a "$path/." .
      (cd "$path" && find . ! -type l -exec stat -c '%a %n' {} +) >>"$before"
    fi
    chmod -R u+w .
  done
  (eval "$extraCommands")
  if [ -n "$fakeRootCommands" ]; then
    "$fakeroot" -- "$shell" -e -c 'eval "$pretend"'
  else
    eval "$record"
  fi
''
