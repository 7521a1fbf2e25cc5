#!/usr/bin/env bash
# Checks what the compiler does not: format, file length, words that break determinism or may trap, YAML, Dockerfile, scripts,
# and whether the planted bugs still apply.
# Prints every finding as `file:line: what and why`, and exits 1 if there is any. Takes seconds.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
failed=0

swift format lint --strict --parallel --recursive Package.swift Sources Tests || failed=1

find Sources -name '*.swift' -print0 | sort -z | xargs -0 awk -f scripts/lint.awk || failed=1

# Tools that not everybody has: used where they are, named where they are not, and missed only where CI runs.
run_if_present() { # tool, arguments
    if "$1" --version >/dev/null 2>&1; then
        "$@" || failed=1
    else
        echo "lint: $1 skipped: not installed"
        [[ ${CI:-} != true ]] || failed=1
    fi
}
scripts/reliability.sh || failed=1
for bug in Tests/PlantedBugs/*.patch; do
    git apply --check "$bug" || { echo "$bug:1: does not apply any more"; failed=1; }
done
run_if_present yamllint --strict --format parsable .
run_if_present hadolint Dockerfile
run_if_present shellcheck scripts/*.sh .ci/run

((failed)) || echo "lint: clean"
exit "$failed"
