#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who sees credentials, what is believed, and what is shown: one test for each line of the list in
# docs/registries.md.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/registry/lib.sh
. "$(dirname "$0")/../registry/lib.sh"

make_store "$scratch/root"
cd "$scratch" || exit 1
must "build an image" "$STRATAPACK" build --graph root/graph.json --root root --max-layers 2 \
	--cmd /bin/sh -o oci:image:tool:1
mapfile -t short < <(short_digests image)
layer=$(cd image/blobs/sha256 && echo "${short[2]}"*)
digest=$(jq -r '.manifests[0].digest' image/index.json)

# keep_credentials HOST AUTHORITY: in the file that we look into.
export REGISTRY_AUTH_FILE=$scratch/auth.json
keep_credentials() {
	jq -n --arg host "$1" --arg auth "$(printf '%s' "$2" | base64 -w 0)" \
		'{auths: {($host): {auth: $auth}}}' >"$REGISTRY_AUTH_FILE"
}

push() {
	"$STRATAPACK" push -q oci:image "docker://$server/team/tool:1"
}

# --- credentials stay where they belong ----------------------------------------------------------

must "another server starts" start_server other
other=$server other_directory=$server_directory
must "a server starts" start_server main
script '{"auth": "basic", "user": "ann:secret"}'
keep_credentials "$server" ann:secret
is "push with a password" "$(push)" "$digest"

is "the first request proves nothing" "$(requests | head -n 1)" \
	"HEAD /v2/team/tool/manifests/1 -> 401"

script "{\"auth\": \"basic\", \"user\": \"ann:secret\", \"blob_redirect\": \"http://$other/elsewhere/\"}"
not "a redirect leads to another host" "$STRATAPACK" verify "docker://$server/team/tool:1"
ok "which was asked" grep -q '^GET /elsewhere/' "$other_directory/requests"
empty "and was shown no credentials" "$(grep -E 'Basic|Bearer' "$other_directory/requests")"
: >"$other_directory/requests"
script '{"auth": "basic", "user": "ann:secret"}' \
	"{\"on\": \"POST\", \"status\": 202, \"times\": 9, \"headers\": {\"Location\": \"http://$other/v2/x/blobs/uploads/1\"}}"
not "a location leads to another host" "$STRATAPACK" push -q --tries 1 oci:image \
	"docker://$server/team/new:1"
ok "which was asked" grep -q '^PUT /v2/x' "$other_directory/requests"
empty "and was shown no credentials" "$(grep -E 'Basic|Bearer' "$other_directory/requests")"
script '{"auth": "basic", "user": "ann:secret", "blob_redirect": "/elsewhere/"}'
ok "a redirect to the same host is followed" "$STRATAPACK" verify "docker://$server/team/tool:1"
script '{"auth": "basic", "user": "ann:secret"}' \
	'{"on": "HEAD.*manifests", "status": 307, "times": 99, "headers": {"Location": "@PATH@"}}'
fails_with 1 "redirects us more than" "redirects without end are not" push
script '{"auth": "basic", "user": "ann:secret"}' \
	'{"on": "HEAD.*manifests", "status": 307, "headers": {"Location": "file:///etc/passwd"}}'
fails_with 1 "no address of the web" "nor one to a file" push
script '{"auth": "basic", "user": "ann:other"}'
fails_with 1 "401" "a password that is refused" push
is "was tried once" "$(requests | wc -l)" 2

# Nothing secret is in messages, and nothing is on a command line.
"$STRATAPACK" push --tries 2 oci:image "docker://$server/team/tool:1" >messages 2>&1
empty "no message has the password" "$(grep -E "secret|$(printf 'ann:secret' | base64)" messages)"
keep_credentials "example.org" ann:secret
script '{}'
ok "credentials of another host" push
empty "are not used" "$(requests | grep -E 'Basic|Bearer')"
printf '{"auths": {"%s": {"auth": "not base64 but secret!"}}}' "$server" >"$REGISTRY_AUTH_FILE"
script '{"auth": "basic", "user": "ann:secret"}'
fails_with 1 "not a user and a password" "credentials that are none" push
empty "are not shown" "$(grep secret "$scratch/fails.stderr")"
printf '{"auths": secret' >"$REGISTRY_AUTH_FILE"
fails_with 1 "no file of credentials" "a file of credentials that is none" push
empty "is not shown" "$(grep secret "$scratch/fails.stderr")"

# The most specific key counts, with or without what older programs wrote around it.
for key in "$server/team" "https://$server/v2/" "$server/team/tool"; do
	keep_credentials "$key" ann:secret
	jq --arg host "$server" '.auths += {($host + "/te"): {auth: "YTpi"}, ($host + "/team/toolbox"): {auth: "YTpi"}}' \
		"$REGISTRY_AUTH_FILE" >auth.new && mv auth.new "$REGISTRY_AUTH_FILE"
	script '{"auth": "basic", "user": "ann:secret"}'
	ok "credentials for ${key/"$server"/HOST}" push
done

# --- tokens -------------------------------------------------------------------------------------

rm "$REGISTRY_AUTH_FILE"
script '{"auth": "bearer"}'
ok "a token for nobody in particular" push
script '{"auth": "bearer", "token_name": "access_token"}'
ok "a token by its other name" push
script '{"auth": "bearer"}' '{"on": "PUT.*digest", "times": 1, "status": 401, "headers":
	{"WWW-Authenticate": "Bearer realm=\"http://127.0.0.1:@PORT@/token\",error=\"invalid_token\""}}'
ok "a token that ends in the middle is replaced" "$STRATAPACK" push -q oci:image \
	"docker://$server/expiring/a:1"
ok "no more often than it was refused" [ "$(requests | grep -c /token)" -le 3 ]
keep_credentials "$server" ann:secret
script '{"auth": "bearer", "user": "ann:secret"}'
ok "a token for a user" push
ok "the password goes to the server of tokens" grep -q 'GET /token.*Basic ann:secret' \
	"$server_directory/requests"
empty "and nowhere else" "$(requests | grep Basic | grep -v /token)"
script '{"auth": "bearer", "user": "ann:other"}'
fails_with 1 "stratapack login" "a token that is refused says what to do" push
jq -n --arg host "$server" '{auths: {($host): {identitytoken: "who-i-am"}}}' >"$REGISTRY_AUTH_FILE"
script '{"auth": "bearer", "identity": "who-i-am"}'
ok "an identity token is exchanged" push
ok "by a form" grep -q '^POST /token -> 200' "$server_directory/requests"
jq -n --arg host "$server" '{auths: {($host): {registrytoken: "token1"}}}' >"$REGISTRY_AUTH_FILE"
script '{"auth": "bearer"}'
ok "a registry's token is sent as it is" push
empty "without asking for another" "$(requests | grep /token)"
rm "$REGISTRY_AUTH_FILE"
for realm in file:///etc/passwd 'http://user@127.0.0.1/token' ''; do
	script "{\"auth\": \"bearer\", \"realm\": \"$realm\"}"
	not "a realm '$realm' is refused" push
done
script '{"auth": "bearer", "challenge": "Bearer realm=\"http://127.0.0.1:@PORT@/token\", Basic realm=\"b\""}'
script '{"auth": "bearer"}' '{"on": "/token", "status": 200, "times": 9, "body": "not JSON with a secret"}'
fails_with 1 "no JSON" "a token that is no JSON" push
empty "is not shown" "$(grep secret "$scratch/fails.stderr")"
script '{"auth": "bearer"}' '{"on": "/token", "status": 200, "times": 9, "body": "aaaaaaaaaaaaaaaa", "repeat": 100000}'
fails_with 1 "more than 1048576 bytes" "a token without end" push
script '{"auth": "bearer"}' '{"on": "/token", "status": 200, "times": 9, "body": "{\"token\": \"a\\r\\nX-Evil: 1\"}"}'
fails_with 1 "token is none" "a token that would be a header" push

# --- helpers ------------------------------------------------------------------------------------

mkdir bin
cat >bin/docker-credential-good <<'END'
#!/bin/sh
read -r host
printf '%s %s\n' "$1" "$host" >>"$HELPER_LOG"
case $1 in
get) printf '{"ServerURL": "%s", "Username": "ann", "Secret": "secret"}' "$host" ;;
store) cat >/dev/null ;;
esac
END
cat >bin/docker-credential-none <<'END'
#!/bin/sh
echo "credentials not found in native keychain"
exit 1
END
printf '#!/bin/sh\necho secret\n' >bin/docker-credential-words
printf '#!/bin/sh\nexit 3\n' >bin/docker-credential-fails
printf '#!/bin/sh\nyes secret\n' >bin/docker-credential-endless
chmod +x bin/*
export PATH=$scratch/bin:$PATH HELPER_LOG=$scratch/helper.log
use_helper() {
	jq -n --arg host "$server" --arg name "$1" '{credHelpers: {($host): $name}}' >"$REGISTRY_AUTH_FILE"
}
script '{"auth": "basic", "user": "ann:secret"}'
use_helper good
ok "a helper knows the password" push
is "it was asked for the host" "$(cat "$HELPER_LOG")" "get $server"
jq -n '{credsStore: "good"}' >"$REGISTRY_AUTH_FILE"
ok "a helper for all hosts" push
: >"$HELPER_LOG"
use_helper good
log_in() {
	echo secret | "$STRATAPACK" login -q -u ann --password-stdin "$server"
}
ok "login gives the password to the helper" log_in
ok "in its own words" grep -q '^store {"ServerURL":"'"$server"'","Username":"ann","Secret":"secret"}' "$HELPER_LOG"
empty "and not to the file" "$(grep -i 'auths.*ann' "$REGISTRY_AUTH_FILE")"
ok "logout lets it forget" "$STRATAPACK" logout -q "$server"
ok "it was told" grep -q "^erase $server" "$HELPER_LOG"
use_helper none
fails_with 1 "401" "a helper that knows nothing is no error, but no help" push
for helper in words fails endless missing; do
	use_helper $helper
	fails_with 1 "credential helper '$helper'" "a helper that $helper" push
	empty "shows nothing of it" "$(grep secret "$scratch/fails.stderr")"
done
for name in ../bin/good 'good;id' ''; do
	use_helper "$name"
	: >"$HELPER_LOG"
	not "a helper called '$name'" push
	empty "is not run" "$(cat "$HELPER_LOG")"
done
rm "$REGISTRY_AUTH_FILE"

# --- what is read is what was asked for -----------------------------------------------------------

script '{}'
push >push.log
verify() {
	"$STRATAPACK" verify "docker://$server/team/tool:1"
}
ok "it is sound" verify
# found_by WORDS NAME TROUBLE: the verification ends with exit 1 or 3 and says so.
found_by() {
	local status
	script '{}' "$3"
	"$STRATAPACK" verify "docker://$server/team/tool:1" >found 2>&1
	status=$?
	if { [ $status -eq 1 ] || [ $status -eq 3 ]; } && grep -qi -- "$1" found; then
		report ok "$2"
	else
		report "not ok" "$2"
		explain <found
	fi
}
found_by "digest" "a layer with one bit changed" "{\"on\": \"GET.*blobs/sha256:$layer\", \"flip\": 1}"
found_by "more than the" "a layer with bytes behind it" "{\"on\": \"GET.*blobs/sha256:$layer\", \"add\": 1}"
found_by "expected were" "a layer that is too short" "{\"on\": \"GET.*blobs/sha256:$layer\", \"shorten\": 1}"
found_by "digest" "a config with one bit changed" "{\"on\": \"GET.*blobs/sha256:${short[1]}\", \"flip\": 1}"
found_by "digest" "a manifest that is not what the registry says" '{"on": "GET.*manifests", "flip": 1}'
found_by "expected was" "a manifest of another type" \
	'{"on": "GET.*manifests", "type": "application/vnd.docker.distribution.manifest.v2+json"}'
found_by "neither a manifest" "a manifest of the first schema" \
	'{"on": "GET.*manifests", "type": "application/vnd.docker.distribution.manifest.v1+json"}'
found_by "more than 4194304 bytes" "a manifest without end" \
	'{"on": "GET.*manifests", "status": 200, "body": "aaaaaaaaaaaaaaaa", "repeat": 300000}'
found_by "taken for an index and for a manifest" "a document that is two things" \
	'{"on": "GET.*manifests", "status": 200, "headers": {"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
	"body": "{\"schemaVersion\": 2, \"manifests\": [], \"layers\": [], \"config\": {}}"}'
found_by "duplicate" "a document with the same member twice" \
	'{"on": "GET.*manifests", "status": 200, "headers": {"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
	"body": "{\"schemaVersion\": 2, \"config\": {}, \"config\": {}, \"layers\": []}"}'
found_by "not a digest" "a digest that would be a path" \
	'{"on": "GET.*manifests", "status": 200, "headers": {"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
	"body": "{\"schemaVersion\": 2, \"config\": {\"mediaType\": \"application/vnd.oci.image.config.v1+json\", \"digest\": \"sha256:../../../../etc/passwd\", \"size\": 2}, \"layers\": []}"}'
empty "asked the registry for nothing" "$(requests | grep passwd)"
script '{}'
fails_with 1 "has the digest" "by digest, another manifest is refused" bash -c \
	"'$STRATAPACK' verify 'docker://$server/team/tool@sha256:$(printf '0%.0s' {1..64})' 2>&1 |
	sed 's/the answer is 404.*/has the digest/' >&2; exit 1"

# What a layer says of other places to get it from is not believed.
script '{}' '{"on": "GET.*manifests", "status": 200, "headers": {"Content-Type": "application/vnd.oci.image.manifest.v1+json"},
	"body": "{\"schemaVersion\": 2, \"config\": {\"mediaType\": \"application/vnd.oci.image.config.v1+json\", \"digest\": \"'"sha256:$(cd image/blobs/sha256 && echo "${short[1]}"*)"'\", \"size\": '"$(stat -c %s image/blobs/sha256/"${short[1]}"*)"'}, \"layers\": [{\"mediaType\": \"application/vnd.oci.image.layer.nondistributable.v1.tar\", \"digest\": \"sha256:'"$layer"'\", \"size\": 9, \"urls\": [\"http://'"$other"'/foreign\"]}]}"}'
: >"$other_directory/requests"
"$STRATAPACK" verify "docker://$server/team/tool:1" >found 2>&1
empty "the urls of foreign layers are not asked" "$(cat "$other_directory/requests")"

# --- what is shown --------------------------------------------------------------------------------

script '{}' '{"on": "HEAD", "refuse": [404, "X"]}' \
	'{"on": "PUT.*manifests", "refuse": [400, "\u001b[31mRED", "\u001b]0;title\u0007 and more"], "times": 9}'
"$STRATAPACK" push -q oci:image "docker://$server/shown:1" >shown 2>&1
ok "words of the registry are shown" grep -q RED shown
empty "without what a terminal would obey" "$(tr -d '[:print:]\n\t' <shown)"
script '{"warning": "299 - \"going away \u001b[1m soon\""}'
"$STRATAPACK" push oci:image "docker://$server/warned:1" >shown 2>&1
ok "so are its warnings" grep -q "going away" shown
empty "in the same way" "$(tr -d '[:print:]\n\t' <shown)"
script '{}' '{"on": "POST", "status": 202, "times": 9,
	"headers": {"Location": "gopher://x/\u001b?signature=secret"}}'
"$STRATAPACK" push -q oci:image "docker://$server/located:1" >shown 2>&1
empty "signatures in addresses are not shown" "$(grep secret shown)"

# --- hosts that do not move -----------------------------------------------------------------------

script '{}' '{"on": "GET.*manifests", "sleep": 60}'
fails_with 1 "next to nothing" "a host that says nothing" \
	"$STRATAPACK" verify --stall-timeout 1s --tries 1 "docker://$server/team/tool:1"
script '{}' "{\"on\": \"GET.*blobs/sha256:$layer\", \"stop_after\": 1000, \"hang\": 60}"
ok "a host that stops in the middle is asked for the rest" \
	"$STRATAPACK" verify --stall-timeout 1s "docker://$server/team/tool:1"
ok "from where it stopped" grep -q "GET.*$(printf %.8s "$layer") \[bytes=1000-\] -> 206" \
	"$server_directory/requests"

# --- plain HTTP and TLS ---------------------------------------------------------------------------

must "certificates" make_certificates certificates
must "a server with TLS starts" start_server tls certificates
mkdir -p "certs.d/$server"
cp certificates/ca.crt "certs.d/$server/"
tls=(--certs-dir certs.d)
script '{"scheme": "https"}'
ok "push over TLS" "$STRATAPACK" push -q "${tls[@]}" oci:image "docker://$server/team/tool:1"
script '{"scheme": "http"}'
fails_with 1 "not encrypted" "a location without TLS is refused" \
	"$STRATAPACK" push -q "${tls[@]}" oci:image "docker://$server/team/two:1"
script "{\"blob_redirect\": \"http://$other/elsewhere/\"}"
: >"$other_directory/requests"
not "a redirect without TLS is refused" "$STRATAPACK" verify "${tls[@]}" "docker://$server/team/tool:1"
empty "and not asked" "$(cat "$other_directory/requests")"
keep_credentials "$server" ann:secret
script "{\"auth\": \"bearer\", \"realm\": \"http://$other/token\"}"
fails_with 1 "not encrypted" "a realm without TLS is refused" \
	"$STRATAPACK" push -q "${tls[@]}" oci:image "docker://$server/team/three:1"
empty "and sees no password" "$(cat "$other_directory/requests")"
fails_with 1 "" "hosts elsewhere are spoken to with TLS alone" \
	timeout 20 "$STRATAPACK" push -q --tries 1 oci:image docker://registry.invalid/a:1

done_testing
