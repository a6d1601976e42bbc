# Software for images: Debian's files as store items, programs that refer to them, and a shell.
{ system ? builtins.currentSystem }:
let
  imported = name: builtins.path { path = ./content + "/${name}"; inherit name; };
in
rec {
  busybox = imported "busybox";
  libc = imported "libc";
  libzstd = imported "libzstd";
  libjq = imported "libjq";

  # COMMANDS of a shell.
  shell = name: commands: derivation {
    inherit name system commands;
    builder = "${busybox}/bin/sh";
    args = [ "-e" "-u" "-c" "PATH=${busybox}/bin; eval \"$commands\"" ];
  };

  # A program of Debian's with the libraries that it gets from another item, and its other names.
  program = name: aliases:
    let
      file = imported name;
      libraries = imported "lib${name}";
    in
    shell name ''
      mkdir -p $out/bin
      cat >$out/bin/${name} <<END
      #!${busybox}/bin/sh
      exec ${libc}/lib/ld.so --argv0 "\$0" --library-path ${libc}/lib:${libraries}/lib ${file}/bin/${name} "\$@"
      END
      chmod 755 $out/bin/${name}
      for alias in ${builtins.concatStringsSep " " aliases}; do
        ln -s ${name} $out/bin/$alias
      done
    '';
  zstd = program "zstd" [ ];
  jq = program "jq" [ ];
  nix = program "nix" [ "nix-store" "nix-build" ];

  # SQLite as it is by default since 3.53, and as distributions build it: "…" is never a string.
  strictSqlite = shell "strict-sqlite" ''
    mkdir -p $out/bin
    cat >$out/bin/sqlite3 <<'END'
    #!${busybox}/bin/sh
    exec /usr/bin/sqlite3 -cmd '.output /dev/null' -cmd '.dbconfig dqs_ddl off' -cmd '.dbconfig dqs_dml off' \
      -cmd '.output stdout' "$@"
    END
    chmod 755 $out/bin/sqlite3
  '';

  frontEnd = arguments: import (builtins.getEnv "STRATAPACK_SOURCE" + "/frontends/nix") ({
    program = /. + builtins.getEnv "STRATAPACK_STATIC";
  } // arguments);
  # Programs of the machine, which builders reach: they have no sandbox here.
  stratapack = frontEnd {
    tools = busybox;
    fakeroot = "/usr";
    nix = "/usr";
    sqlite = strictSqlite;
    skopeo = "/usr/bin/skopeo";
  };
}
