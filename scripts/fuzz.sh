#!/usr/bin/env bash
# Fuzzes everything that decodes bytes from outside: scripts/fuzz.sh [RUNS], with libFuzzer, from the recorded exchanges on.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-1000000}
corpus=build/fuzz/corpus
rm -rf "$corpus" build/fuzz/found
mkdir -p "$corpus" build/fuzz/found build/fuzz/grown

# Each body once for each reader, the first byte being the reader's number.
number=0
for file in Tests/Fixtures/kubernetes/*.http Tests/Fixtures/vllm/*.http; do
    # What `head` leaves unread ends awk.
    body=$(awk 'blank >= 2 { print } /^\r?$/ { blank++ }' "$file" | tr -d '\0' | head -c 1500) || true
    [[ -n $body ]] || continue
    for reader in '\0' '\1' '\2' '\3' '\4'; do
        number=$((number + 1))
        printf '%b\x7f%s' "$reader" "$body" >"$corpus/$number"
    done
done

printf '\xff\x7f%s' 'current-context: a
clusters: [{name: a, cluster: {server: "https://h", proxy-url: "http://p"}}]
users: [{name: a, user: {token: t, exec: {command: c, args: [x], env: [{name: n, value: v}]}}}]
contexts: [{name: a, context: {cluster: a, user: a, namespace: n}}]' >"$corpus/kubeconfig"

LORA_OPERATOR_FUZZ=1 swift build --product fuzz-decoding --configuration release --scratch-path build/fuzz/swift \
    -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld -Xswiftc -enable-testing -Xlinker --allow-multiple-definition
# As many processes as processors share the corpus that grows; each runs its part.
jobs=$(nproc)
pids=()
for ((job = 0; job < jobs; job++)); do
    build/fuzz/swift/release/fuzz-decoding build/fuzz/grown "$corpus" -runs=$((runs / jobs)) -seed=$((job + 1)) \
        -max_len=1500 -timeout=20 -rss_limit_mb=2048 -reload=30 -artifact_prefix=build/fuzz/found/ -print_final_stats=1 \
        >"build/fuzz/$job.log" 2>&1 &
    pids+=($!)
done
failed=0
for ((job = 0; job < jobs; job++)); do
    wait "${pids[job]}" || failed=1
    grep -E "stat::(number_of_executed_units|average_exec_per_sec)|ERROR|SUMMARY|Fatal" "build/fuzz/$job.log" || true
done
if ((failed)); then
    echo "fuzz: an input ends the program; it is in build/fuzz/found, and what was said in build/fuzz/*.log" >&2
    tail -30 build/fuzz/*.log >&2
    exit 1
fi
