# SPDX-License-Identifier: Apache-2.0
# What a container runs as: Docker's names, as dockerTools takes them, as options of the program.
let
  inherit (builtins) attrNames concatLists concatStringsSep filter foldl' head isAttrs isBool isFloat isInt isList isPath
    isString map replaceStrings toJSON typeOf;

  letters = import ./letters.nix;

  wrong = name: wanted: value:
    throw "stratapack: config.${name} must be ${wanted}, not a ${typeOf value}";
  isText = value: isString value || isPath value || isInt value || isFloat value || value ? outPath || value ? __toString;
  # What can stand in a string can stand for one.
  text = name: value:
    if isInt value || isFloat value then toJSON value
    else if isText value then "${value}"
    else wrong name "a string" value;
  texts = name: value: if isList value then map (text name) value else wrong name "a list of strings" value;
  # As Docker does: one string is a list of it.
  arguments = name: value: if isText value then [ (text name value) ] else texts name value;
  # Docker writes sets as objects whose members are empty objects.
  keys = name: value:
    if isAttrs value then attrNames value
    else if isList value then map (text name) value
    else wrong name "a set, such as { \"80/tcp\" = { }; }" value;
  pairs = name: value:
    if isAttrs value then map (key: "${key}=${if isBool value.${key} then toJSON value.${key} else text "${name}.${key}" value.${key}}") (attrNames value)
    else texts name value;
  each = option: values: concatLists (map (value: [ option value ]) values);
  # Of several values of a variable, the last one counts.
  nameOf = variable: head (builtins.match "([^=]*).*" variable);
  lastOfEach = variables: foldl'
    (before: variable: filter (other: nameOf other != nameOf variable) before ++ [ variable ]) [ ] variables;
  # What the program takes as JSON.
  member = name: value: [ "--config-member" "${name}=${toJSON value}" ];

  known = {
    Entrypoint = value: [ "--entrypoint" (toJSON (arguments "Entrypoint" value)) ];
    Cmd = value: [ "--cmd" (toJSON (arguments "Cmd" value)) ];
    Env = value: each "--env" (lastOfEach (pairs "Env" value));
    User = value: [ "--user" (text "User" value) ];
    WorkingDir = value: [ "--workdir" (text "WorkingDir" value) ];
    StopSignal = value: [ "--stop-signal" (text "StopSignal" value) ];
    ExposedPorts = value: each "--expose" (keys "ExposedPorts" value);
    Volumes = value: each "--volume" (keys "Volumes" value);
    Labels = value: each "--label" (pairs "Labels" value);
    Healthcheck = value:
      if isAttrs value then member "Healthcheck" value else wrong "Healthcheck" "a set with Test" value;
    OnBuild = value: member "OnBuild" (texts "OnBuild" value);
    Shell = value: member "Shell" (arguments "Shell" value);
    StopTimeout = value: if isInt value then member "StopTimeout" value else wrong "StopTimeout" "a number of seconds" value;
  };
  # As Docker does, names are found whatever letters are large.
  lower = replaceStrings letters.upper letters.lower;
  byLower = builtins.listToAttrs (map (name: { name = lower name; value = name; }) (attrNames known));
  nameFor = name: byLower.${lower name}
    or (throw "stratapack: config.${name} is not known; known are ${concatStringsSep ", " (attrNames known)}");
in
config:
let
  given = filter (name: config.${name} != null) (attrNames config);
  twice = filter (name: builtins.length (filter (other: nameFor other == nameFor name) given) > 1) given;
in
if config == null then [ ]
else if twice != [ ] then throw "stratapack: config has ${concatStringsSep " and " twice}, which are the same"
else concatLists (map (name: known.${nameFor name} config.${name}) given)
