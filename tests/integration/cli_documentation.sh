#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every option and command is in the man pages, and there is help for all commands.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

pages=$STRATAPACK_BUILD/docs/man
mapfile -t commands < <("$STRATAPACK" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
ok "--help lists the commands" [ "${#commands[@]}" -ge 9 ]

# The text of a page, without font changes and escaped dashes.
page_text() {
	sed 's/\\f[BIPR]//g; s/\\-/-/g' "$pages/$1"
}

for command in "${commands[@]}"; do
	page=stratapack-$command.1
	[ -e "$pages/$page" ] || page=stratapack.1
	ok "stratapack.1 mentions $command" grep -qw -- "$command" <(page_text stratapack.1)
	while read -r option; do
		ok "$page mentions $option" grep -qE -- "(^|[^-a-z])$option([^-a-z]|\$)" \
			<(page_text "$page")
	done < <("$STRATAPACK" completion --list-options "$command")
	ok "$command --help shows an example" grep -q "^  stratapack $command" \
		<("$STRATAPACK" "$command" --help)
	is "help $command says the same" "$("$STRATAPACK" help "$command")" \
		"$("$STRATAPACK" "$command" --help)"
done

# And the other way around: no page speaks of options that are gone.
for command in "${commands[@]}"; do
	[ -e "$pages/stratapack-$command.1" ] || continue
	unknown=$(page_text "stratapack-$command.1" |
		sed -n 's/^\(-[a-zA-Z], \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p' | sort -u |
		comm -23 - <("$STRATAPACK" completion --list-options "$command" | sort -u))
	empty "the page of $command has no foreign options" "$unknown"
done

# The schemas allow what is written, and what the pages show as examples.
valid() { # valid SCHEMA FILE
	/usr/bin/python3 - "$STRATAPACK_SOURCE/docs/$1.schema.json" "$2" <<-'END'
		import json, sys
		import jsonschema
		schema, document = [json.load(open(path)) for path in sys.argv[1:]]
		# Schemas refer to their neighbours.
		resolver = jsonschema.RefResolver("file://" + sys.argv[1], schema)
		jsonschema.Draft202012Validator(schema, resolver=resolver).validate(document)
	END
}
make_store "$scratch/root"
graph=(--graph "$scratch/root/graph.json" --root "$scratch/root")
"$STRATAPACK" plan "${graph[@]}" -S /a=bin --mkdir /c --owner 1:2 --mtime 3 \
	--copy "$scratch/root/graph.json=/g" --link "$shell=/l" --chmod /g=u=rw,go= --chown '/l/**=1:1' -o "$scratch/plan.json" \
	--recipes "$scratch/recipes"
ok "the schema of graphs allows one" valid graph "$scratch/root/graph.json"
ok "the schema of plans allows one" valid plan "$scratch/plan.json"
printf '{"stratapackFleet": 1, "images": [{"name": "a", "roots": ["%s"]}]}' "$hello" \
	>"$scratch/fleet.json"
"$STRATAPACK" plan "${graph[@]}" --fleet "$scratch/fleet.json" -o "$scratch/catalogue.json"
ok "the schema of fleets allows one" valid fleet "$scratch/fleet.json"
ok "the schema of catalogues allows one" valid catalogue "$scratch/catalogue.json"
for recipe in "$scratch"/recipes/*; do
	ok "the schema of recipes allows ${recipe##*/}" valid recipe "$recipe"
done
for kind in fleet graph pipeline plan recipe; do
	# shellcheck disable=SC2016 # these are backticks of scdoc
	sed -n '/^```$/,/^```$/{/^```$/!p}' "$STRATAPACK_SOURCE/docs/man/stratapack-$kind.5.scd" \
		>"$scratch/$kind.example"
	ok "the schema allows the example in stratapack-$kind.5" valid $kind "$scratch/$kind.example"
done

# shellcheck disable=SC2016 # these are backticks of scdoc
sed -n '/^{$/,/^}$/p' "$STRATAPACK_SOURCE/docs/man/stratapack-simulate.1.scd" >"$scratch/updates.json"
ok "the schema of updates allows the example in stratapack-simulate.1" \
	valid updates "$scratch/updates.json"
"$STRATAPACK" simulate --updates "$scratch/updates.json" --seed 1,2 --behind 1,4 --json \
	"graph:$scratch/root/graph.json" >"$scratch/simulation.json"
ok "the schema of simulations allows one" valid simulation "$scratch/simulation.json"

done_testing
