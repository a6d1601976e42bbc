# SPDX-License-Identifier: Apache-2.0
# Derivations whose builder is stratapack itself, or a shell.
{ system, program, tools, shell, ... }:
let
  inherit (builtins) concatStringsSep isFunction;
in
rec {
  inherit program system;

  # ATTRIBUTES as a derivation, whose attributes `.overrideAttrs` changes as in nixpkgs.
  make = attributes: derivation attributes // {
    overrideAttrs = change:
      let
        changed = attributes // (
          let first = if isFunction change then change attributes else change;
          in if isFunction first then change changed attributes else first);
      in
      make changed;
  };

  # The derivation MADE with other attributes besides, which .overrideAttrs keeps.
  extend = made: attributes: made // attributes // {
    overrideAttrs = change: extend (made.overrideAttrs change) attributes;
  };

  # `stratapack ARGUMENTS` as a derivation; the argument `out` is the output. Neither a shell nor any
  # other program takes part. ATTRIBUTES come on top.
  run = name: arguments: attributes: make ({
    inherit name system;
    builder = program;
    args = arguments ++ [ "--quiet" ];
  } // attributes);

  out = builtins.placeholder "out";

  # What gives a derivation the closure of ROOTS, with sizes and hashes, in the file ".attrs.json".
  closureOf = roots: {
    __structuredAttrs = true;
    exportReferencesGraph.closure = roots;
  };

  needsShell = what:
    if shell != null then "${shell}"
    else throw "stratapack: ${what} needs a shell: give `tools`, a store path with bin/sh, bin/mkdir and the like, e.g. busybox";
  searchPath = concatStringsSep ":" (map (path: "${path}/bin") tools);

  # The same as a file, for programs that run outside of a builder, and for other builders.
  closureFile = roots: make (closureOf roots // {
    name = "closure.json";
    inherit system;
    builder = needsShell "the closure as a file";
    # Not cp in the shell's place: Nix kills builders that close their output before they end.
    args = [ "-e" "-c" "PATH=${searchPath}; cp .attrs.json ${out}; exit" ];
    preferLocalBuild = true;
  });

  # COMMANDS of a shell as a derivation.
  shellCommands = what: name: attributes: commands: make ({
    inherit name system commands;
    builder = needsShell what;
    args = [ "-e" "-c" "PATH=$tools; eval \"$commands\"" ];
    tools = searchPath;
  } // attributes);

  # TEXT as a script that people start.
  script = what: name: text: shellCommands what name
    {
      text = "#!${needsShell what}\n${text}";
      preferLocalBuild = true;
    } ''
    printf '%s' "$text" >"$out"
    chmod 555 "$out"
  '';

  # The same in a directory, as bin/NAME, which `nix run` starts.
  application = what: applicationOf (needsShell what) what;
  applicationOf = interpreter: what: name: text: extend
    (shellCommands what name
      {
        text = "#!${interpreter}\n${text}";
        application = name;
        preferLocalBuild = true;
      } ''
      mkdir -p "$out/bin"
      printf '%s' "$text" >"$out/bin/$application"
      chmod 555 "$out/bin/$application"
    '')
    { meta.mainProgram = name; };

  # What the file NAME holds is TEXT, which may refer to derivations.
  textFile = what: name: text: shellCommands what name
    {
      inherit text;
      passAsFile = [ "text" ];
      preferLocalBuild = true;
    } ''
    cp "$textPath" "$out"
  '';
}
