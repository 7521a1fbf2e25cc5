#!/usr/bin/env bash
# Measures the operator on simulated fleets: scripts/bench.sh BENCH OPERATOR [flags of bench-fleet]
#
# A pod's address is no loopback address, so all of it runs in a network namespace of its own, whose loopback device
# answers 10.250.0.0/16 as well: nothing leaves it.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=$1 operator=$2
shift 2
namespace=(unshare --net)
((EUID == 0)) || namespace=(unshare --user --map-root-user --net)
ulimit -n 65536 2>/dev/null || true
# shellcheck disable=SC2016  # expanded in there
exec "${namespace[@]}" bash -c '
    ip link set lo up
    ip address add 10.250.0.1/16 dev lo
    exec "$@"' bash "$bench" --operator "$operator" "$@"
