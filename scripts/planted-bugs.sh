#!/usr/bin/env bash
# Plants each bug of Tests/PlantedBugs in a copy of the tree, one at a time, and runs seeds until the simulation notices:
# scripts/planted-bugs.sh [NAME...]. Prints "name | seed | invariant" for each; fails if one is not noticed.
# A patch may begin with `scenario: NAME`; stories are told with a kill at each effect.
#
# SEEDS: how many seeds a bug may survive (2000). PLANTED_BUGS: where the copy and its build are kept.
set -euo pipefail
cd "$(dirname "$0")/.."

SEEDS=${SEEDS:-2000}
place=${PLANTED_BUGS:-build/planted-bugs}
patches=$PWD/Tests/PlantedBugs
mkdir -p "$place"
place=$(cd "$place" && pwd)
tree=$place/tree

# Times are kept, so that what did not change since the last run is not built again.
rm -rf "$tree"
mkdir -p "$tree"
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    if [[ -f $file ]]; then printf '%s\0' "$file"; fi
done | tar --null --files-from=- --create | tar --extract --directory="$tree"

names=("$@")
if ((${#names[@]} == 0)); then
    for patch in "$patches"/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi
survivors=0
for name in "${names[@]}"; do
    patch=$patches/$name.patch
    scenario=$(sed -n 's/^scenario: //p' "$patch")
    if ! (cd "$tree" && patch --strip=1 --silent --no-backup-if-mismatch <"$patch"); then
        echo "$name: the patch does not apply any more" >&2
        exit 2
    fi
    (cd "$tree" && swift build --product simulate-operator --configuration release --static-swift-stdlib \
        --scratch-path "$place/build") >"$place/$name.log" 2>&1 || { tail -20 "$place/$name.log" >&2; exit 2; }
    arguments=(--scenario "${scenario:-operator}" --seeds "$SEEDS")
    if [[ $scenario == stories ]]; then arguments=(--scenario stories --seeds 25 --crash all); fi
    SWIFT_DETERMINISTIC_HASHING=1 "$place/build/release/simulate-operator" "${arguments[@]}" >"$place/$name.log" || true
    caught=$(awk '/^seed [0-9]+(, killed at effect [^ ]+)? failed:/ { seed = $2 + 0; getline; sub(/^ */, ""); sub(/:.*/, ""); print seed " | " $0; exit }' \
        "$place/$name.log")
    if [[ -z $caught ]]; then
        caught="not noticed in $SEEDS seeds | -"
        survivors=$((survivors + 1))
    fi
    echo "$name | $caught"
    (cd "$tree" && patch --strip=1 --silent --reverse --no-backup-if-mismatch <"$patch")
done
((survivors == 0))
