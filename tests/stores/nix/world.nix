# Software for images: Debian's files as store items, programs that refer to them, and a shell.
let
  system = builtins.currentSystem;
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

  # A program of Debian's with the libraries that it gets from other items.
  program = name: libraries:
    let
      file = imported name;
      directories = builtins.concatStringsSep ":" (map (library: "${library}/lib") ([ libc ] ++ libraries));
    in
    shell name ''
      mkdir -p $out/bin
      cat >$out/bin/${name} <<END
      #!${busybox}/bin/sh
      exec ${libc}/lib/ld.so --library-path ${directories} ${file}/bin/${name} "\$@"
      END
      chmod 755 $out/bin/${name}
    '';
  zstd = program "zstd" [ libzstd ];
  jq = program "jq" [ libjq ];

  stratapack = import (builtins.getEnv "STRATAPACK_SOURCE" + "/frontends/nix") {
    program = /. + builtins.getEnv "STRATAPACK_STATIC";
    tools = busybox;
  };
}
