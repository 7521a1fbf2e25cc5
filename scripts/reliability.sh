#!/usr/bin/env bash
# Checks docs/reliability.md: each requirement from 1 to 190 has one row, and each test named there exists.
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
tests=$(grep -rhoE 'func `[^`]+`' Tests --include='*.swift' | sed 's/^func //')
while IFS= read -r name; do
    if ! grep -qxF -- "$name" <<<"$tests"; then
        echo "$page: there is no test $name"
        failed=1
    fi
done < <(grep -E '^\| [0-9]+ \|' "$page" | cut -d'|' -f4- | grep -oE '`[^`]+`' | sort -u)
exit "$failed"
