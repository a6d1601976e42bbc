# SPDX-License-Identifier: Apache-2.0
# Images that are to a derivation what `nix-shell` is: its environment, in a shell.
{ pkgs, build, dockerTools, helpers }:
let
  inherit (builtins) attrNames concatLists concatStringsSep elem isList isPath listToAttrs map;

  quote = text: "'" + builtins.replaceStrings [ "'" ] [ "'\\''" ] text + "'";
  # Values of a derivation's attributes, as its builder sees them.
  textOf = value:
    if isList value then concatStringsSep " " (map textOf value)
    else if isPath value then "${value}"
    else toString value;

  imageOf = calledAs:
    { drv
    , name ? "${drv.name}-env"
    , tag ? null
    , uid ? 1000
    , gid ? 1000
    , homeDirectory ? "/build"
    , shell ? if pkgs ? bashInteractive then "${pkgs.bashInteractive}/bin/bash" else throw "stratapack: ${calledAs} needs `shell`, the path of a bash"
    , command ? null # in the shell, that people type into
    , run ? null # in another
    , ...
    }@arguments:
    let
      attributes = drv.drvAttrs;
      place = "/build"; # where builders are in a sandbox
      inFiles = attributes.passAsFile or [ ];
      variables = listToAttrs (map
        (attribute:
          let value = textOf attributes.${attribute};
          in
          if elem attribute inFiles then {
            name = "${attribute}Path";
            value = "${build.textFile calledAs "${attribute}" value}";
          } else { name = attribute; inherit value; })
        (attrNames (removeAttrs attributes [ "args" ])))
      // listToAttrs (map (output: { name = output; value = builtins.unsafeDiscardStringContext drv.${output}.outPath; })
        (drv.outputs or [ "out" ]));
      builder = build.applicationOf shell calledAs "buildDerivation" ''
        exec ${concatStringsSep " " (map (argument: quote (textOf argument)) ([ attributes.builder ] ++ attributes.args or [ ]))}
      '';
      path = "${dirOf shell}:${builder}/bin";
      environment = {
        PATH = path;
        NIX_STORE = builtins.storeDir;
        NIX_BUILD_CORES = "1";
        HOME = homeDirectory;
      } // variables // {
        HOME = homeDirectory;
        PATH = path;
        NIX_BUILD_TOP = place;
        TMPDIR = place;
        TEMPDIR = place;
        TMP = place;
        TEMP = place;
        PWD = place;
        TERM = "xterm-256color";
      };
      end = if run != null then run else command;
      start = build.textFile calledAs "nix-shell-rc" ''
        unset PATH
        dontAddDisableDepTrack=1
        if [ -n "''${stdenv-}" ] && [ -e "$stdenv/setup" ]; then source "$stdenv/setup"; fi
        PATH=${path}''${PATH:+:$PATH}
        export PATH
        SHELL=${quote shell}
        BASH=${quote shell}
        set +e
        if [ -n "''${PS1-}" ] && [ -z "''${NIX_SHELL_PRESERVE_PROMPT-}" ]; then
          PS1='\n\[\033[1;32m\][nix-shell:\w]\$\[\033[0m\] '
        fi
        if [ "$(type -t runHook)" = function ]; then
          runHook shellHook
        elif [ -n "''${shellHook-}" ]; then
          eval "$shellHook"
        fi
        unset NIX_ENFORCE_PURITY
        shopt -u nullglob
        shopt -s execfail
        ${if end == null then "" else "${end}\nexit\n"}
      '';
      user = "${toString uid}:${toString gid}";
      owned = directory: "${directory}:0755:${user}";
    in
    if attributes.__structuredAttrs or false then
      throw "stratapack: ${calledAs}: ${drv.name} has structured attributes, which are no environment"
    else if command != null && run != null then
      throw "stratapack: ${calledAs}: give one of command and run"
    else removeAttrs arguments [ "drv" "uid" "gid" "homeDirectory" "shell" "command" "run" ] // {
      inherit name tag;
      contents = [
        helpers.binSh
        helpers.usrBinEnv
        (helpers.fakeNss.override {
          extraPasswdLines = [ "nixbld:x:${user}:Build user:${homeDirectory}:/noshell" ];
          extraGroupLines = [ "nixbld:!:${toString gid}:" ];
        })
      ];
      # The store is the user's, too, who may build the derivation in it.
      directories = map owned ([ "/nix" "/nix/store" "/nix/var" "/nix/var/nix" "/etc/nix" place ]);
      config = {
        User = user;
        WorkingDir = place;
        Cmd = if run == null then [ shell "--rcfile" "${start}" ] else [ shell "${start}" ];
        Env = map (variable: "${variable}=${environment.${variable}}") (attrNames environment);
      };
    };
in
{
  streamNixShellImage = arguments: dockerTools.streamLayeredImage (imageOf "streamNixShellImage" arguments);
  buildNixShellImage = arguments: dockerTools.buildLayeredImage (imageOf "buildNixShellImage" arguments);
}
