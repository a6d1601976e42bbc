#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The program on a Guix store: what its daemon tells, from here and from afar, and what the daemon keeps
# from the collector meanwhile.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/common.sh
. "$(dirname "$0")/guix/common.sh"
# shellcheck source=tests/stores/common/garbage.sh
. "$here/common/garbage.sh"
must "a daemon" start_daemon --max-jobs=2 --listen=/var/guix/daemon-socket/socket --listen=127.0.0.1
must "a profile" built '(small-profile greeter teller shell)'

profile=$(find "$state/gnu/store" -maxdepth 1 -name '*-profile' | sort | head -n 1)
profile=${profile#"$state"}
inside /exchange/stratapack plan --strategy per-item "$profile" >by-daemon.json 2>by-daemon.log
ok "the program plans a profile" jq -e '.layers | length > 3' by-daemon.json
ok "from the daemon as from the database" inside /exchange/stratapack plan --strategy per-item \
	--store-db=/var/guix/db/db.sqlite "$profile" -o /exchange/by-database.json
same "with the same plan" by-daemon.json "$state/exchange/by-database.json"
chmod 700 "$state/var/db"
ok "a user who may not read the database asks the daemon" inside setpriv --reuid=12345 --regid=12345 \
	--clear-groups /exchange/stratapack plan --strategy per-item "$profile" -o /exchange/by-user.json
same "and gets the same plan" by-daemon.json "$state/exchange/by-user.json"
fails_with 1 "is not a valid item of the store with the daemon" "an item that the daemon does not know" \
	inside /exchange/stratapack plan "/gnu/store/00000000000000000000000000000000-none"
fails_with 1 "/nowhere" "a daemon that is not there" \
	inside env GUIX_DAEMON_SOCKET=/nowhere /exchange/stratapack plan "$profile"

fails_with 1 "ssh -N -L" "a daemon behind ssh: how to bring it here" \
	inside env GUIX_DAEMON_SOCKET=ssh://host.example /exchange/stratapack plan "$profile"
ok "a daemon that is reached by TCP" inside env GUIX_DAEMON_SOCKET=guix://127.0.0.1 \
	/exchange/stratapack plan --strategy per-item "$profile" -o /exchange/by-tcp.json
same "gives the same plan" by-daemon.json "$state/exchange/by-tcp.json"

# --- garbage ------------------------------------------------------------------------------------

# shellcheck disable=SC2034
store_root=$state
jq -r '.layers[].items[]' by-daemon.json >items

collect_guix() {
	guix_ gc
}

archived() { # archived ARGUMENTS…: an archive of an image, to the standard output
	"$here/in-guix-root" "$state" /exchange/stratapack build "$@" -o docker-archive:-:x
}

ok "garbage is collected in the middle of a build" collect_meanwhile collect_guix archived "$profile"
same "which the daemon keeps the items for" meanwhile.items items
ok "the image is whole" "$STRATAPACK" verify docker-archive:meanwhile.tar
guix_ gc >/dev/null 2>&1
empty "afterwards they go" "$(items_there)"
must "the profile is built again" built '(small-profile greeter teller shell)'
is "with the same items" "$(items_there)" "$(cat items)"
# What shows that it was the daemon that kept them.
collect_meanwhile collect_guix archived --store-db=/var/guix/db/db.sqlite "$profile" >/dev/null
empty "a database that is named keeps nothing" "$(cat meanwhile.items)"
done_testing
