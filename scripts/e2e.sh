#!/usr/bin/env bash
# Runs the end-to-end tests against a real kube-apiserver and etcd, whose directory KUBEBUILDER_ASSETS names, as for envtest.
#
# EndpointSlices of a real API server refuse loopback addresses, and the simulated vLLM servers need some. So all of it
# runs in a network of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z ${KUBEBUILDER_ASSETS:-} ]]; then
    echo "e2e: not run: KUBEBUILDER_ASSETS does not name a directory with etcd and kube-apiserver"
    exit 0
fi
for name in etcd kube-apiserver; do
    if [[ ! -x $KUBEBUILDER_ASSETS/$name ]]; then
        echo "e2e: there is no program $KUBEBUILDER_ASSETS/$name" >&2
        exit 1
    fi
done
if ! command -v ip >/dev/null; then
    echo "e2e: ip is missing: apt-get install iproute2" >&2
    exit 1
fi

# A directory of the run's own: whatever the tests leave behind, their processes included, ends with it.
work=$(mktemp -d)
# shellcheck disable=SC2329  # called by the trap
clean_up() {
    local directory pid
    for directory in /proc/[0-9]*; do
        pid=${directory#/proc/}
        if tr '\0' ' ' 2>/dev/null <"$directory/cmdline" | grep -qF -- "=$work/"; then kill "$pid" 2>/dev/null || true; fi
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

TMPDIR=$work LORA_OPERATOR_TEST_NETWORK=10.250 scripts/network.sh "$@"
