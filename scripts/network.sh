#!/usr/bin/env bash
# Runs a command in a network namespace of its own, whose loopback device answers 10.250.0.0/16 as well: nothing leaves it.
# scripts/network.sh COMMAND [ARGUMENTS]
set -euo pipefail
namespace=(unshare --net)
((EUID == 0)) || namespace=(unshare --user --map-root-user --net)
# shellcheck disable=SC2016  # expanded in there
exec "${namespace[@]}" bash -c '
    ip link set lo up
    ip address add 10.250.0.1/16 dev lo
    exec "$@"' bash "$@"
