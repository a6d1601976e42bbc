# SPDX-License-Identifier: Apache-2.0
# Images of registries in the store, for fromImage: nixpkgs' dockerTools.pullImage, with the same
# arguments, and the same command for what is hashed.
{ context }:
let
  plain = builtins.replaceStrings [ "/" ":" ] [ "-" "-" ];
  skopeo =
    if builtins.substring 0 1 context.skopeo == "/" then context.skopeo
    else throw "stratapack: pullImage needs skopeo in a builder: give `skopeo`, the path of the program, or `pkgs`";
  # An archive is a file; the others are directories with the blobs as the registry has them.
  modes = { docker-archive = "flat"; oci = "recursive"; dir = "recursive"; };
in
{ imageName # "registry.example.org/team/name"
, imageDigest # "sha256:…", of the manifest or of an index of several
, hash ? null # of the output, "sha256-…"; "" is no hash, but the build fails and says which
, sha256 ? null # the same, as older Nix writes it
, finalImageName ? imageName
, finalImageTag ? "latest"
, os ? "linux"
, arch ? null # in Go's words; the builder's own machine
, tlsVerify ? true
, format ? "docker-archive" # or "oci", "dir"
, name ? plain "docker-image-${finalImageName}-${finalImageTag}${if format == "docker-archive" then ".tar" else ""}"
}:
derivation {
  inherit name;
  inherit (context) system;
  builder = skopeo;
  args = [ "--insecure-policy" "--tmpdir" "." "--override-os" os ]
    ++ (if arch == null then [ ] else [ "--override-arch" arch ]) ++ [ "copy" "--quiet" ]
    ++ [ "--src-tls-verify=${if tlsVerify then "true" else "false"}" "docker://${imageName}@${imageDigest}" ]
    ++ [ "${format}:${builtins.placeholder "out"}${if format == "dir" then "" else ":${finalImageName}:${finalImageTag}"}" ];
  outputHashAlgo = "sha256";
  outputHashMode = modes.${format}
    or (throw "stratapack: pullImage: format = \"${format}\": choose one of docker-archive, oci, dir");
  outputHash =
    if hash != null then hash
    else if sha256 != null then sha256
    else throw "stratapack: pullImage needs `hash` of ${imageName}: with hash = \"\", the build fails and says it";
  impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" "REGISTRY_AUTH_FILE" ];
  preferLocalBuild = true;
  ${if context.certificates == null then null else "SSL_CERT_FILE"} = context.certificates;
} // {
  imageName = finalImageName;
  imageTag = finalImageTag;
  inherit imageDigest format;
}
