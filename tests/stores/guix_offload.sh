#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Layers that guix-daemon has built on another machine, with a store and a daemon of its own, which it
# reaches by ssh: the way of /etc/guix/machines.scm.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
machine=$scratch/machine
port=2223

# What comes by ssh runs on the other machine.
start_machine() {
	mkdir -p ssh /run/sshd "$state/home/.ssh" || return 1
	ssh-keygen -q -t ed25519 -N '' -f ssh/host && ssh-keygen -q -t ed25519 -N '' -f "$state/home/.ssh/builder" ||
		return 1
	cat >ssh/config <<-END
		Port $port
		ListenAddress 127.0.0.1
		HostKey $scratch/ssh/host
		AuthorizedKeysFile $state/home/.ssh/builder.pub
		PidFile none
		StrictModes no
		UsePAM no
		PermitRootLogin yes
		SetEnv STRATAPACK_NAMESPACE=1 STRATAPACK_TEST_CACHE=$STRATAPACK_TEST_CACHE
		ForceCommand exec '$here/in-guix-root' '$machine' sh -c "\$SSH_ORIGINAL_COMMAND"
	END
	/usr/sbin/sshd -D -e -f "$scratch/ssh/config" 2>ssh/log &
	at_exit kill $!
	run_daemon "$machine"
}

# Each takes what the other has signed.
introduce() {
	local one=$1 other=$2
	"$here/in-guix-root" "$one" guix archive --generate-key &&
		"$here/in-guix-root" "$other" guix archive --authorize <"$one/etc/signing-key.pub"
}

must "another machine" new_machine "$machine"
must "which trusts this one" introduce "$state" "$machine"
must "and this one trusts it" introduce "$machine" "$state"
must "sshd and a daemon there" start_machine
must "a daemon here" start_daemon --max-jobs=2
built_as own "an image" "(greeting #:build 'build-side)"
stop_daemon
cat >"$state/etc/machines.scm" <<-END
	(list (build-machine
	       (name "127.0.0.1") (port $port) (user "root")
	       (systems (list "$(uname -m)-linux"))
	       (private-key "/root/.ssh/builder")
	       (host-key "$(cut -d ' ' -f 1-2 ssh/host.pub)")
	       (overload-threshold #f)
	       (parallel-builds 2)))
END
must "a daemon that sends all builds away" start_daemon --max-jobs=0
ok "Guix finds the machine fit" inside guix offload test

built_as image "the same image, whose layers are derivations" "(greeting #:build 'client-side)"
builds_of "$machine" | sort >built.there
layers=$(grep -- '-layer$' built.there)
# shellcheck disable=SC2154
is "the other machine built its layers" "$(wc -l <<<"$layers")" "$(diff_ids "oci:$image" | wc -l)"
is "and the image of them, and nothing else" "$(grep -v -- '-layer$' built.there)" example.org-greeting-image
is "this machine sent them there" \
	"$(sed -n 's,.*offloading .*/[a-z0-9]*-\(.*-layer\)\.drv.*,\1,p' "$state.log" built.log | sort -u)" "$layers"
is "they are in the other store" "$(find "$machine/gnu/store" -maxdepth 1 -name '*-layer' | sed 's,.*/[a-z0-9]*-,,' | sort)" \
	"$layers"
ok "the image verifies" "$STRATAPACK" verify "oci:$image"
# shellcheck disable=SC2154
same "it has the bytes of the one that was built here" "$image" "$own"
done_testing
