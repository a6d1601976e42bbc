#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# This source tree as a channel, as `guix pull` fetches, authenticates, compiles and installs it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
must "a daemon" start_daemon --max-jobs=2

git_() { # git_ REPOSITORY ARGUMENTS…
	git -C "$state/exchange/$1" -c user.name=Somebody -c user.email=somebody@example.org \
		-c commit.gpgSign=false -c safe.directory='*' "${@:2}"
}

# commit NAME: what is in the directory /exchange/NAME, as a repository.
commit() {
	git_ "$1" add --all && git_ "$1" commit -q -m "$1: something"
}

# What a stranger gets: no build directories, nothing of git's own.
tree() {
	mkdir "$state/exchange/stratapack-channel" &&
		tar -C "$STRATAPACK_SOURCE" --exclude=./.git --exclude='./build*' -c . |
		tar -C "$state/exchange/stratapack-channel" -x --no-same-owner &&
		git init -q -b main "$state/exchange/stratapack-channel" && commit stratapack-channel
}

core() {
	cp -r "$here/guix/core" "$state/exchange/core" && git init -q -b main "$state/exchange/core" && commit core
}

cat >"$state/exchange/channels.scm" <<'END'
(list (channel (name 'guix) (branch "main") (url "file:///exchange/core"))
      (channel (name 'stratapack) (branch "main") (url "file:///exchange/stratapack-channel")))
END

pull() {
	guix_ pull --bootstrap -C /exchange/channels.scm -p /exchange/current "$@"
}

pulled() { # pulled ARGUMENTS…: the `guix` of the profile
	timeout 300 "$here/in-guix-root" "$state" /exchange/current/bin/guix "$@"
}

must "a repository of this tree" tree
must "and one that stands for Guix" core
# Without one, Guix builds the package that has those of Let's Encrypt.
must "a certificate for git to trust" openssl req -x509 -newkey ed25519 -nodes -subj /CN=nobody \
	-keyout certificate.key -out "$state/etc/certificate"
must "guix pull" pull --disable-authentication
ok "the channel is in the profile" grep -q stratapack <<<"$(pulled describe -f channels)"
ok "its command is there" grep -q -- --max-layers <<<"$(pulled stratapack --help)"
derivation=$(pulled build --no-grafts -d -e '(@ (stratapack packages) stratapack)')
source=$(inside guix gc --references "$derivation" | grep -e '-stratapack-checkout$')
git_ stratapack-channel ls-files | LC_ALL=C sort >wanted
(cd "$state$source" && find . ! -type d -printf '%P\n') | LC_ALL=C sort >got
is "whose source is this tree" "$(cat got)" "$(cat wanted)"
done_testing
