#!/usr/bin/env bash
# The story of one adapter on three simulated servers: loaded, lost, kept in mind, repaired, unloaded.
# Uses kubectl where there is one, else curl. Exits non-zero where a step did not happen.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "building lora-operator (minutes the first time)"
[[ -n ${BINARY:-} ]] || ${SWIFT:-swift} build --quiet --product lora-operator --explicit-target-dependency-import-check error
binary=${BINARY:-$(${SWIFT:-swift} build --show-bin-path)/lora-operator}
work=$(mktemp -d)
pid=""
watcher=""
# shellcheck disable=SC2329  # called by the trap
clean_up() {
    for process in $watcher $pid; do
        kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

adapters=/apis/lora-operator.dev/v1alpha1/namespaces/default/loraadapters
have_kubectl=false
if command -v kubectl >/dev/null; then have_kubectl=true; fi

# kubectl's --raw takes the whole path, the prefix of the server's URL included.
get() { # path
    if $have_kubectl; then kubectl get --raw "$prefix$1" 2>/dev/null; else curl -fsSN "$server$1" 2>/dev/null; fi
}
simulator() { # server, verb
    if $have_kubectl; then
        kubectl create --raw "$prefix/simulator/$1/$2" -f <(echo '{}') >/dev/null
    else
        curl -fsS -X POST "$server/simulator/$1/$2" >/dev/null
    fi
}
field() { # name of a text field of status
    get "$adapters/sql" | grep -o "\"$1\":\"[^\"]*\"" | tail -1 | cut -d'"' -f4
}
unreachable() {
    get "$adapters/sql" | grep -o '"status":"[^"]*","type":"Unreachable"' | cut -d'"' -f4
}
show() {
    if $have_kubectl; then
        kubectl get loraadapters 2>/dev/null | sed 's/^/    /'
    else
        echo "    phase $(field phase), ready $(field ready), id $(field id), root $(field root)"
    fi
}
step=0
tell() {
    step=$((step + 1))
    printf '\n%d. %s\n' "$step" "$*"
}
until_true() { # what is awaited, command and arguments
    local what=$1 began=$SECONDS
    shift
    until "$@"; do
        if ((SECONDS - began > 20)); then
            printf '\ndemo: did not happen: %s\n' "$what" >&2
            show >&2
            exit 1
        fi
        sleep 0.1
    done
    echo "    $what"
}
phase_is() { [[ $(field phase) == "$1" ]]; }
ready_is() { [[ $(field ready) == "$1" ]]; }
saw_phases() { [[ $(phases) == "Pending → Loading → Ready" ]]; }
is_ready() { phase_is Ready && ready_is 3/3; }
is_degraded() { phase_is Degraded && [[ $(unreachable) == True ]]; }
is_kept() { [[ $(field id) == sql && $(field root) == /adapters/sql-v3 && -n $(field parent) ]]; }
holds() { get "/simulator/$1" | grep -q '"path":"/adapters/sql-v3"'; }
holds_nothing() { get "/simulator/$1" | grep -qF '"adapters":[]'; }
is_gone() { ! get "$adapters/sql" >/dev/null; }

"$binary" local --simulate 3 --probe-interval 1s --log-level warning \
    --write-kubeconfig "$work/kubeconfig" >"$work/output" &
pid=$!
export KUBECONFIG=$work/kubeconfig
until_file() { [[ -s $KUBECONFIG ]] || { kill -0 "$pid" 2>/dev/null || exit 1; false; }; }
until_true "three simulated vLLM servers run, and a Kubernetes API on loopback" until_file
server=$(sed -n 's/.*server: "\(.*\)".*/\1/p' "$KUBECONFIG")
prefix=/${server##*/}

tell "Apply examples/sql-adapter.yaml: every server behind the Service vllm shall serve the adapter sql."
get "$adapters?watch=true" >"$work/watch" &
watcher=$!
if $have_kubectl; then
    kubectl apply -f examples/sql-adapter.yaml | sed 's/^/    /'
else
    curl -fsS -X PATCH -H 'Content-Type: application/apply-patch+yaml' --data-binary @examples/sql-adapter.yaml \
        "$server$adapters/sql?fieldManager=demo" >/dev/null
fi
until_true "loaded, and read back from each of the three" is_ready
phases() { grep -o '"phase":"[^"]*"' "$work/watch" | cut -d'"' -f4 | uniq | paste -sd' ' | sed 's/ / → /g'; }
until_true "the phases on the way: Pending → Loading → Ready" saw_phases
show

tell "The server vllm-1 stops answering. Offline is not deleted: nothing is taken away from what is known."
simulator vllm-1 stop
until_true "the phase is Degraded, the condition Unreachable is True" is_degraded
until_true "id, parent and root are kept" is_kept
show

tell "It answers again, with what it had."
simulator vllm-1 start
until_true "Ready on 3/3" is_ready
show

tell "The server vllm-2 restarts, and has forgotten every adapter, as vLLM does."
simulator vllm-2 restart
until_true "the adapter was loaded again on vllm-2" holds vllm-2
until_true "Ready on 3/3" is_ready
show

tell "Delete the adapter."
if $have_kubectl; then
    kubectl delete loraadapter sql 2>/dev/null | sed 's/^/    /'
else
    curl -fsS -X DELETE "$server$adapters/sql" >/dev/null
fi
until_true "the object is gone" is_gone
for name in vllm-0 vllm-1 vllm-2; do until_true "unloaded from $name" holds_nothing "$name"; done

if [[ -t 0 && -t 1 ]]; then
    cat <<END

The servers and the operator stay up until you press Ctrl-C. In another terminal:

    export KUBECONFIG=$KUBECONFIG
    kubectl apply -f examples/sql-adapter.yaml
    kubectl get loraadapters --watch
    kubectl describe loraadapter sql

END
    wait "$pid"
else
    printf '\ndemo: all of it happened\n'
fi
