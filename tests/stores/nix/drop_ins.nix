# What nixpkgs' examples of dockerTools and those of nix2container are about, written anew with local stand-ins: each
# attribute is an image as its users write it. nix-build drop_ins.nix -A docker.bash
{ base ? null }:
let
  world = import ./world.nix { };
  inherit (world) busybox jq shell;

  # Stand-ins for what nixpkgs has: all of them are derivations that are built.
  linesOf = builtins.concatStringsSep "\n";
  writeText = name: text: derivation {
    inherit name text;
    inherit (jq) system;
    builder = "${busybox}/bin/sh";
    args = [ "-c" "PATH=${busybox}/bin; printf '%s' \"$text\" >$out" ];
  };
  writeTextDir = path: text: shell "text" ''
    mkdir -p $out/${dirOf path}
    printf '%s' '${text}' >$out/${path}
  '';
  writeScript = name: text: shell name ''
    printf '%s' '${text}' >$out
    chmod 755 $out
  '';
  writeScriptBin = name: text: shell name ''
    mkdir -p $out/bin
    printf '%s' '${text}' >$out/bin/${name}
    chmod 755 $out/bin/${name}
  '';
  hello = shell "hello" ''
    mkdir -p $out/bin $out/share/doc
    printf '#!${busybox}/bin/sh\necho "Hello, world!"\n' >$out/bin/hello
    chmod 755 $out/bin/hello
    echo read >$out/share/doc/hello
  '';
  # A directory of links; what only one of the paths has is a link to its directory.
  buildEnv = { name, paths, pathsToLink ? [ "/" ] }: shell name ''
    mkdir -p $out
    for part in ${builtins.concatStringsSep " " pathsToLink}; do
      for path in ${builtins.concatStringsSep " " (map (path: "${path}") paths)}; do
        [ -e $path$part ] || continue
        if [ $part = / ]; then names=$(ls $path); else names=''${part#/}; fi
        for name in $names; do
          if [ ! -e $out/$name ]; then ln -s $path/$name $out/$name
          else
            if [ -L $out/$name ]; then
              other=$(readlink $out/$name)
              rm $out/$name
              mkdir $out/$name
              for file in $other/*; do ln -s $file $out/$name/; done
            fi
            for file in $path/$name/*; do [ -e $out/$name/''${file##*/} ] || ln -s $file $out/$name/; done
          fi
        done
      done
    done
  '';
  certificates = writeText "ca-bundle.crt" "trusted";
  # What a nixpkgs gives: the tools of the machine, with bash and its coreutils.
  front = world.frontEnd {
    tools = [ "/usr" ];
    shell = "/usr/bin/bash";
    fakeroot = writeScriptBin "fakeroot" "#!${busybox}/bin/sh\nexec /usr/bin/bash /usr/bin/fakeroot-sysv \"$@\"";
    # The tools of the machine are not in the store, which is all that there is in a new root.
    proot = writeScriptBin "proot" "#!${busybox}/bin/sh\nexec /usr/bin/proot -b /usr -b /usr/lib:/lib -b /usr/lib64:/lib64 \"$@\"";
    nix = "/usr";
    sqlite = world.strictSqlite;
    certificates = "${certificates}";
    skopeo = "/usr/bin/skopeo";
  };
  inherit (front) buildImage buildLayeredImage streamLayeredImage;
  n2c = front.nix2container;
  rootOf = paths: buildEnv { name = "image-root"; inherit paths; pathsToLink = [ "/bin" ]; };
in
rec {
  inherit world hello;

  docker = rec {
    # A directory of links to directories, for /.
    bash = buildImage { name = "bash"; tag = "latest"; copyToRoot = rootOf [ busybox ]; };
    bashLinked = buildImage { name = "linked"; tag = "latest"; copyToRoot = rootOf [ busybox ]; keepContentsDirlinks = true; };
    editors = buildImage { name = "editors"; tag = "latest"; copyToRoot = rootOf [ busybox jq ]; };
    # Commands of a virtual machine, which are refused, and the same without one.
    service = serviceWithout.override { runAsRoot = "mkdir -p /data"; };
    serviceWithout = buildImage {
      name = "service"; tag = "latest"; fromImage = bash; diskSize = 2048;
      copyToRoot = rootOf [ jq ];
      fakeRootCommands = "mkdir -p data; chown 7:8 data";
      config = { Cmd = [ "/bin/sh" "-c" "pwd; stat -c %u:%g ." ]; WorkingDir = "/data"; Volumes."/data" = { }; };
    };
    # A config whose strings are derivations, ports, accounts, directories that commands make.
    nginx = buildLayeredImage {
      name = "nginx-container";
      tag = "latest";
      contents = [ front.fakeNss busybox ];
      extraCommands = ''
        mkdir -p tmp/{client,proxy}_body
        mkdir -p var/log/nginx
        [ -z "$unset" ] && echo "(extraCommand)" >extraCommands
      '';
      config = {
        Cmd = [ "cat" (writeText "nginx.conf" "user nobody;\n") "/etc/passwd" ];
        Env = [ "PATH=/bin" ];
        ExposedPorts."80/tcp" = { };
      };
    };
    # On other images: of commands only, of nothing at all, of layers.
    order = buildImage {
      name = "l3"; tag = "latest"; copyToRoot = rootOf [ busybox ]; extraCommands = "mkdir -p tmp; echo layer3 >tmp/layer3";
      fromImage = buildImage {
        name = "l2"; tag = "latest"; extraCommands = "mkdir -p tmp; echo layer2 | tee tmp/layer2 >tmp/layer3";
        fromImage = buildImage {
          name = "l1"; tag = "latest"; extraCommands = "mkdir -p tmp; echo layer1 | tee tmp/layer1 tmp/layer2 >tmp/layer3";
        };
      };
    };
    parent = buildImage { name = "parent"; tag = "latest"; config.Env = [ "FROM_PARENT=true" "LAST_LAYER=parent" ]; };
    variables = buildImage {
      name = "child"; tag = "latest"; fromImage = parent; copyToRoot = rootOf [ busybox ];
      config.Env = [ "FROM_CHILD=true" "LAST_LAYER=child" ];
    };
    variablesLayered = buildLayeredImage {
      name = "child"; tag = "latest"; fromImage = parent; contents = [ busybox ];
      config.Env = [ "FROM_CHILD=true" "LAST_LAYER=child" ];
    };
    layered = buildLayeredImage {
      name = "layered-image"; tag = "latest"; contents = [ hello busybox ]; config.Cmd = [ "${hello}/bin/hello" ];
      extraCommands = ''echo "(extraCommand)" >extraCommands'';
    };
    onTop = buildImage {
      name = "layered-on-top"; tag = "latest"; fromImage = layered;
      extraCommands = "mkdir ./example-output; chmod 777 ./example-output";
      config = {
        Env = [ "PATH=${busybox}/bin/" ];
        WorkingDir = "/example-output";
        Cmd = [ "${busybox}/bin/sh" "-c" "echo hello >foo; cat foo" ];
      };
    };
    configOnly = buildLayeredImage { name = "another"; tag = "latest"; config.Cmd = [ "${hello}/bin/hello" ]; };
    twoLayers = buildLayeredImage { name = "two"; tag = "latest"; contents = [ busybox hello ]; maxLayers = 2; };
    onTwo = buildLayeredImage { name = "bulk"; tag = "latest"; fromImage = twoLayers; contents = [ jq hello ]; maxLayers = 4; };
    # Everything copied, and what built it left behind.
    noStorePaths = buildLayeredImage {
      name = "no-store-paths"; tag = "latest";
      extraCommands = ''
        cp -r ${busybox}/* .
        ${hello}/bin/hello
      '';
    };
    nothing = buildLayeredImage { name = "nothing"; tag = "latest"; };
    # Nix's database, of a directory of links and of layers.
    nix = front.buildImageWithNixDb { name = "nix"; tag = "latest"; copyToRoot = rootOf [ busybox jq ]; config.Env = [ "USER=nobody" ]; };
    filesInStore = front.buildLayeredImageWithNixDb {
      name = "file-in-store"; tag = "latest";
      contents = [ busybox (writeScriptBin "myscript" "#!/bin/sh\ncat ${writeText "somefile" "some data"}") ];
      config = { Cmd = [ "myscript" ]; Env = [ "PATH=/bin" ]; };
    };
    now = buildImage { name = "now"; tag = "latest"; copyToRoot = rootOf [ busybox ]; created = "now"; };
    dated = buildLayeredImage { name = "dated"; tag = "latest"; contents = [ hello ]; created = "2024-05-01"; };
    # Archives.
    uncompressed = buildImage { name = "uncompressed"; tag = "latest"; compressor = "none"; copyToRoot = busybox; };
    zstd = buildLayeredImage { name = "zstd"; tag = "latest"; compressor = "zstd"; contents = busybox; };
    noTag = buildImage { name = "no-tag"; copyToRoot = busybox; };
    noTagLayered = buildLayeredImage { name = "no-tag-layered"; contents = busybox; };
    noTagStream = streamLayeredImage { name = "no-tag-stream"; contents = busybox; };
    noTagOwner = noTagLayered.override { uid = 5; };
    noTagBound = noTagLayered.override { maxLayers = 7; };
    noTagTime = noTagLayered.override { mtime = 7; };
    noTagClientSide = noTagLayered.override { build = "client-side"; };
    withUser = buildLayeredImage {
      name = "with-user"; tag = "latest";
      contents = [ busybox ] ++ map (file: writeTextDir "etc/${file}" "${file}\n") [ "shadow" "passwd" "group" "gshadow" ];
    };
    # A path that is itself a link.
    storeLink =
      let
        target = writeTextDir "dir/target" "Content.";
        link = shell "symlink" "ln -s ${target} $out";
      in
      buildLayeredImage { name = "layeredstoresymlink"; tag = "latest"; contents = [ busybox link ]; } // { passthru = { inherit link; }; };
    prefixed = buildLayeredImage { name = "registry-1.docker.io/layered-Image"; tag = "latest"; config.Cmd = [ "${hello}/bin/hello" ]; };
    fakeRoot = buildLayeredImage {
      name = "fake-root"; tag = "latest"; contents = [ busybox ];
      fakeRootCommands = ''
        mkdir -p ./home/alice
        chown 1000 ./home/alice
        echo said
        touch ./su && chmod 4755 ./su
        ln -s ${jq} ./jq
        chown -h 3:4 ./jq
      '';
    };
    fakeRootDevice = fakeRoot.override { fakeRootCommands = "mknod null c 1 3"; };
    # Static programs, which fakeroot cannot reach.
    fakeRootStatic = (world.frontEnd { tools = busybox; fakeroot = "/usr"; }).buildLayeredImage {
      name = "static"; tag = "latest"; fakeRootCommands = "mkdir data; chown 7:8 data";
    };
    merged = front.mergeImages [ bash layered uncompressed zstd noTag ];
    root = streamLayeredImage { name = "hello"; tag = "latest"; contents = [ (buildEnv { name = "hello-root"; paths = [ hello ]; }) ]; config.Cmd = [ "hello" ]; };
    rootNoStore = root.override { includeStorePaths = false; config.Cmd = [ "${hello}/bin/hello" ]; };
    chrooted = streamLayeredImage {
      name = "chrooted"; tag = "latest"; config.Cmd = writeScript "etc-cmd" "#!${busybox}/bin/sh\nexec cat /etc/some-config-file";
      enableFakechroot = true;
      contents = [ busybox ];
      config.Env = [ "PATH=${busybox}/bin" ];
      fakeRootCommands = ''
        mkdir -p /etc
        echo configured >/etc/some-config-file
        chown 5:6 /etc/some-config-file
      '';
    };
    exported = front.exportImage { fromImage = order; };
    paths = buildImage { name = "with-path"; tag = "latest"; copyToRoot = [ busybox ./test-dummy ]; };
    pathsLayered = streamLayeredImage { name = "layered-with-path"; tag = "latest"; contents = [ busybox ./test-dummy ]; };
    architecture = buildImage { name = "architecture"; tag = "latest"; architecture = "arm64"; copyToRoot = [ ./test-dummy ]; };
    certificates = buildImage {
      name = "certs"; tag = "latest";
      copyToRoot = buildEnv { name = "certs-root"; paths = [ busybox front.caCertificates ]; };
      config = { };
    };
    certificatesOnOther = buildImage {
      name = "certs"; tag = "latest"; fromImage = bash;
      copyToRoot = buildEnv { name = "certs-root"; paths = [ front.caCertificates hello ]; };
      config.Cmd = [ "/bin/sh" "-c" "cat /etc/ssl/certs/ca-certificates.crt; hello" ];
    };
    # Everything that a config may say.
    config = buildLayeredImage {
      name = "config"; tag = "latest"; contents = [ busybox ];
      config = {
        User = 1000;
        entrypoint = [ hello "${hello}/bin/hello" 7 ];
        Env.GREETING = hello;
        Healthcheck = { Test = [ "CMD" "${jq}/bin/jq" ]; Interval = 30000000000; };
        Shell = [ "/bin/ash" ];
        StopTimeout = 7;
        OnBuild = [ "RUN true" ];
        Labels = { number = 1; truth = true; path = "/nix/store/00000000000000000000000000000000-nowhere"; };
      };
    };
    # What a shell of a derivation is.
    shellHook = front.streamNixShellImage {
      name = "hook"; tag = "latest"; shell = "${busybox}/bin/sh"; run = "echo $greeting; cat $strPath; id -u; touch $HOME/file && echo writable; buildDerivation; cat $out";
      drv = derivation {
        name = "shelled";
        inherit (jq) system;
        builder = "${busybox}/bin/sh";
        args = [ "-c" "${busybox}/bin/busybox echo built >$out" ];
        greeting = [ "hello" hello.name ];
        str = "as a file";
        passAsFile = [ "str" ];
        PATH = "${busybox}/bin";
      };
    };
    shellBuilt = front.buildNixShellImage { drv = hello; shell = "${busybox}/bin/sh"; compressor = "none"; };
    # Content-addressed derivations.
    addressed = buildLayeredImage {
      name = "addressed"; tag = "latest";
      contents = [ busybox ];
      config.Cmd = [ "${addressedHello}/bin/hello" ];
    };
    addressedHello = derivation {
      name = "addressed-hello";
      inherit (jq) system;
      builder = "${busybox}/bin/sh";
      args = [ "-e" "-c" "PATH=${busybox}/bin; mkdir -p $out/bin; printf '#!${busybox}/bin/sh\\necho addressed\\n' >$out/bin/hello; chmod 755 $out/bin/hello" ];
      __contentAddressed = true;
      outputHashMode = "recursive";
      outputHashAlgo = "sha256";
    };
    later = bash.overrideAttrs (before: { name = "later"; });
    laterToo = bash.overrideAttrs (final: before: { name = "${before.name}.too"; });
  };

  layer = front.makeLayer { items = [ hello "${busybox}" ]; };

  containers = rec {
    bash = n2c.buildImage { name = "bash"; copyToRoot = [ (rootOf [ busybox ]) ]; config.cmd = [ "/bin/sh" "-c" "echo ran" ]; };
    hello' = n2c.buildImage { name = "hello"; tag = "1"; config.entrypoint = [ "${hello}/bin/hello" ]; };
    layered = n2c.buildImage {
      name = "layered"; tag = "1";
      layers = [ (n2c.buildLayer { deps = [ busybox ]; }) ];
      config.entrypoint = [ "${hello}/bin/hello" ];
    };
    # Layers on layers, with files of their own, owners, and what is said of them.
    nested = n2c.buildImage {
      name = "nested"; tag = "1";
      layers = [
        (n2c.buildLayer {
          copyToRoot = [ (writeTextDir "home/alice/note" "note") ];
          perms = [{ path = "ignored"; regex = "/home/alice"; mode = "0750"; uid = 1000; gid = 100; uname = "alice"; gname = "users"; }];
          layers = [ (n2c.buildLayer { deps = [ busybox ]; maxLayers = 2; metadata = { author = "a"; comment = "c"; created_by = "b"; }; }) ];
          reproducible = false;
        })
      ];
      copyToRoot = rootOf [ busybox ];
      config.Cmd = [ "/bin/sh" "-c" "stat -c %a:%u:%g /home/alice /home/alice/note" ];
    };
    withNix = n2c.buildImage {
      name = "nix"; tag = "1"; copyToRoot = [ (rootOf [ busybox ]) ];
      initializeNixDatabase = true; nixUid = 1000; nixGid = 100;
      config = { user = "1000"; Cmd = [ "/bin/stat" "-c" "%u:%g" "/nix/var/nix/db/db.sqlite" ]; };
    };
    refused = n2c.buildImage { name = "x"; perms = [{ path = hello; regex = "(a|b)/c.*"; mode = "0"; }]; };
    wrongLayer = n2c.buildLayer { dep = [ busybox ]; };
    single = n2c.buildLayer { deps = [ hello ]; };
  };

  index = front.makeIndex {
    name = "many"; tag = "1";
    images = map (architecture: docker.configOnly.override { inherit architecture; }) [ "amd64" "arm64" ];
  };
}
