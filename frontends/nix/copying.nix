# SPDX-License-Identifier: Apache-2.0
# Scripts that copy an image to where it is wanted. All of what they are made of is here, so that another program can
# take skopeo's place.
{ build, context }:
let
  quote = text: "'" + builtins.replaceStrings [ "'" ] [ "'\\''" ] text + "'";
in
# SOURCE is where the image is, for a shell, after PREPARE made it; IMAGE is its name and tag.
{ name, image, source, prepare ? "", options ? [ ] }:
let
  what = "copying an image";
  words = builtins.concatStringsSep " " options;
  # Without anything to clean up, the script becomes the other program.
  run = arguments: ''
    ${prepare}${if prepare == "" then "exec " else ""}${quote context.skopeo} ${arguments}
  '';
  from = if prepare == "" then quote source else ''"${source}"'';
  # An application of nix2container's, which needs no policy to be configured.
  to = application: destination: build.application what application
    (run "--insecure-policy copy ${words} ${from} ${quote destination} \"$@\"");
in
{
  # To docker://NAME:TAG unless it is told where to.
  push = build.script what "push-${name}" ''
    destination=''${1-${quote "docker://${image}"}}
    [ $# -eq 0 ] || shift
    case $destination in
    docker://* | oci:* | oci-archive:* | docker-archive:* | docker-daemon:* | containers-storage:* | dir:*) ;;
    *) destination=docker://$destination ;;
    esac
    ${run "copy ${words} \"$@\" ${from} \"$destination\""}'';
  copyTo = build.application what "copy-to" (run "--insecure-policy copy ${words} ${from} \"$@\"");
  copyToRegistry = to "copy-to-registry" "docker://${image}";
  copyToDockerDaemon = to "copy-to-docker-daemon" "docker-daemon:${image}";
  copyToPodman = to "copy-to-podman" "containers-storage:${image}";
}
