#!/usr/bin/env bash
# Checks docs/reliability.md and docs/faults.md: each requirement and each fault has one row, and each test and simulation
# named there exists.
# shellcheck disable=SC2016  # the backticks are those of Swift and Markdown
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=0
tests=$(grep -rhoE 'func `[^`]+`' Tests --include='*.swift' | sed 's/^func //')
scenarios=$(grep -rhoE 'name(: String)? = "[a-z]+"' Sources/OperatorSimulation | grep -oE '"[a-z]+"' | tr -d '"')

has_row() { # page, id, what it is
    local rows
    rows=$(grep -c "^| $2 |" "$1")
    if ((rows != 1)); then
        echo "$1: $3 $2 has $rows rows; write one"
        failed=1
    fi
}

names_exist() { # page, pattern of an id
    local name
    while IFS= read -r name; do
        if ! grep -qxF -- "$name" <<<"$tests"; then
            echo "$1: there is no test $name"
            failed=1
        fi
    done < <(grep -E "^\| $2 \|" "$1" | cut -d'|' -f4- | grep -oE '`[^`]+`' | sort -u)
    while IFS= read -r name; do
        if ! grep -qxF -- "$name" <<<"$scenarios"; then
            echo "$1: there is no simulation $name"
            failed=1
        fi
    done < <(grep -E "^\| $2 \|" "$1" | grep -oE 'simulation \*[^*]+\*' | sed 's/.*\*\(.*\)\*/\1/' | sort -u)
    # A row shows something: a test, a simulation or a reason in words.
    while IFS= read -r name; do
        echo "$1: $name shows nothing and gives no reason"
        failed=1
    done < <(grep -E "^\| $2 \|.*\|[ ]*\|$" "$1" | cut -d'|' -f2)
}

for number in $(seq 1 190); do has_row docs/reliability.md "$number" requirement; done
names_exist docs/reliability.md '[0-9]+'
for kind in A:40 N:18 V:46 O:20 U:26; do
    for number in $(seq 1 "${kind#*:}"); do has_row docs/faults.md "${kind%:*}$number" fault; done
done
names_exist docs/faults.md '[ANVOU][0-9]+'
exit "$failed"
