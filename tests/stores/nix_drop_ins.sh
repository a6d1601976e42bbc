#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is in images of dockerTools' functions, as their users call them, with builders that are not root: each situation
# of nixpkgs' examples is in nix/drop_ins.nix.
# shellcheck source=tests/stores/nix/drop_ins.sh
. "$(dirname "$0")/nix/drop_ins.sh"

# --- who builds ---------------------------------------------------------------------------------

builds layer
is "a layer of derivations" "$(jq -r .mediaType "$built/layer.json")" application/vnd.oci.image.layer.v1.tar+gzip
is "with what was asked for" "$(zcat "$built/blob" | tar -t | grep -cE 'bin/(hello|busybox)$')" 2
is "builders are not root" "$(stat -c %U /nix/store | grep -c root) $(grep -c nixbld /etc/passwd)" "1 4"

# --- dockerTools: what is copied ----------------------------------------------------------------

builds docker.bash
is "links to directories are followed" "$(top | grep -E ' bin/(sh|busybox)?( |$)')" "dr-xr-xr-x 0/0 bin/
-r-xr-xr-x 0/0 bin/busybox
lrwxrwxrwx 0/0 bin/sh -> busybox"
is "it runs" "$(run /bin/sh -c 'echo ran')" ran
builds docker.bashLinked
is "or kept" "$(top | grep ' bin')" "lrwxrwxrwx 0/0 bin -> $(text_of world.busybox)/bin"
builds docker.editors
is "of several" "$(run /bin/sh -c '/bin/jq --version')" "$(jq --version)"
builds docker.certificates
is "certificates are where Docker's images have them" "$(run /bin/cat /etc/ssl/certs/ca-certificates.crt)" trusted
builds docker.certificatesOnOther
is "a base's /bin is not hidden" "$(run)" "trustedHello, world!"
builds docker.paths
is "paths beside the expression" "$(run /bin/cat /hello.txt)" dummy
builds docker.pathsLayered
"$built" >streamed.tar && built=streamed.tar
is "the same, linked" "$(run /bin/cat /hello.txt)" dummy
builds docker.architecture
is "of another architecture" "$(config .architecture)" '"arm64"'
builds docker.storeLink
is "a path that is itself a link" "$(run /bin/cat /dir/target)" Content.

# --- dockerTools: commands ----------------------------------------------------------------------

fails "buildImage: runAsRoot is not supported" build docker.service
builds docker.serviceWithout
is "its commands without a virtual machine" "$(run)" "/data
7:8"
is "and its volume" "$(config '[.config.Volumes, .config.WorkingDir]')" '[{"/data":{}},"/data"]'
builds docker.nginx
is "commands are bash's" "$(top | grep -E ' (tmp|var/log)/| extra' | sort -k 3)" "-rw-r--r-- 0/0 extraCommands
drwxr-xr-x 0/0 tmp/
drwxr-xr-x 0/0 tmp/client_body/
drwxr-xr-x 0/0 tmp/proxy_body/
drwxr-xr-x 0/0 var/log/
drwxr-xr-x 0/0 var/log/nginx/"
is "arguments may be derivations, accounts are there" "$(run | head -n 2)" "user nobody;
root:x:0:0:root:/var/empty:/bin/sh"
is "ports" "$(config .config.ExposedPorts)" '{"80/tcp":{}}'
builds docker.fakeRoot
is "owners, modes and links of fakeRootCommands" "$(top | grep -E ' (home|su|jq)')" "drwxr-xr-x 0/0 home/
drwxr-xr-x 1000/0 home/alice/
lrwxrwxrwx 3/4 jq -> $(out_of world.jq)
-rwsr-xr-x 0/0 su"
ok "what they link to is there" grep -q -- -jq <(jq -r '.layers[].items[]' "$(out_of docker.fakeRoot.plan)")
fails "linked statically: give others" build docker.fakeRootStatic
fails "./null is neither a file, nor a directory, nor a link" build docker.fakeRootDevice
builds docker.chrooted
"$built" >streamed.tar && built=streamed.tar
is "commands that see the new root" "$(run)" configured
is "and own what they like there" "$(top | grep -E ' (etc|proc|dev|nix|usr)')" "drwxr-xr-x 0/0 etc/
-rw-r--r-- 5/6 etc/some-config-file"
done_testing
