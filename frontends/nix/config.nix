# What a container runs as: Docker's names, as dockerTools takes them, as options of the program.
let
  inherit (builtins) attrNames concatLists concatStringsSep isAttrs isList isString map toJSON typeOf;

  wrong = name: wanted: value:
    throw "stratapack: config.${name} must be ${wanted}, not a ${typeOf value}";
  strings = name: value:
    if isList value && builtins.all isString value then value
    else wrong name "a list of strings" value;
  string = name: value: if isString value then value else wrong name "a string" value;
  # Docker writes sets as objects whose members are empty objects.
  keys = name: value: if isAttrs value then attrNames value else wrong name "a set" value;
  each = option: values: concatLists (map (value: [ option value ]) values);

  known = {
    Entrypoint = value: [ "--entrypoint" (toJSON (strings "Entrypoint" value)) ];
    Cmd = value: [ "--cmd" (toJSON (strings "Cmd" value)) ];
    Env = value: each "--env" (strings "Env" value);
    User = value: [ "--user" (string "User" value) ];
    WorkingDir = value: [ "--workdir" (string "WorkingDir" value) ];
    StopSignal = value: [ "--stop-signal" (string "StopSignal" value) ];
    ExposedPorts = value: each "--expose" (keys "ExposedPorts" value);
    Volumes = value: each "--volume" (keys "Volumes" value);
    Labels = value: each "--label"
      (map (key: "${key}=${string "Labels.${key}" value.${key}}") (keys "Labels" value));
  };
in
config: concatLists (map
  (name:
    if ! (known ? ${name}) then
      throw "stratapack: config.${name} is not known; known are ${concatStringsSep ", " (attrNames known)}"
    else if config.${name} == null then [ ]
    else known.${name} config.${name})
  (attrNames (if config == null then { } else config)))
