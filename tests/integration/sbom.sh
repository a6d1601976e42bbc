#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bills of materials: valid, reproducible, and true of the graph and the layers.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root
cd "$scratch" || exit 1

make_store store
cat >debian.json <<'END'
{"stratapackGraph": 1, "roots": ["tool:amd64"], "items": [
	{"id": "tool:amd64", "name": "tool", "version": "1:2.0~rc1+b1", "cause": "tool-source",
		"content": "files", "files": ["/usr/bin/tool"], "references": ["libthing:all"]},
	{"id": "libthing:all", "name": "libthing", "version": "3", "content": "files", "files": ["/usr/lib/thing"]}]}
END
mkdir -p debian/{etc,usr/bin,usr/lib}
echo tool >debian/usr/bin/tool
echo thing >debian/usr/lib/thing
printf 'NAME="x"\nID=debian\nVERSION_ID="13"\n' >debian/etc/os-release

build() { # build NAME OPTION…
	local name=$1
	shift
	"$STRATAPACK" build --no-cache -q -o "oci:$name:tool:1" --sbom spdx-json="$name.spdx.json" \
		--sbom cyclonedx-json="$name.cdx.json" "$@"
}
store=(--graph store/graph.json --root store)
ok "a store's image with both" build store-image "${store[@]}" --created 1700000000
ok "packages" build debian-image --graph debian.json --root debian
ok "an image on a base" build based --base oci:store-image --graph debian.json --root debian
ok "items that are in the base already" build held --base oci:debian-image --base-items all --graph debian.json --root debian --mkdir /new

# --- the official schemas ------------------------------------------------------------------------

schemas=${STRATAPACK_CYCLONEDX_SCHEMAS-$(npm root -g 2>/dev/null)/@cyclonedx/cyclonedx-library/res/schema}
valid_cyclonedx() { # valid_cyclonedx FILE: by the schema of the project
	/usr/bin/python3 - "$schemas" "$1" <<-'END'
		import json, sys
		import jsonschema
		folder, path = sys.argv[1:]
		load = lambda name: json.load(open(f"{folder}/{name}.SNAPSHOT.schema.json"))
		schema = load("bom-1.6")
		store = {each["$id"]: each for each in map(load, ["bom-1.6", "spdx", "jsf-0.82"])}
		resolver = jsonschema.RefResolver(schema["$id"], schema, store=store)
		jsonschema.Draft7Validator(schema, resolver=resolver).validate(json.load(open(path)))
	END
}
for name in store-image debian-image based held; do
	if [ -e "$schemas/bom-1.6.SNAPSHOT.schema.json" ]; then
		ok "$name is valid by the schema of CycloneDX 1.6" valid_cyclonedx "$name.cdx.json"
	else
		skip "$name by the schema of CycloneDX 1.6" "npm's @cyclonedx/cyclonedx-library is not installed"
	fi
	if [ -e "${STRATAPACK_SPDX_SCHEMA-}" ]; then
		ok "$name is valid by the schema of SPDX 2.3" \
			/usr/bin/python3 -m jsonschema -i "$name.spdx.json" "$STRATAPACK_SPDX_SCHEMA"
	else
		skip "$name by the schema of SPDX 2.3" "STRATAPACK_SPDX_SCHEMA names no file"
	fi
	# What schemas cannot say: whatever is referred to is there, once.
	empty "$name: SPDX elements are distinct, and relationships lead to them" "$(jq -r '
		(["SPDXRef-DOCUMENT"] + [.packages[].SPDXID]) as $ids |
		($ids | group_by(.)[] | select(length > 1)),
		([.relationships[] | .spdxElementId, .relatedSpdxElement] - $ids)[]' "$name.spdx.json")"
	empty "$name: SPDX identifiers have the letters that they may have" \
		"$(jq -r '.packages[].SPDXID | select(test("^SPDXRef-[A-Za-z0-9.-]+$") | not)' "$name.spdx.json")"
	empty "$name: CycloneDX references are distinct, and dependencies lead to them" "$(jq -r '
		(["image"] + [.components[]."bom-ref"]) as $ids |
		($ids | group_by(.)[] | select(length > 1)),
		([.dependencies[] | .ref, .dependsOn[]] - $ids)[]' "$name.cdx.json")"
done

# --- what they say -------------------------------------------------------------------------------

is "the time is the image's" "$(jq -r .creationInfo.created store-image.spdx.json) $(jq -r .metadata.timestamp store-image.cdx.json)" \
	"2023-11-14T22:13:20Z 2023-11-14T22:13:20Z"
manifest=$(jq -r '.manifests[0].digest' debian-image/index.json)
is "the digest is the manifest's" "$(jq -r .metadata.component.version debian-image.cdx.json) $(jq -r '
	.packages[] | select(.SPDXID == "SPDXRef-Image-0") | .versionInfo' debian-image.spdx.json)" "$manifest $manifest"
is "packages have the URLs that scanners know" "$(jq -r '.components[] | .purl // empty' debian-image.cdx.json)" \
	"pkg:deb/debian/libthing@3?arch=all&distro=debian-13
pkg:deb/debian/tool@1:2.0~rc1%2Bb1?arch=amd64&distro=debian-13"
is "SPDX has the same" "$(jq -r '.packages[] | .externalRefs[]?.referenceLocator' debian-image.spdx.json)" \
	"$(jq -r '.components[] | .purl // empty' debian-image.cdx.json)"
is "and the source" "$(jq -r '.packages[] | select(.name == "tool" and .sourceInfo).sourceInfo' debian-image.spdx.json)" \
	"built package from: tool-source"
is "items of a store are generic" "$(jq -r '.components[] | select(.name == "bbbbbbbb-hello").purl' store-image.cdx.json)" \
	"pkg:generic/bbbbbbbb-hello@2.0"
# shellcheck disable=SC2016 # these are jq's variables
references='[.items[] | .id as $from | .references[] | select(. != $from) | "\($from) \(.)"] | sort[]'
is "CycloneDX tells the references of the graph" "$(jq -r '
	([.components[] | select(.purl) | {key: ."bom-ref", value: .properties[0].value}] | from_entries) as $item |
	[.dependencies[] | select(.ref != "image") | .ref as $from | .dependsOn[] | "\($item[$from]) \($item[.])"] | sort[]' \
	store-image.cdx.json)" "$(jq -r "$references" store/graph.json)"
is "SPDX too" "$(jq -r '
	([.packages[] | select(.externalRefs) | {key: .SPDXID, value: .comment}] | from_entries) as $item |
	[.relationships[] | select(.relationshipType == "DEPENDS_ON") |
		"\($item[.spdxElementId]) \($item[.relatedSpdxElement])"] | sort[]' store-image.spdx.json)" \
	"$(jq -r "$references" store/graph.json)"
"$STRATAPACK" build --no-cache --describe "${store[@]}" --created 1700000000 >described.json
is "layers contain what they contain" "$(jq -r '
	([.packages[] | {key: .SPDXID, value: (if .externalRefs then .comment else .name end)}] | from_entries) as $name |
	[.relationships[] | select(.relationshipType == "CONTAINS" and (.spdxElementId | startswith("SPDXRef-Layer"))) |
		"\($name[.spdxElementId]) \($name[.relatedSpdxElement])"] | sort[]' store-image.spdx.json)" \
	"$(jq -r '[.layers[] | .digest as $digest | .items[] | "\($digest) \(.)"] | sort[]' described.json)"
is "an image without a base has no ancestor" "$(jq '.metadata.component.pedigree' debian-image.cdx.json)" null
# The chain ID, worked out by others: umoci and the specification say how.
chain=
for id in $(jq -r '.layers[].diffId' described.json); do
	chain=${chain:+sha256:$(printf '%s %s' "$chain" "$id" | sha256sum | cut -d' ' -f1)}
	chain=${chain:-$id}
done
is "the base is the ancestor" "$(jq -r '.metadata.component.pedigree.ancestors[].version' based.cdx.json) $(jq -r '
	.packages[] | select(.SPDXID == "SPDXRef-Base-0").versionInfo' based.spdx.json)" "$chain $chain"
is "and holds the items that are in it" "$(jq -r '[.components[] | .properties[]? | select(.name == "stratapack:layer").value] |
	unique[]' held.cdx.json)" base

# --- the same bytes ------------------------------------------------------------------------------

for mask in 022 077; do
	mkdir -p again
	# shellcheck disable=SC2016
	ok "build again, with umask $mask" sh -c 'umask $1; shift; TZ=Asia/Tokyo exec "$@"' sh "$mask" \
		"$STRATAPACK" build --no-cache -q -o oci:again/image:tool:1 --threads 1 "${store[@]}" \
		--created 1700000000 --sbom spdx-json=again/spdx --sbom cyclonedx-json=again/cdx
	ok "the same SPDX" cmp again/spdx store-image.spdx.json
	ok "the same CycloneDX" cmp again/cdx store-image.cdx.json
	rm -r again
done
not "another graph has another identifier" [ "$(jq .documentNamespace based.spdx.json)" = "$(jq .documentNamespace held.spdx.json)" ]
ok "without an image written" "$STRATAPACK" build --no-cache --describe "${store[@]}" --sbom spdx-json=described.spdx
is "there is one, too" "$(jq -r '.spdxVersion' described.spdx)" SPDX-2.3

# --- wrong use, and nothing half-written ---------------------------------------------------------

fails_with 2 "spdx-json=FILE" "an unknown format" build wrong "${store[@]}" --sbom spdx=x
fails_with 2 "two files for spdx-json" "two files" build wrong "${store[@]}" --sbom spdx-json=x
fails_with 1 "nowhere" "a place that is not there" \
	"$STRATAPACK" build --no-cache -q "${store[@]}" -o oci:unmade --sbom spdx-json=nowhere/x
not "and no image" [ -e unmade ]
fails_with 1 "gone" "an item that is not there" "$STRATAPACK" build --no-cache -q --graph store/graph.json --root gone \
	-o oci:unmade --sbom spdx-json=unmade.json
not "and no bill of materials" [ -e unmade.json ]

done_testing
