# SPDX-License-Identifier: Apache-2.0
# Images: from what they are made of to derivations, in three ways that give the same bytes.
#
#   build-side    one derivation plans, makes the layers and joins them. Evaluates without building
#                 anything; every change makes all of it again.
#   planned       a derivation for the plan, one for the image.
#   client-side   a derivation for each layer and one that joins them; to know the layers, evaluation
#                 imports the plan from its derivation, unless it is given.
{ paths, build, layer, customisation, database, copying, context }:
let
  inherit (builtins) concatLists elem elemAt filter fromJSON genList head isFunction isPath length map
    readFile toFile toJSON;

  configOptions = import ./config.nix;
  seconds = import ./time.nix;
  option = name: value:
    if value == null then [ ]
    else [ name (if isPath value then "${value}" else toString value) ];
  quote = text: "'" + builtins.replaceStrings [ "'" ] [ "'\\''" ] text + "'";
  command = arguments: builtins.concatStringsSep " " (map quote arguments);

  builds = [ "build-side" "planned" "client-side" ];
  archives = [ "docker-archive" "docker-v1-archive" "oci-archive" "universal-archive" ];
  formats = archives ++ [ "oci" "dir" ];


  # Groups of layers, each before those that lie on it.
  flatten = layers: concatLists (map (group: flatten (group.layers or [ ]) ++ [ group ]) layers);
  sumOf = groups: builtins.foldl' (sum: group: sum + group.maxLayers) 0 groups;

  # The plan of GROUPS on BASE: each is divided into layers above those of the groups before it.
  planOf = base: groups:
    let
      before = genList (elemAt groups) (length groups - 1);
      group = elemAt groups (length groups - 1);
      roots = paths.distinct (map (root: "${root}") (concatLists (map (one: one.deps) groups)));
    in
    if groups == [ ] then null
    else maker.run "stratapack-plan"
      ([ "plan" "--nix-json" ".attrs.json" ] ++ roots ++ [ "--no-tmp" ]
        ++ option "--strategy" group.strategy
        ++ option "--max-layers" "+${toString (sumOf groups)}"
        ++ option "--below" (planOf base before) ++ base
        ++ [ "--output" maker.out ])
      (maker.closureOf roots // { preferLocalBuild = true; });

  # What makes archives smaller, in which layers are as they are: the same bytes on any number of processors.
  compressors = {
    none = { extension = ""; };
    gz = {
      extension = ".gz";
      command =
        if context.pigz == null then "gzip -n"
        else "${context.pigz}/bin/pigz -n -T -p $((\${NIX_BUILD_CORES:-0} > 1 ? NIX_BUILD_CORES : 2))";
    };
    zstd = {
      extension = ".zst";
      command = "${if context.zstd == null then "zstd" else "${context.zstd}/bin/zstd"} -q -T\"\${NIX_BUILD_CORES:-1}\"";
    };
  };

  makeImage =
    { name
    , tag ? null # null: from a hash of all that the image is made of

      # What is in the image, with everything that it refers to.
    , items ? [ ] # in the store only
    , contents ? [ ] # also linked into the root directory
    , copyToRoot ? [ ] # copied into the root directory instead
    , symlinks ? { } # "/bin/sh" = "bin/bash": relative targets lie in the first item
    , directories ? [ ] # "/data:0750:1000:1000"
    , tmp ? true # /tmp, for everybody to write to
    , permissions ? [ ] # { paths = "/home/app/**"; mode = "u+w"; uid = 1000; gid = 1000; }
    , followDirectoryLinks ? false # in copyToRoot: what links to directories lead to becomes part of them
    , extraCommands ? "" # of a shell, in a directory that becomes the root
    , fakeRootCommands ? "" # the same as somebody who may change owners
    , enableFakechroot ? false # fakeRootCommands see that directory as the root
    , nixDatabase ? false # Nix's database of all that is in the image
    , includeStorePaths ? true # false: links only, the store comes from elsewhere

      # What lies beneath: an image in any format, whose config counts where `config` says nothing.
    , fromImage ? null
    , fromImageName ? null # which one, in an archive of several
    , fromImageTag ? null

      # What it runs as, in Docker's names; store paths in it are items too.
    , config ? { }
    , architecture ? context.architecture
    , created ? 1
    , annotations ? { }

      # How it is layered, made and written.
    , build ? "build-side"
    , plan ? null # a file, a set as in one, or a function from the plan to another
    , previous ? null # a plan, or an image, of the past: what stays, stays in its layer
    , layers ? [ ] # what comes below, in layers of its own: see buildLayer
    , strategy ? null
    , layeringPipeline ? null # nixpkgs' steps instead of a strategy: docs/man/stratapack-pipeline.5.scd
    , maxLayers ? 100 # those of fromImage included; or "+20" above them
    , compression ? if compressor == null || format == "oci" || format == "dir" then "gzip" else "none"
    , compressor ? null # of an archive of layers that are not compressed: "none", "gz", "zstd"
    , owner ? null # "1000:1000": of everything
    , mtime ? null # null: 1, as in the store
    , format ? "oci"

    , meta ? { }
    , passthru ? { }
    , calledAs ? "makeImage" # in messages
    }@arguments:
    let
      check = condition: message: value: if condition then value else throw "stratapack: ${calledAs}: ${message}";
      oneOf = what: value: choice: check (elem value choice)
        "${what} = \"${toString value}\": choose one of ${builtins.concatStringsSep ", " choice}" value;

      how = oneOf "build" build builds;
      isArchive = elem (oneOf "format" format formats) archives;

      # --- what is in it --------------------------------------------------------------------------
      custom = customisation {
        inherit contents followDirectoryLinks symlinks directories tmp permissions extraCommands fakeRootCommands
          enableFakechroot;
        copyToRoot = if hasNothing then [ emptyDirectory ] else copyToRoot;
        name = name';
        database = if nixDatabase then database { inherit named copied; } else null;
      };
      # An image has a layer, though there be nothing in it.
      hasNothing = fromImage == null && ! nixDatabase && ! tmp && ! (followDirectoryLinks && copyToRoot != [ ])
        && elem contents nothing && elem copyToRoot nothing && items == [ ] && layers == [ ] && directories == [ ]
        && symlinks == { } && extraCommands == "" && fakeRootCommands == ""
        && (! includeStorePaths || concatLists (map paths.storePathsIn configTexts) == [ ]);
      nothing = [ null [ ] ];
      emptyDirectory = builtins.path { path = ./.; name = "empty"; filter = path: type: false; };
      groups = flatten layers;
      below = concatLists (map (group: group.deps) groups);
      # The items that are asked for; and those that are copied, of which the image has in its store
      # what they refer to.
      named = paths.distinct (map itemOf (items ++ custom.items ++ below)
        ++ concatLists (map paths.storePathsIn configTexts));
      copied = paths.distinct (map itemOf custom.copied);
      itemOf = root: paths.itemOf "${calledAs}: an item" "${root}";
      configTexts = filter builtins.hasContext (paths.stringsIn config);
      roots = if includeStorePaths then paths.distinct (named ++ copied) else [ ];
      # What the config names exists, and lives as long as the image, also where it comes from elsewhere.
      closure = maker.closureOf roots // (if includeStorePaths then { } else { inherit configTexts; });
      graphOptions =
        if roots == [ ] then
          [ "--graph" (toFile "graph.json" ''{"stratapackGraph": 1, "items": []}'') ]
        else [ "--nix-json" ".attrs.json" ] ++ named
          ++ concatLists (map (path: [ "--references-of" path ]) copied);

      # --- what lies beneath ----------------------------------------------------------------------
      base = fromImage.image or fromImage; # of a script that streams, what it streams
      baseName =
        if fromImageName != null then ":${fromImageName}" + (if fromImageTag == null then "" else ":${fromImageTag}")
        else check (fromImageTag == null) "fromImageTag needs `fromImageName`" "";
      baseOptions =
        if base == null then check (fromImageName == null) "fromImageName needs `fromImage`" [ ]
        else if baseName == "" then [ "--base" "${base}" ]
        else [ "--base" "${base.format or "docker-archive"}:${base}${baseName}" ];
      # Without it, plans do not depend on the architecture.
      planningBase = if base == null then [ ] else baseOptions ++ [ "--architecture" architecture ];

      # --- the plan -------------------------------------------------------------------------------
      pipeline = if layeringPipeline == null then null
        else if mentionsPlaceholder (toJSON layeringPipeline) then
          "${maker.textFile "a layeringPipeline with content-addressed derivations" "pipeline.json" (toJSON layeringPipeline)}"
        else toFile "pipeline.json" (paths.forget (toJSON layeringPipeline));
      planOptions = option "--strategy" strategy ++ option "--pipeline" pipeline ++ option "--max-layers" maxLayers
        ++ option "--below" (planOf planningBase groups) ++ planningBase;
      madeAfter = before: maker.run "stratapack-plan"
        ([ "plan" ] ++ graphOptions ++ planOptions ++ option "--previous" before ++ custom.options
          ++ [ "--output" maker.out ])
        (closure // { preferLocalBuild = true; });
      made = madeAfter previous;
      importedPlan = fromJSON (paths.forget (readFile made));
      isGiven = plan != null;
      needsImport = plan == null || isFunction plan;
      isFile = isPath plan || builtins.isString plan;
      givenPlan =
        let
          read = if isFunction plan then plan importedPlan
            else if ! isFile then plan
            else check (builtins.pathExists plan)
              "there is no ${toString plan} yet: make it from the attribute `newPlan` of the image"
              (fromJSON (readFile plan));
          planned = map paths.forget (concatLists (map (one: one.items) read.layers));
          missing = if base != null then [ ] else
            filter (root: ! (paths.isPlaceholder (paths.forget root) || elem (paths.forget root) planned))
              (if includeStorePaths then named else [ ]);
        in
        # The program checks all of it, but not before there are layers.
        check (missing == [ ])
          "the plan does not name '${paths.forget (head missing)}', which is in the image: make it again from the attribute `newPlan`"
          (read // {
            customisation = custom.value // { ownLayer = read.customisation.ownLayer or true; };
          });
      thePlan = if isGiven then givenPlan else importedPlan;
      # A file that speaks of store paths without referring to them: what needs them has them anyway.
      planFile =
        if isGiven && custom.hasTree then
          "${custom.complete "plan.json" (custom.open (withoutContext (removeAttrs thePlan [ "customisation" ])) + ",\"customisation\":")
            (withoutContext thePlan.customisation) "}}"}"
        else toFile "plan.json" (paths.forget (toJSON thePlan));
      withoutContext = value: fromJSON (paths.forget (toJSON value));
      # A given plan that was checked against the closure.
      checkedPlan = maker.run "stratapack-plan"
        ([ "plan" ] ++ graphOptions ++ [ "--plan" planFile ] ++ planningBase ++ [ "--output" maker.out ])
        (closure // { preferLocalBuild = true; });
      planDerivation = if isGiven then checkedPlan else made;
      # What a plan in a file would be today; what stays, stays in its layer.
      newPlan = if isFile && builtins.pathExists plan then madeAfter "${plan}" else made;

      # --- options --------------------------------------------------------------------------------
      mtimeSeconds = if mtime == null then null else seconds "mtime" mtime;
      layerOptions = [ "--compression" compression ] ++ option "--owner" owner
        ++ option "--mtime" mtimeSeconds;
      # What an image says refers to nothing that it does not hold; only Nix knows what to put in a placeholder's
      # place.
      mentionsPlaceholder = text: builtins.length (builtins.split "/[0-9a-z]{52}" (paths.forget text)) > 1;
      imageOptions = map (text: if mentionsPlaceholder text then text else paths.forget text) (configOptions config
        ++ [ "--architecture" architecture "--created" (toString (seconds "created" created)) ]
        ++ concatLists (map (key: [ "--annotation" "${key}=${annotations.${key}}" ])
          (builtins.attrNames annotations)));
      # Without a tag, it is a hash of all that decides what is in the image, in whichever way it is built.
      theTag = if tag != null then tag else builtins.substring 0 32 (builtins.hashString "sha256"
        (paths.forget "${maker.run "image" (buildSide ++ [ "--output" "oci:${maker.out}" ]) closure}"));
      imageName = name;
      imageTag = theTag;
      output = path: [ "--output" "${format}:${path}:${name}:${theTag}" ];

      # --- the three ways -------------------------------------------------------------------------
      fileName = if isArchive then "${name'}.tar${compress.extension}" else name';
      compress = if compressor == null || ! isArchive then compressors.none
        else compressors.${oneOf "compressor" compressor (builtins.attrNames compressors)};
      name' = builtins.replaceStrings [ "/" ":" ] [ "-" "-" ] name;

      buildSide = [ "build" "--no-cache" ] ++ graphOptions
        ++ (if isGiven then [ "--plan" planFile ] else planOptions ++ option "--previous" previous ++ custom.options)
        ++ layerOptions ++ baseOptions ++ imageOptions;
      planned = [ "build" "--no-cache" ] ++ graphOptions ++ [ "--plan" "${planDerivation}" ]
        ++ layerOptions ++ baseOptions ++ imageOptions;

      ownLayer = thePlan ? customisation && thePlan.customisation.ownLayer or true;
      planned' = thePlan.layers ++ (if ownLayer then [ { items = [ ]; } ] else [ ]);
      made' = genList
        (index:
          let
            isTop = index + 1 == length planned' && thePlan ? customisation;
            inherit (thePlan) customisation;
            asked = {
              inherit (elemAt planned' index) items;
              inherit compression owner;
              mtime = mtimeSeconds;
            } // (if ! isTop then { } else {
              # What an imported plan names is there. Of what a given one names, items must be, and what is only copied
              # is built.
              copies = map (copy: copy // { from = if needsImport || copy.links or false then paths.forget copy.from else copy.from; })
                (customisation.copies or [ ]);
              entries = customisation.entries or [ ];
              permissions = customisation.permissions or [ ];
            });
          in
          if isTop && isGiven && custom.hasTree then
            layer.layerOf (custom.complete "recipe.json" "" ({ permissions = [ ]; } // layer.recipeOf asked) "}")
          else layer.makeLayer asked)
        (length planned');
      joined = [ "image" planFile ]
        ++ concatLists (map (one: [ "--layer" "${one}" ]) made') ++ baseOptions ++ imageOptions;

      # An archive that is compressed comes through a pipe.
      writeImage = arguments: attributes:
        if ! (compress ? command) then maker.run fileName (arguments ++ output maker.out) attributes
        else maker.make ({
          name = fileName;
          inherit (maker) system;
          builder = maker.needsShell "a compressed archive";
          args = [
            "-e"
            "-c"
            ''
              PATH=${maker.searchPath}
              failed=$NIX_BUILD_TOP/failed
              { ${command ([ maker.program ] ++ arguments ++ output "-" ++ [ "--quiet" ])} || : >"$failed"; } | ${compress.command} >${maker.out}
              [ ! -e "$failed" ]
            ''
          ];
        } // attributes);
      image = {
        build-side = writeImage buildSide closure;
        planned = writeImage planned closure;
        # A plan that was not imported is checked before the image is there.
        client-side = writeImage joined
          ((if needsImport then { } else { checked = "${checkedPlan}"; })
            // (if includeStorePaths then { } else { inherit configTexts; }));
      }.${how};

      # --- scripts --------------------------------------------------------------------------------
      # What a script gives to the program instead of the closure that a builder is given.
      outside = map (argument: if argument == ".attrs.json" then "${maker.closureFile roots}" else argument);
      streamed = {
        build-side = outside buildSide;
        planned = outside planned;
        client-side = joined;
      }.${how};
      layout = if format == "oci" then maker.extend image { inherit imageTag; }
        else makeImage (removeAttrs arguments [ "compressor" ] // { format = "oci"; tag = theTag; });
    in
    check (builtins.isString name && name != "") "an image needs a `name`" (maker.extend image ({
      inherit meta;
      passthru = { inherit imageName imageTag; } // passthru;
      # What knows of dockerTools' images asks for it.
      isExe = false;
      layers = made';
      inherit format;
      inherit imageName imageTag;
      # The plan as a file, made or checked; what it refers to is all that the image is made of.
      plan = planDerivation;
      inherit newPlan;
      closure = roots;

      # A script that writes the image to its standard output. Nothing but what it is made of is kept
      # in the store.
      stream = maker.script "streaming an image" "stream-${name'}" ''
        exec ${command ([ maker.program ] ++ streamed ++ [ "--output" "docker-archive:-:${name}:${theTag}" ])} "$@"
      '';

      inherit layout;
      # Scripts that copy the image. Layers that are derivations go from where they are: no image of them is kept in the
      # store.
    } // (if format == "oci" then copying ({
      name = name';
      image = "${name}:${theTag}";
    } // (if how != "client-side" then { source = "oci:${image}:${theTag}"; } else {
      source = "oci:$scratch/image:${theTag}";
      prepare = ''
        PATH=$PATH:${maker.searchPath}
        scratch=$(mktemp -d) || exit
        trap 'rm -rf "$scratch"' EXIT
        ${command ([ maker.program ] ++ joined)} --output "oci:$scratch/image:${name}:${theTag}" --quiet || exit
      '';
    })) else {
      inherit (layout) push copyTo copyToRegistry copyToDockerDaemon copyToPodman;
    }) // passthru));

  maker = build;
in
{
  inherit makeImage;
  inherit (build) extend;
  arguments = filter (name: name != "calledAs") (builtins.attrNames (builtins.functionArgs makeImage));
  usualCompressor = if context.shell == null then "none" else "gz";
  # The layers that groups may have together.
  boundOf = layers: sumOf (flatten layers);
}
