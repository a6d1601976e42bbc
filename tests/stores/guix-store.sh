#!/usr/bin/env bash
# The program on a Guix store: what its daemon tells, from here and from afar, and what the daemon keeps
# from the collector meanwhile.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/stores/guix/daemon.sh
. "$(dirname "$0")/guix/daemon.sh"
must "a daemon" start_daemon --max-jobs=2
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

done_testing
