# The images of the tests: nix-build images.nix -A jq --argstr build client-side
{ build ? "build-side", format ? "oci", strategy ? null, compression ? "gzip", maxLayers ? 100
  # An image of a registry, and one to build on.
, base ? null, baseName ? null, baseTag ? null
, imageName ? null, imageDigest ? null, hash ? "", pulled ? "docker-archive"
}:
let
  world = import ./world.nix { };
  inherit (world) busybox jq zstd stratapack;
  common = { inherit build format strategy compression maxLayers; tag = "1"; };
  layered = name: program: arguments: common // {
    inherit name;
    contents = [ program busybox ];
    config = { Entrypoint = [ "/bin/${name}" ]; Env = [ "PATH=/bin" ]; };
  } // arguments;
  image = name: program: arguments: stratapack.buildLayeredImage (layered name program arguments);

  # A file of the machine, or a path in the store.
  onDisk = path: if builtins.match "${builtins.storeDir}/.*" path == null then /. + path else builtins.storePath path;

  # The first two layers as one.
  merge = plan: plan // {
    layers = [{ items = (builtins.elemAt plan.layers 0).items ++ (builtins.elemAt plan.layers 1).items; }]
      ++ builtins.tail (builtins.tail plan.layers);
  };

  # What commands make, and who owns it.
  made = image "made" busybox {
    contents = [ busybox ];
    extraCommands = ''
      mkdir -p -m 1777 tmp
      mkdir -p "home/app/a [b]"
      echo hello >"home/app/a [b]/*"
      chmod 600 home/app/*/*
      ln -s ${world.libjq}/lib/ library
    '';
    fakeRootCommands = "chown -R 1000:100 home/app; chmod 711 bin";
    # Nix lets no builder do this.
    permissions = [{ paths = "/tmp"; mode = "g+s"; }];
    config.Cmd = [ "/bin/sh" ];
  };
  madeDatabase = made.override { includeNixDB = true; };
in
{
  inherit world;
  jq = image "jq" jq { };
  zstd = image "zstd" zstd { };
  streamed = stratapack.streamLayeredImage (layered "zstd" zstd { });
  merged = image "zstd" zstd { plan = merge; };
  checkedIn = image "zstd" zstd { plan = ./plan.json; };
  after = image "zstd" zstd { previous = ./first.json; };

  inherit made madeDatabase;
  # The same with a plan beside the expression, and with one that Nix's database comes into.
  madeChecked = made.override { plan = ./made.json; };
  madeDatabaseChecked = madeDatabase.override { plan = ./made-database.json; };
  permitted = image "permitted" busybox {
    contents = [ busybox ];
    permissions = [{ paths = "/data/**"; mode = "0750"; uid = 7; gid = 8; }];
    directories = [ "/data" "/data/in:0700" ];
    symlinks."/etc/links" = "bin";
    uid = 5;
    gid = 6;
  };
  flat = stratapack.buildImage (common // {
    name = "Flat";
    copyToRoot = [ jq busybox ];
    config.Cmd = [ "/bin/jq" "--version" ];
  });
  grouped = stratapack.nix2container.buildImage {
    name = "grouped";
    tag = "1";
    inherit build;
    layers = [ (stratapack.buildLayer { deps = [ busybox ]; layers = [ (stratapack.buildLayer { deps = [ world.libc ]; }) ]; }) ];
    maxLayers = 2;
    copyToRoot = [ jq ];
    initializeNixDatabase = true;
    perms = [{ path = jq; regex = ".*"; mode = "go-w"; }];
    config.Cmd = [ "/bin/jq" "--version" ];
  };
  # An image that has Nix, and knows of what is in it: also of what only the commands name.
  withNix = stratapack.buildLayeredImage {
    name = "nix";
    tag = "1";
    inherit build format;
    contents = [ world.nix busybox ];
    extraCommands = ''
      mkdir tmp
      ln -s ${jq}/bin/jq bin/jq
    '';
    # It cannot find itself, being started by a loader.
    symlinks."/usr/libexec/nix/build-remote" = "/bin/nix";
    includeNixDB = true;
    config.Env = [
      "PATH=/bin"
      "HOME=/tmp"
      "USER=root"
      "NIX_CONFIG=build-hook = /usr/libexec/nix/build-remote\nsandbox = false\nbuild-users-group =\nsubstitute = false"
    ];
  };
  piped = image "jq" jq {
    layeringPipeline = [
      [ "subcomponent_out" [ { children_of = busybox; } busybox "${world.libc}/lib" ] ]
      [ "over" "rest" [ "pipe" [ [ "popularity_contest" ] [ "reverse" ] ] ] ]
    ];
  };
  linksOnly = image "links" jq { includeStorePaths = false; };

  pulled = stratapack.pullImage {
    inherit imageName imageDigest hash;
    format = pulled;
    tlsVerify = false;
    finalImageName = "base";
    finalImageTag = "7";
  };
  pulledDirectory = stratapack.nix2container.pullImage {
    inherit imageName imageDigest;
    sha256 = hash;
    tlsVerify = false;
  };

  based = image "jq" jq {
    fromImage = onDisk base;
    fromImageName = baseName;
    fromImageTag = baseTag;
    contents = [ jq ];
    config = { Entrypoint = [ "/bin/jq" ]; Env = [ "MORE=1" ]; };
  };

  # On what these functions give: layouts, archives, scripts.
  basedOn = builtins.mapAttrs (name: below: image "jq" jq { fromImage = below; contents = [ jq ]; }) {
    layout = image "zstd" zstd { format = "oci"; };
    archive = image "zstd" zstd { format = "docker-archive"; };
    stream = stratapack.streamLayeredImage (layered "zstd" zstd { });
  };
  basedBare = image "jq" jq { fromImage = onDisk base; config.Entrypoint = [ ]; };
  basedGroups = stratapack.nix2container.buildImage {
    name = "grouped";
    tag = "1";
    inherit build;
    fromImage = onDisk base;
    layers = [ (stratapack.buildLayer { deps = [ world.libjq ]; }) ];
    maxLayers = 2;
    copyToRoot = [ jq ];
  };
  basedPlan = image "jq" jq {
    fromImage = onDisk base;
    plan = plan: plan // {
      layers = [{ items = builtins.concatLists (map (layer: layer.items) plan.layers); }];
    };
  };

  wrong = {
    baseName = image "wrong" jq { fromImageName = "base"; };
    noHash = stratapack.pullImage { inherit imageName imageDigest; };
    noSkopeo = (world.frontEnd { }).pullImage { inherit imageName imageDigest hash; };
    noShell = (world.frontEnd { }).streamLayeredImage { name = "wrong"; };
    noNix = (world.frontEnd { tools = busybox; }).buildLayeredImage { name = "wrong"; includeNixDB = true; };
    config = image "wrong" jq { config.Cmd = { jq = "jq"; }; };
    argument = image "wrong" jq { content = [ jq ]; };
    twice = image "wrong" jq { config = { cmd = [ "jq" ]; Cmd = [ "jq" ]; }; };
    date = image "wrong" jq { created = "2024-02-30"; };
    virtual = image "wrong" jq { runAsRoot = "true"; };
    member = image "wrong" jq { config.Comand = [ "jq" ]; };
    way = image "wrong" jq { build = "sideways"; };
    item = image "wrong" jq { contents = [ "/opt/jq" ]; };
    missing = image "wrong" jq { contents = [ "${busybox}/nothing" ]; };
    chroot = image "wrong" jq { enableFakechroot = true; fakeRootCommands = "true"; };
    rule = image "wrong" jq { permissions = [{ paths = "/hom/**"; mode = "0"; }]; };
    forgets = image "wrong" jq { plan = plan: plan // { layers = builtins.tail plan.layers; }; };
    foreign = image "wrong" jq {
      plan = plan: plan // {
        layers = plan.layers ++ [{ items = [ "${builtins.storeDir}/00000000000000000000000000000000-gone" ]; }];
      };
    };
    pipeline = image "wrong" jq { layeringPipeline = [ [ "spilt_paths" [ jq ] ] ]; };
    stale = image "wrong" jq {
      plan.layers = [{ items = [ "${builtins.storeDir}/00000000000000000000000000000000-gone" ]; }];
    };
  };
}
