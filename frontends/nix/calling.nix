# SPDX-License-Identifier: Apache-2.0
# How functions are called: which arguments they know, and how others are given later.
{ build }:
let
  inherit (builtins) attrNames concatStringsSep elem filter head isFunction;
in
rec {
  # FUNCTION, which NAME stands for, of arguments that are all among KNOWN.
  checked = name: known: function: arguments:
    let
      wrong =
        if ! (builtins.isAttrs arguments) then throw "stratapack: ${name} takes a set of arguments, not a ${builtins.typeOf arguments}"
        else filter (argument: ! (elem argument known)) (attrNames arguments);
    in
    if wrong == [ ] then function (arguments // { calledAs = name; })
    else throw "stratapack: ${name} has no argument `${head wrong}`; it has ${concatStringsSep ", " (builtins.sort builtins.lessThan known)}";

  # The result of FUNCTION with `.override`, as in nixpkgs.
  overridable = function: arguments:
    build.extend (function arguments) {
      override = change: overridable function
        (arguments // (if isFunction change then change arguments else change));
    };
}
