#!/usr/bin/env bash
# Measures the operator on simulated fleets: scripts/bench.sh BENCH OPERATOR [flags of bench-fleet]
#
# A pod's address is no loopback address, so all of it runs in a network of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=$1 operator=$2
shift 2
ulimit -n 65536 2>/dev/null || true
exec scripts/network.sh "$bench" --operator "$operator" "$@"
