# SPDX-License-Identifier: Apache-2.0
# What is made of finished images: one archive of several, and the files of one.
{ build, context }:
let
  # Archives of this program's and of dockerTools', compressed or not.
  unpack = ''
    unpack() { # unpack ARCHIVE DIRECTORY
      mkdir -p "$2"
      case $(od -A n -t x1 -N 4 "$1" | tr -d ' ') in
      28b52ffd) zstd -q -d -c "$1" ;;
      1f8b*) gzip -d -c "$1" ;;
      *) cat "$1" ;;
      esac | tar -x -C "$2"
      [ -e "$2/manifest.json" ] || {
        echo "stratapack: $1 is no archive of Docker's: give the image format = \"docker-archive\"" >&2
        exit 1
      }
    }
  '';
  searchPath = build.searchPath + (if context.zstd == null then "" else ":${context.zstd}/bin");
  archiveOf = image: "${image.image or image}";
  # GNU tar: the same bytes from the same files.
  pack = "tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --hard-dereference";
in
{
  # The archives of IMAGES as one, for `docker load`.
  mergeImages = images: build.shellCommands "mergeImages" "merged-images.tar"
    { images = map archiveOf images; tools = searchPath; } ''
    ${unpack}
    mkdir image
    manifest=
    repositories=
    number=0
    for archive in $images; do
      number=$((number + 1))
      unpack "$archive" "parts/$number"
      chmod -R u+w "parts/$number"
      # The one is an array, the other an object: what is between their brackets.
      one=$(tr -d '\n' <"parts/$number/manifest.json" | sed -e 's/^ *\[//' -e 's/\] *$//')
      manifest=$manifest''${manifest:+,}$one
      if [ -e "parts/$number/repositories" ]; then
        one=$(tr -d '\n' <"parts/$number/repositories" | sed -e 's/^ *{//' -e 's/} *$//')
        repositories=$repositories''${repositories:+,}$one
      fi
      cp -R "parts/$number/." image/
    done
    printf '[%s]' "$manifest" >image/manifest.json
    [ -z "$repositories" ] || printf '{%s}' "$repositories" >image/repositories
    (cd image && ${pack} --transform 's:^\./::' -c .) >"$out"
  '';

  # All files of an image, as one archive without layers.
  exportImage = { fromImage, name ? "${fromImage.imageName or "image"}-files.tar", fromImageName ? null, fromImageTag ? null, diskSize ? null }:
    let
      plain = build.run "image.tar"
        ([ "build" "--no-cache" "--no-tmp" "--graph" (builtins.toFile "graph.json" ''{"stratapackGraph": 1, "items": []}'') ]
          ++ [ "--base" (if fromImageName == null then archiveOf fromImage
            else "docker-archive:${archiveOf fromImage}:${fromImageName}${if fromImageTag == null then "" else ":${fromImageTag}"}") ]
          ++ [ "--architecture" (fromImage.architecture or context.architecture) ]
          ++ [ "--output" "docker-archive:${build.out}:image:1" ])
        { };
    in
    build.shellCommands "exportImage" (builtins.replaceStrings [ "/" ":" ] [ "-" "-" ] name)
      {
        image = plain;
        tools = searchPath;
        fakeroot = if context.fakeroot == null then throw "stratapack: exportImage needs `fakeroot`" else "${context.fakeroot}/bin/fakeroot";
        shell = build.needsShell "exportImage";
        # A name that begins with .wh. says that what lies below is gone.
        unpackLayers = ''
          for layer in $layers; do
            case $(od -A n -t x1 -N 4 "image/$layer" | tr -d ' ') in
            28b52ffd) zstd -q -d -c "image/$layer" ;;
            1f8b*) gzip -d -c "image/$layer" ;;
            *) cat "image/$layer" ;;
            esac >layer.tar
            tar -tf layer.tar | while read -r file; do
              case $file in
              .wh..wh..opq | */.wh..wh..opq) find "files/''${file%.wh..wh..opq}" -mindepth 1 -delete ;;
              .wh.*) rm -rf "files/''${file#.wh.}" ;;
              */.wh.*) rm -rf "files/''${file%/.wh.*}/''${file##*/.wh.}" ;;
              esac
            done
            tar -xf layer.tar -C files --numeric-owner -p --exclude='.wh.*'
          done
          cd files && tar --sort=name --mtime=@1 --numeric-owner -c . >"$out"
        '';
      } ''
      ${unpack}
      unpack "$image" image
      mkdir files
      export layers=$(tr -d '\n' <image/manifest.json | sed -e 's/.*"Layers": *\[\([^]]*\)\].*/\1/' -e 's/[",]/ /g')
      "$fakeroot" -- "$shell" -e -c 'eval "$unpackLayers"'
    '';
}
