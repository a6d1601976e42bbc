#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Updates: plans that are kept, what an update pulls, and why.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cd "$scratch" || exit 1

# make_packages FILE VERSION [ID...]: a graph of Debian packages, of which openssl has VERSION, and
# the given ones beside them.
make_packages() {
	jq -n --arg version "$2" '
		def package($name; $version; $size; $references): {id: ($name + ":all"), name: $name,
			version: $version, size: $size, content: "files",
			references: ($references | map(. + ":all"))};
		{stratapackGraph: 1, items: ([
			package("libc6"; "2.41"; 13000000; []),
			package("openssl"; $version; 6000000; ["libc6"]),
			package("perl"; "5.40"; 50000000; ["libc6"]),
			package("python3"; "3.13"; 30000000; ["openssl"]),
			package("bash"; "5.2"; 7000000; ["libc6"]),
			package("zlib1g"; "1.3"; 150000; ["libc6"]),
			package("app"; "1"; 900000; ["python3", "perl", "zlib1g"])]
			+ ($ARGS.positional | map(package(.; "1"; 40000; ["libc6"]))))}
		' --args "${@:3}" >"$1"
}

plan=("$STRATAPACK" plan --max-layers 5)
make_packages one.graph 3.5.0
make_packages two.graph 3.5.1
make_packages three.graph 3.5.1 leaf
must "plan the first release" "${plan[@]}" --graph one.graph -o one.plan
ok "plan the second" "${plan[@]}" --graph two.graph --previous one.plan -o two.plan
is "the items stay where they were" "$(jq -c '[.layers[].items]' two.plan)" \
	"$(jq -c '[.layers[].items]' one.plan)"
layer=$(jq '[.layers[].items | index("openssl:all") != null] | index(true) + 1' one.plan)
is "diff names the layer that changes" "$("$STRATAPACK" diff --json one.plan two.plan |
	jq -c '[.layers | to_entries[] | select(.value.reused | not) | .key + 1]')" "[$layer]"
is "diff names the item that changed" "$("$STRATAPACK" diff --json one.plan two.plan |
	jq -c '[.layers[].reasons[] | [.kind, .item, .oldVersion, .newVersion]]')" \
	'[["changed","openssl:all","3.5.0","3.5.1"]]'
ok "people can read it" grep -qE "^ +$layer +new +openssl:all from 3.5.0 to 3.5.1$" \
	<("$STRATAPACK" diff one.plan two.plan)
ok "plan with a leaf more" "${plan[@]}" --graph three.graph --previous two.plan -o three.plan
is "one layer changes for it, or comes" "$("$STRATAPACK" diff --json two.plan three.plan |
	jq '[.layers[] | select(.reused | not)] | length')" 1
is "diff says that it is new" "$("$STRATAPACK" diff --json two.plan three.plan |
	jq -c '[.layers[].reasons[] | [.kind, .item]]')" '[["added","leaf:all"]]'
ok "a leaf goes" "${plan[@]}" --graph two.graph --previous three.plan -o again.plan
is "diff says so" "$("$STRATAPACK" diff --json three.plan again.plan |
	jq -c '[.layers[].reasons[] | [.kind, .item]] | unique')" '[["removed","leaf:all"]]'
for pair in "one two" "two three" "three again"; do
	read -r old new <<<"$pair"
	"$STRATAPACK" diff --json "$old.plan" "$new.plan" >"$old.diff"
done
ok "strategy update keeps every layer that it can" "${plan[@]}" --graph two.graph --strategy update \
	--previous one.plan --max-layers 9 -o update.plan
is "nothing but that layer changes" "$("$STRATAPACK" diff --json one.plan update.plan |
	jq -c '[.layers[] | select(.reused | not) | .reasons[] | select(.kind == "changed").item]')" \
	'["openssl:all"]'

# An image is a previous plan, in every format.
make_store "$scratch/root"
graph=(--graph "$scratch/root/graph.json" --root "$scratch/root" --no-cache --max-layers 3)
must "build an image" "$STRATAPACK" build "${graph[@]}" --strategy size -o docker-archive:old.tar:x \
	-o docker-v1-archive:old-v1.tar:x -o oci:old.layout:x -o oci-archive:old-oci.tar:x -o dir:old.dir \
	-o universal-archive:old-universal.tar:x
"$STRATAPACK" plan --graph "$scratch/root/graph.json" --root "$scratch/root" --max-layers 3 \
	--strategy size -o size.plan
"$STRATAPACK" plan --graph "$scratch/root/graph.json" --root "$scratch/root" --max-layers 3 -o churn.plan
for source in old.tar old-v1.tar old.layout old-oci.tar old.dir old-universal.tar; do
	ok "plan after $source" "$STRATAPACK" plan --graph "$scratch/root/graph.json" \
		--root "$scratch/root" --max-layers 3 --strategy update --previous "$source" -o new.plan
	is "the layers are those of $source" "$(jq -c '[.layers[].items | sort]' new.plan)" \
		"$(jq -c '[.layers[].items | sort]' size.plan)"
	is "$source has nothing to pull from itself" "$("$STRATAPACK" diff --json "$source" "$source" |
		jq -c '[.pulled, .pulledPrefix]')" \
		'[{"bytes":0,"layers":0},{"bytes":0,"layers":0}]'
done
cp -a "$scratch/root" "$scratch/changed"
echo changed >"$scratch/changed$data/share/name"
ok "build a changed image" "$STRATAPACK" build --graph "$scratch/changed/graph.json" \
	--root "$scratch/changed" --no-cache --max-layers 3 --previous old.tar --strategy update \
	-o oci:new.layout:x
"$STRATAPACK" diff --json old.layout new.layout >image.diff
is "the bytes to pull are those of new blobs" "$(jq '.pulled.bytes' image.diff)" \
	"$(comm -13 <(ls old.layout/blobs/sha256) <(jq -r '.layers[].digest[7:]' image.diff | sort) |
		xargs -I{} stat -c %s new.layout/blobs/sha256/{} | awk '{ n += $1 } END { print n }')"
ok "diff of an image and a plan" "$STRATAPACK" diff old.tar churn.plan

# What the model says of a plan.
cat >rates.json <<-'END'
	{"stratapackRates": 1, "default": 0.5, "rates": {"openssl": 12, "libc6": {"perYear": 2}}}
END
ok "explain a plan" "${plan[@]}" --graph one.graph --rates rates.json --explain --json -o explained.plan
"${plan[@]}" --graph one.graph --rates rates.json --explain --json >explain.json
# shellcheck disable=SC2016 # these are variables of jq
ok "no figure is below its bounds" jq -e '[.expected, .least, .leastOfAll] |
	all(range(0; 2) as $i | .[$i].pulled >= .[$i + 1].pulled and
		.[$i].registry >= .[$i + 1].registry; .) and
	.[0].pulledPrefix >= .[2].pulledPrefix and .[0].requests >= .[2].requests' explain.json
is "given rates count as given" "$(jq -c .rates explain.json)" '{"given":7,"observed":0,"graph":0}'
is "openssl changes often" "$(jq -c '.layers[] | select(.items | index("openssl:all")) |
	[.worst[0].cause, .updatesPerYear >= 10]' explain.json)" '["openssl",true]'
is "every layer is explained" "$(jq -c '[.layers[].items]' explain.json)" \
	"$(jq -c '[.layers[].items]' explained.plan)"
ok "a given plan is explained" "$STRATAPACK" plan --graph one.graph --plan explained.plan --rates rates.json \
	--explain
is "the same way" "$("$STRATAPACK" plan --graph one.graph --plan explained.plan --rates rates.json \
	--explain --json)" "$(cat explain.json)"
ok "people see how far it is from the bound" grep -qE "^pulled, layers reused by digest +[0-9.]+ [kMG]B" \
	<("${plan[@]}" --graph one.graph --explain)
fails_with 2 "--explain" "--json alone" "${plan[@]}" --graph one.graph --json
fails_with 2 "exclude" "--table with --explain" "${plan[@]}" --graph one.graph --table --explain
fails_with 2 "no way" "an unknown propagation" "${plan[@]}" --graph one.graph --propagation up

# Changelogs say how often packages changed, relative to the newest entry.
mkdir -p "$scratch/debian/usr/share/doc/"{often,seldom}
changelog() { # changelog PACKAGE DATE...
	local package=$1 date
	for date in "${@:2}"; do
		printf '%s (1) unstable; urgency=low\n\n  * Change.\n\n -- A B <a@example.org>  %s\n\n' \
			"$package" "$date"
	done | gzip -n >"$scratch/debian/usr/share/doc/$package/changelog.Debian.gz"
}
changelog often "Fri, 05 Jan 2024 10:00:00 +0000" "Fri, 05 Jan 2024 09:00:00 +0000" \
	"Mon, 01 Jan 2024 10:00:00 +0000" "Fri, 01 Dec 2023 10:00:00 +0000" "Thu, 01 Jan 2015 10:00:00 +0000"
changelog seldom "Thu, 01 Jan 2015 10:00:00 +0000"
jq -n '{stratapackGraph: 1, items: [
	({often: 1000000, seldom: 1000000} | to_entries[] | {id: (.key + ":all"), name: .key, size: .value,
		content: "files", files: ["/usr/share/doc/\(.key)/changelog.Debian.gz"]})]}' >debian.graph
debian=("$STRATAPACK" plan --graph debian.graph --root "$scratch/debian" --explain --json)
is "three days of the last year, and none" "$("${debian[@]}" |
	jq -c '[.layers[] | [.items[0], .updatesPerYear > 0.9]] | sort')" \
	'[["often:all",true],["seldom:all",false]]'
is "both are observed" "$("${debian[@]}" | jq .rates.observed)" 2
is "without changelogs the graph decides" "$("${debian[@]}" --no-changelogs | jq .rates.graph)" 2
mkfifo "$scratch/fifo" && ln -sf "$scratch/fifo" "$scratch/debian/usr/share/doc/often/changelog.Debian.gz"
is "what is no file is left alone" "$(timeout "$patience" "${debian[@]}" | jq .rates.observed)" 1

# So do the plans of the past.
make_packages history.graph 3.5.2
"${plan[@]}" --graph history.graph --previous two.plan -o history.plan
is "two changes in two rebuilds" "$("${plan[@]}" --graph history.graph --history one.plan \
	--history two.plan --history history.plan --explain --json |
	jq -c '.rates.observed, (.layers[] | select(.items | index("openssl:all")) | .worst[0].cause)')" \
	$'7\n"openssl"'
fails_with 1 "at least two" "a history of one" "${plan[@]}" --graph history.graph --history one.plan

# What does not work.
echo '{"stratapackPlan": 1, "layers": []}' >nothing.plan
fails_with 1 "which items" "a previous plan that says nothing" "${plan[@]}" --graph one.graph \
	--previous nothing.plan
fails_with 1 "no-such" "a previous image that is not there" "${plan[@]}" --graph one.graph --previous no-such
fails_with 2 "two images" "one operand" "$STRATAPACK" diff one.plan
fails_with 1 "no-such" "an image that is not there" "$STRATAPACK" diff one.plan no-such

valid() { # valid SCHEMA FILE
	/usr/bin/python3 - "$STRATAPACK_SOURCE/docs/$1.schema.json" "$2" <<-'END'
		import json, sys
		import jsonschema
		schema, document = [json.load(open(path)) for path in sys.argv[1:]]
		jsonschema.Draft202012Validator(schema).validate(document)
	END
}
for file in one.diff two.diff three.diff image.diff; do
	ok "the schema of diffs allows $file" valid diff "$file"
done
ok "the schema of explanations allows one" valid explain explain.json
done_testing
