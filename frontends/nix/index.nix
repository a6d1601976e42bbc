# SPDX-License-Identifier: Apache-2.0
# Images for several architectures under one name.
{ build, calling, copying }:
let
  make =
    { name
    , tag ? null # null: from a hash of the images
    , images # what the functions here give, each for another architecture
    , meta ? { }
    , passthru ? { }
    , calledAs ? "makeIndex"
    }:
    let
      layouts = map (image: image.layout or (throw "stratapack: ${calledAs}: images must be what makeImage and the others give")) images;
      theTag = if tag != null then tag else builtins.substring 0 32 (builtins.hashString "sha256"
        (builtins.unsafeDiscardStringContext (builtins.toJSON (map (layout: "${layout}") layouts))));
      plain = builtins.replaceStrings [ "/" ":" ] [ "-" "-" ] name;
      index = build.run plain
        ([ "index" ] ++ map (layout: "oci:${layout}") layouts ++ [ "--output" "oci:${build.out}:${name}:${theTag}" ])
        { };
    in
    build.extend index ({
      imageName = name;
      imageTag = theTag;
      inherit images meta;
      passthru = { imageName = name; imageTag = theTag; } // passthru;
    } // copying { name = plain; image = "${name}:${theTag}"; options = [ "--all" ]; source = "oci:${index}"; } // passthru);
in
{
  makeIndex = calling.overridable (calling.checked "makeIndex" [ "name" "tag" "images" "meta" "passthru" ] make);
}
