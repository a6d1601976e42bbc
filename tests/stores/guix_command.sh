#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The command `guix stratapack`, with a real guix-daemon.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
must "a daemon" start_daemon --max-jobs=2

package=(-e '(@ (world) greeter)')

commands "the command has help" --help
ok "which lists what guix pack has" test "$(grep -cE -- '--(symlink|entry-point|entry-point-argument|max-layers|image-tag|manifest|expression|file|localstatedir|save-provenance|root|derivation|compression)=?' printed)" -ge 13
commands "guix stratapack" "${package[@]}" -S /bin=bin --entry-point=bin/greet -A good -A morning \
	--image-tag=example.org/hi --tag=3 --tag=example.org/lo:4 --env=A=b --label=c=d --user=1000:1000 \
	--working-directory=/tmp --strategy=per-item --max-layers=9 -C gzip:9 --expose=80/tcp --volume=/data \
	-f docker --build=planned
result=$state$(cat printed)
ok "podman loads what it makes" podman_ load -q -i "$result"
runs "and runs it" example.org/lo:4
is "the config says it all" "$(skopeo inspect --config "docker-archive:$result:example.org/hi:3" | jq -cS '
	.config | del(.Entrypoint) | .Env -= [.Env[] | select(startswith("PATH="))]')" \
	'{"Env":["A=b"],"ExposedPorts":{"80/tcp":{}},"Labels":{"c":"d"},"User":"1000:1000","Volumes":{"/data":{}},"WorkingDir":"/tmp"}'
cat >"$state/exchange/manifest.scm" <<-'END'
	(use-modules (world))
	(packages->manifest (list greeter teller))
END
commands "a manifest, and only the derivation" -m /exchange/manifest.scm -d
ok "is named" grep -qx '/gnu/store/.*-greeter-teller-image.tar.drv' printed
echo '(@ (world) teller)' >"$state/exchange/teller.scm"
commands "a package from a file, its derivation not built" --file=/exchange/teller.scm -n
empty "gives no result" "$(cat printed)"
commands "a root for the collector" "${package[@]}" -f docker --localstatedir \
	--build=client-side -r /exchange/result
is "leads to the image" "$(readlink "$state/exchange/result")" "$(cat printed)"

# --- each option of `guix pack -f docker`, and those of our own -----------------------------------

query "SELECT path FROM ValidPaths WHERE path LIKE '%-numbers-1.0' OR path LIKE '%-shell-5.3' ORDER BY path" |
	jq -nR '{layers: [{items: [inputs]}]}' >"$state/exchange/plan.json"
commands "state of Guix, a plan, and more" "${package[@]}" -f oci --localstatedir --profile-name=current-guix \
	--plan=/exchange/plan.json -C none --command=now --command=then --annotation=org.example.a=b \
	--created=86400 --save-provenance
layout=$state$(cat printed)
said=$(grep -F "provenance of package" ok.log)
ok "a package that comes from no channel has no provenance" grep -F greeter <<<"$said"
skopeo_copy "oci:$layout" "dir:$scratch/layout" && layer_tars layout layout.tars
is "no layer is compressed" "$(jq -r '.layers[].mediaType' layout/manifest.json | sort -u)" \
	application/vnd.oci.image.layer.v1.tar
is "the annotation is in the manifest" "$(jq -r '.annotations["org.example.a"]' layout/manifest.json)" b
is "what users may replace, and the time, in the config" \
	"$(skopeo inspect --config --raw "oci:$layout" | jq -c '[.config.Cmd, .created]')" \
	'[["now","then"],"1970-01-02T00:00:00Z"]'
is "the plan's layer lies at the bottom" "$(tar -tf layout.tars/000.tar |
	sed -n 's,^gnu/store/[a-z0-9]*-\([^/]*\)/$,\1,p' | sort)" $'numbers-1.0\nshell-5.3'
top=$(printf '%s\n' layout.tars/* | tail -n 1)
tar -xOf "$top" var/guix/db/db.sqlite >db.sqlite
is "the database knows the store items" "$(sqlite3 db.sqlite 'SELECT path FROM ValidPaths ORDER BY path')" \
	"$(for tar in layout.tars/*; do tar -tf "$tar"; done | sed -n 's,^\(gnu/store/[^/]*\)/.*,/\1,p' | sort -u)"
ok "and the profile has the name" grep -q 'var/guix/profiles/per-user/root/current-guix -> ' <(tar -tvf "$top")
for option in --system=i686-linux:386 --target=aarch64-linux-gnu:arm64; do
	commands "for another architecture, ${option%:*}" "${package[@]}" -f oci "${option%:*}"
	is "the image is for it" "$(skopeo inspect --config --raw "oci:$state$(cat printed)" | jq -r .architecture)" \
		"${option#*:}"
done
# What wraps them is made with a real compiler: only the derivation can be shown. Here, as without a channel.
ok "executables that can be moved, the derivation" inside env GUILE_LOAD_PATH=/source/frontends/guix \
	GUIX_EXTENSIONS_PATH=/source/frontends/guix/guix/extensions sh -c \
	'guix stratapack --no-grafts -R -d --program=/exchange/stratapack busybox >/exchange/moved'
ok "are wrapped" grep -q -e '-busybox-[0-9.]*R.drv$' <(inside guix gc --requisites "$(cat "$state/exchange/moved")")
cp -r "$layout" "$state/exchange/base"
commands "on top of another image" "${package[@]}" -f oci --base=oci:/exchange/base:greeter:latest --env=A=b
is "whose layers lie below" "$(diff_ids "oci:$state$(cat printed)" | head -n "$(diff_ids "oci:$layout" | wc -l)")" \
	"$(diff_ids "oci:$layout")"
commands "one layer above, named by its file" "${package[@]}" -f oci --base=/exchange/base --env=A=b \
	--max-layers=+1 -S /sbin=bin
is "is one more" "$(diff_ids "oci:$state$(cat printed)" | wc -l)" "$(($(diff_ids "oci:$layout" | wc -l) + 1))"
two_items=$(diff_ids "oci:$layout" | head -n 1)
commands "by the strategy alone" "${package[@]}" -f oci
not "two items have no layer in common" grep -qx "$two_items" <<<"$(diff_ids "oci:$state$(cat printed)")"
commands "as the image was before" "${package[@]}" -f oci --previous=/exchange/base
ok "they have" grep -qx "$two_items" <<<"$(diff_ids "oci:$state$(cat printed)")"
complains "'/exchange/nothing' does not exist" "a base that is not there" "${package[@]}" \
	--base=/exchange/nothing
commands "the formats" --list-formats
is "are listed" "$(sed -n 's/^  *\([a-z0-9-]*\) .*/\1/p' printed | tr '\n' ' ')" \
	"docker docker-v1 oci oci-archive universal directory "
commands "the strategies" --list-strategies
is "are listed as the program lists them" "$(cat printed)" "$("$STRATAPACK" strategies)"

# By default, the daemon keeps the derivations of what is alive, and so the items that they name.
stop_daemon
ok "a daemon that keeps no derivations" start_daemon --max-jobs=2 --gc-keep-derivations=no
ok "the garbage collector" guix_ gc
ok "keeps the image" test -e "$state$(readlink "$state/exchange/result")"
empty "and nothing that the layers are made of" "$(compgen -G "$state/gnu/store/*-numbers-1.0")"

complains "use --max-layers 6" "a bound too low, on the build side" "${package[@]}" --strategy=per-item --max-layers=2
complains "there is no strategy" "a strategy that is none" "${package[@]}" --strategy=magic
complains "xz" "a compression that no client reads" "${package[@]}" -C xz
complains "port" "a broken config" "${package[@]}" --expose=http
complains "absolute" "a link with an absolute target" "${package[@]}" -S /bin=/bin
done_testing
