#!/usr/bin/env bash
# Checks docs/reliability.md and docs/faults.md: each requirement and each fault has one row, and each test named there exists.
# shellcheck disable=SC2016  # the backticks are those of Swift and Markdown
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
page=docs/reliability.md
failed=0
for number in $(seq 1 190); do
    rows=$(grep -c "^| $number |" "$page")
    if ((rows != 1)); then
        echo "$page: requirement $number has $rows rows; write one"
        failed=1
    fi
done
faults=docs/faults.md
for row in V{1..46} O{1..20} U{1..26}; do
    rows=$(grep -c "^| $row |" "$faults")
    if ((rows != 1)); then
        echo "$faults: row $row is there $rows times; write one"
        failed=1
    fi
done
tests=$(grep -rhoE 'func `[^`]+`' Tests --include='*.swift' | sed 's/^func //')
for file in "$page" "$faults"; do
    while IFS= read -r name; do
        if ! grep -qxF -- "$name" <<<"$tests"; then
            echo "$file: there is no test $name"
            failed=1
        fi
    done < <(grep -E '^\| [VOU]?[0-9]+ \|' "$file" | cut -d'|' -f4- | grep -oE '`[^`]+`' | sort -u)
done
exit "$failed"
