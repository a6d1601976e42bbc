# SPDX-License-Identifier: Apache-2.0
# What images often need besides programs: shells and certificates where others look for them, accounts.
{ pkgs, build, calling, context }:
let
  linked = name: file: places: build.shellCommands name name { inherit file places; preferLocalBuild = true; } ''
    [ -e "$file" ] || { echo "stratapack: there is no $file" >&2; exit 1; }
    for place in $places; do
      mkdir -p "$out/''${place%/*}"
      ln -s "$file" "$out/$place"
    done
  '';
  fakeNss = { extraPasswdLines ? [ ], extraGroupLines ? [ ] }: build.shellCommands "fakeNss" "fake-nss"
    {
      passwd = lines ([
        "root:x:0:0:root:/var/empty:/bin/sh"
        "nobody:x:65534:65534:nobody:/var/empty:/bin/sh"
      ] ++ extraPasswdLines);
      group = lines ([ "root:x:0:" "nobody:x:65534:" ] ++ extraGroupLines);
      preferLocalBuild = true;
    } ''
    mkdir -p "$out/etc" "$out/var/empty"
    printf '%s' "$passwd" >"$out/etc/passwd"
    printf '%s' "$group" >"$out/etc/group"
    echo 'hosts: files dns' >"$out/etc/nsswitch.conf"
  '';
  lines = texts: builtins.concatStringsSep "" (map (text: "${text}\n") texts);
in
{
  # /bin/sh: what people type in, where nixpkgs is there.
  binSh = linked "bin-sh"
    (if pkgs ? bashInteractive then "${pkgs.bashInteractive}/bin/bash" else build.needsShell "binSh") "bin/sh";
  # /usr/bin/env, for scripts that begin with it.
  usrBinEnv = linked "usr-bin-env"
    (if pkgs ? coreutils then "${pkgs.coreutils}/bin/env" else "${builtins.head context.tools}/bin/env") "usr/bin/env";
  # Certificates, where NixOS, Debian and Fedora have them.
  caCertificates = linked "ca-certificates"
    (if context.certificates == null then throw "stratapack: caCertificates needs `certificates`, a file" else context.certificates)
    "etc/ssl/certs/ca-bundle.crt etc/ssl/certs/ca-certificates.crt etc/pki/tls/certs/ca-bundle.crt";
  # The accounts root and nobody.
  fakeNss = calling.overridable fakeNss { };
  # Commands that make the files of accounts, unless they are there, for useradd and the like: of fakeRootCommands with
  # enableFakechroot.
  shadowSetup = ''
    ${if pkgs ? shadow then "export PATH=${pkgs.shadow}/bin:$PATH" else ""}
    mkdir -p /etc/pam.d
    [ -e /etc/passwd ] || {
      echo 'root:x:0:0::/root:${if context.shell == null then "/bin/sh" else context.shell}' >/etc/passwd
      echo 'root:!x:::::::' >/etc/shadow
    }
    [ -e /etc/group ] || {
      echo 'root:x:0:' >/etc/group
      echo 'root:x::' >/etc/gshadow
    }
    [ -e /etc/pam.d/other ] || printf '%s\n' 'account sufficient pam_unix.so' 'auth sufficient pam_rootok.so' \
      'password requisite pam_unix.so nullok yescrypt' 'session required pam_unix.so' >/etc/pam.d/other
    [ -e /etc/login.defs ] || : >/etc/login.defs
  '';
}
