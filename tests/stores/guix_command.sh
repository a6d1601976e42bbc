#!/usr/bin/env bash
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
complains "no packages specified" "nothing to pack"
complains "absolute" "a link with an absolute target" "${package[@]}" -S /bin=/bin
done_testing
