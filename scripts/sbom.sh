#!/usr/bin/env bash
# Writes what the image consists of as CycloneDX JSON: the Swift packages that were linked (Package.resolved) and the Debian
# packages of the root (dpkg's list, from the cache of scripts/image-root.sh or from a directory).
#
#   scripts/sbom.sh [ROOT] >build/sbom.json
#
# ROOT is a directory with a Debian root, such as an unpacked image. Without any, the Swift packages alone are listed, and a
# line on standard error says so. The same input gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
[[ -f Package.resolved ]] || { echo "sbom: there is no Package.resolved; swift package resolve" >&2; exit 1; }
cache=${LORA_OPERATOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lora-operator}
status=$(mktemp)
trap 'rm -f "$status"' EXIT
if [[ ${1:-} ]]; then
    cat "$1/var/lib/dpkg/status" >"$status"
else
    # The newest one: older recipes of the root leave theirs behind.
    newest=
    for tar in "$cache"/image-root-*.tar; do
        if [[ -f $tar && ( -z $newest || $tar -nt $newest ) ]]; then newest=$tar; fi
    done
    if [[ $newest ]]; then
        tar --extract --to-stdout --file "$newest" ./var/lib/dpkg/status >"$status"
    else
        echo "sbom: without Debian packages: run scripts/image-root.sh first, or name a root" >&2
    fi
fi
# Linked into the binary, from the machine that builds it.
libyaml=$(dpkg-query --show --showformat '${Version}' libyaml-dev 2>/dev/null || true)
version=$(sed -n 's/.*static let version = "\(.*\)"/\1/p' Sources/LoRAOperator/Build.swift)
python3 - "$status" "$version" "$libyaml" <<'PYTHON'
import json, sys

def swift_packages():
    for pin in json.load(open("Package.resolved"))["pins"]:
        state, url = pin["state"], pin["location"].removesuffix(".git")
        version = state.get("version") or state["revision"]
        yield {
            "type": "library", "bom-ref": f"swift:{pin['identity']}@{version}", "name": pin["identity"], "version": version,
            "purl": f"pkg:swift/{url.split('://', 1)[-1]}@{version}",
            "externalReferences": [{"type": "vcs", "url": url}],
            "properties": [{"name": "git:revision", "value": state["revision"]}],
        }

def debian_packages(path):
    for block in open(path, encoding="utf-8").read().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(" "))
        if fields.get("Status") != "install ok installed":
            continue
        name, version, arch = fields["Package"], fields["Version"], fields["Architecture"]
        yield {
            "type": "library", "bom-ref": f"deb:{name}@{version}", "name": name, "version": version,
            "purl": f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}?arch={arch}&distro=debian-12",
        }

def linked(version):
    if not version:
        return []
    return [{
        "type": "library", "bom-ref": f"linked:libyaml@{version}", "name": "libyaml", "version": version,
        "purl": f"pkg:deb/debian/libyaml-dev@{version.replace('+', '%2B')}?distro=debian-12",
        "properties": [{"name": "linkage", "value": "static"}],
    }]

components = sorted([*swift_packages(), *linked(sys.argv[3]), *debian_packages(sys.argv[1])], key=lambda c: c["bom-ref"])
bom = {
    "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
    "metadata": {"component": {
        "type": "application", "bom-ref": "lora-operator", "name": "lora-operator", "version": sys.argv[2]}},
    "components": components,
    "dependencies": [{"ref": "lora-operator", "dependsOn": [c["bom-ref"] for c in components]}],
}
json.dump(bom, sys.stdout, indent=1)
print()
PYTHON
