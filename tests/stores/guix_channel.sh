#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# This source tree as a channel, as `guix pull` fetches, authenticates, compiles and installs it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
export GNUPGHOME=$scratch/gnupg
must "a daemon" start_daemon --max-jobs=2

git_() { # git_ REPOSITORY ARGUMENTS…
	git -C "$state/exchange/$1" -c user.name=Somebody -c user.email=somebody@example.org \
		-c user.signingKey=somebody@example.org -c safe.directory="*" "${@:2}"
}

# A publisher, who signs: see docs/guix.md.
publisher() {
	mkdir -m 700 "$GNUPGHOME" && at_exit gpgconf --kill all &&
		gpg --batch --quiet --passphrase '' --quick-generate-key somebody@example.org ed25519 sign never &&
		gpg --export --armor somebody@example.org >publisher.key &&
		fingerprint=$(gpg --list-keys --with-colons | awk -F : '$1 == "fpr" { print $10; exit }')
}

# publish NAME: the directory /exchange/NAME as a repository, whose first commit introduces it.
publish() {
	git init -q -b keyring "$state/exchange/$1" && cp publisher.key "$state/exchange/$1" &&
		git_ "$1" add publisher.key && git_ "$1" commit -q -S -m "Add a key" &&
		git_ "$1" checkout -q --orphan main && git_ "$1" rm -q -f --cached publisher.key &&
		rm "$state/exchange/$1/publisher.key" &&
		echo "(authorizations (version 0) ((\"$fingerprint\" (name \"somebody\"))))" \
			>"$state/exchange/$1/.guix-authorizations" &&
		git_ "$1" add --all && git_ "$1" commit -q -S -m "Introduce the channel"
}

# What a stranger gets: no build directories, nothing of git's own.
tree() {
	mkdir "$state/exchange/tree" &&
		tar -C "$STRATAPACK_SOURCE" --exclude=./.git --exclude='./build*' -c . |
		tar -C "$state/exchange/tree" -x --no-same-owner
}

# Its second commit, with news of the first.
second() {
	echo "(channel-news (version 0) (entry (commit \"$(git_ tree rev-parse HEAD)\")
		(title (en \"It is there\")) (body (en \"And it works.\"))))" >"$state/exchange/tree/frontends/guix/news"
	git_ tree commit -q -S -a -m "Tell the news"
}

channel() { # channel NAME REPOSITORY: with its introduction
	echo "(channel (name '$1) (branch \"main\") (url \"file:///exchange/$2\")
		(introduction (make-channel-introduction \"$(git_ "$2" rev-list --max-parents=0 main)\"
			(openpgp-fingerprint \"$fingerprint\"))))"
}

pull() {
	guix_ pull --bootstrap -C /exchange/channels.scm -p /exchange/current "$@"
}

pulled() { # pulled ARGUMENTS…: the `guix` of the profile
	timeout 300 "$here/in-guix-root" "$state" /exchange/current/bin/guix "$@"
}

must "somebody with a key" publisher
must "this tree" tree
must "as a repository that is signed" publish tree
must "cp" cp -r "$here/guix/core" "$state/exchange/core"
must "and one that stands for Guix" publish core
must "a change" second
echo "(list $(channel guix core) $(channel stratapack tree))" >"$state/exchange/channels.scm"
# Without one, Guix builds the package that has those of Let's Encrypt.
must "a certificate for git to trust" openssl req -x509 -newkey ed25519 -nodes -subj /CN=nobody \
	-keyout certificate.key -out "$state/etc/certificate"
must "guix pull, which authenticates both" pull
said=$(cat ok.log)
ok "this one, too" grep -qF "Authenticating channel 'stratapack'" <<<"$said"
ok "the channel is in the profile" grep -q stratapack <<<"$(pulled describe -f channels)"
ok "its command is there" grep -q -- --max-layers <<<"$(pulled stratapack --help)"
derivation=$(pulled build --no-grafts -d -e '(@ (stratapack packages) stratapack)')
source=$(inside guix gc --references "$derivation" | grep -e '-stratapack-checkout$')
git_ tree ls-files | LC_ALL=C sort >wanted
(cd "$state$source" && find . ! -type d -printf '%P\n') | LC_ALL=C sort >got
is "the source of the package is the tree" "$(cat got)" "$(cat wanted)"
is "news are told" "$(inside guile --no-auto-compile -c '
	(use-modules (guix channels))
	(for-each (lambda (entry) (display (assoc-ref (channel-news-entry-title entry) "en")))
	          (channel-news-for-commit
	           (channel (name (quote stratapack)) (branch "main") (url "file:///exchange/tree"))
	           (cadr (command-line))))' "$(git_ tree rev-parse main)" 2>/dev/null)" "It is there"
empty "the package is in the style of Guix" "$(pulled style -n stratapack 2>&1)"
# Of an input that is one output of a package, Guix's own way to write it included, it says that label and name
# differ.
empty "and guix lint has nothing else to say" "$(pulled lint -n stratapack >lint.log 2>&1 || echo "exit $?"
	grep -F stratapack@ lint.log | grep -vF "label 'zstd' does not match")"
ok "the news of this tree can be read" inside guile --no-auto-compile -c '
	(use-modules (ice-9 match))
	(match (call-with-input-file "/source/frontends/guix/news" read)
	  (((quote channel-news) ((quote version) 0)
	    ((quote entry) ((quote commit) (? string?)) ((quote title) . _) ((quote body) . _)) ..1) #t))'

# Somebody else changes it.
echo >>"$state/exchange/tree/README.md"
git_ tree -c commit.gpgSign=false commit -q -a -m "Change it"
not "a commit that is not signed is refused" pull
said=$(cat ok.log)
ok "because of that" grep -qF "lacks a signature" <<<"$said"
done_testing
