# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of registries, after tests/lib.sh: real registries with every kind of
# credentials, and the server that makes trouble.
# shellcheck shell=bash disable=SC2034,SC2154 # what scripts use, and what tests/lib.sh sets

registry_tests=$STRATAPACK_SOURCE/tests/registry

# wait_for COMMAND…: try it for ten seconds.
wait_for() {
	local _
	for _ in {1..100}; do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}

# stop PROCESS: one that this script started.
stop_process() {
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# make_certificates DIRECTORY: an authority in ca.crt, and for this machine server.crt with server.key.
make_certificates() {
	mkdir -p "$1"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=test authority" \
		-keyout "$1/ca.key" -out "$1/ca.crt" 2>/dev/null &&
		openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" \
			-keyout "$1/server.key" -out "$1/server.csr" 2>/dev/null &&
		openssl x509 -req -in "$1/server.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -days 2 \
			-set_serial 2 -out "$1/server.crt" 2>/dev/null \
			-extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1")
}

# start_registry DIRECTORY [CONFIGURATION LINE…]: a docker-registry; sets `registry` to HOST:PORT.
start_registry() {
	local directory=$1 line port
	shift
	mkdir -p "$directory/data"
	{
		printf 'version: 0.1\nlog: {level: info}\nstorage:\n'
		printf '  filesystem: {rootdirectory: "%s/data"}\n  delete: {enabled: true}\n' "$directory"
		for line; do
			printf '%s\n' "$line"
		done
	} >"$directory/config.yml"
	docker-registry serve "$directory/config.yml" >"$directory/log" 2>&1 &
	registry_process=$!
	at_exit stop_process $registry_process
	wait_for grep -q 'listening on ' "$directory/log" || {
		tail -n 5 "$directory/log"
		return 1
	}
	port=$(grep -m1 -o 'listening on [^ ,"]*' "$directory/log")
	registry=127.0.0.1:${port##*:}
}

# The requests that a registry was sent, without ids of sessions and what follows them.
registry_requests() { # registry_requests DIRECTORY
	grep -aoE '"(GET|HEAD|PUT|POST|PATCH|DELETE) /v2/[^ ]*' "$1/log" | tr -d '"' |
		sed -E 's/(uploads\/)[^?]+.*/\1.../; s/\?.*//; s/sha256:([0-9a-f]{8})[0-9a-f]*/\1/'
}

# start_server NAME [CERTIFICATES]: the server that makes trouble; sets `server` to its HOST:PORT and
# `server_directory`.
start_server() {
	server_directory=$scratch/servers/$1
	rm -rf "$server_directory"
	mkdir -p "$server_directory"
	if [ $# -gt 1 ]; then
		/usr/bin/python3 "$registry_tests/server.py" "$server_directory" "$2/server.crt" \
			"$2/server.key" >"$server_directory/log" 2>&1 &
	else
		/usr/bin/python3 "$registry_tests/server.py" "$server_directory" \
			>"$server_directory/log" 2>&1 &
	fi
	server_process=$!
	at_exit stop_process $server_process
	wait_for test -e "$server_directory/port" || {
		cat "$server_directory/log"
		return 1
	}
	server=127.0.0.1:$(cat "$server_directory/port")
}

# script SETTINGS [TROUBLE…]: what the server is to do from now on, as JSON. Forgets the requests.
script() {
	local settings=$1
	shift
	printf '{"settings": %s, "troubles": [%s]}\n' "$settings" "$(
		IFS=,
		printf '%s' "$*"
	)" >"$server_directory/script.new"
	mv "$server_directory/script.new" "$server_directory/script.json"
	: >"$server_directory/requests"
}

# The requests since the last script.
requests() {
	cat "$server_directory/requests"
}

# The first eight digits of a layout's manifest, its config, and its layers from the bottom.
short_digests() { # short_digests LAYOUT
	local manifest
	manifest=$(jq -r '.manifests[0].digest' "$1/index.json")
	{
		echo "$manifest"
		jq -r '.config.digest, .layers[].digest' "$1/blobs/sha256/${manifest#sha256:}"
	} | sed -E 's/sha256:(.{8}).*/\1/'
}
