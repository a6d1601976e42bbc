# Derivations whose builder is stratapack itself, or a shell.
{ system, program, tools, ... }:
rec {
  inherit program;

  # `stratapack ARGUMENTS` as a derivation; the argument `out` is the output. Neither a shell nor any
  # other program takes part. ATTRIBUTES come on top.
  run = name: arguments: attributes: derivation ({
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

  needsTools = what:
    if tools != null then "${tools}"
    else throw "stratapack: ${what} needs a shell: give `tools`, a store path with bin/sh, bin/mkdir and the like, e.g. busybox";

  # The same as a file, for programs that run outside of a builder, and for other builders.
  closureFile = roots: derivation (closureOf roots // {
    name = "closure.json";
    inherit system;
    builder = "${needsTools "the closure as a file"}/bin/cp";
    args = [ ".attrs.json" out ];
  });

  # COMMANDS of a shell as a derivation.
  shell = what: name: attributes: commands: derivation ({
    inherit name system commands;
    builder = "${needsTools what}/bin/sh";
    args = [ "-e" "-u" "-c" "PATH=$tools/bin; eval \"$commands\"" ];
    tools = needsTools what;
  } // attributes);

  # TEXT as a script that people start.
  script = what: name: text: shell what name { text = "#!${needsTools what}/bin/sh\n${text}"; } ''
    printf '%s' "$text" >"$out"
    chmod 555 "$out"
  '';
}
