#!/usr/bin/env bash
# Runs the release binary in a Debian root that holds what the last stage of the Dockerfile installs and nothing else: as
# nobody, read-only, in a network of its own. Prints sizes and memory, and writes them to build/image-root.json.
#
#   scripts/image-root.sh build/release/release/lora-operator
#
# The bare root is kept in $LORA_OPERATOR_CACHE (~/.cache/lora-operator), since debootstrap takes a minute. Where there can
# be none, the last line says why: "image-root: not run: …".
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${LORA_OPERATOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lora-operator}
suite=bookworm

fail() { echo "image-root: $*" >&2; exit 1; }
not_run() { echo "image-root: not run: $*"; exit; }

# What the Dockerfile says, after its last FROM.
last_stage() { awk '/^FROM /{text=""} {text = text $0 "\n"} END {printf "%s", text}' Dockerfile; }
[[ $(last_stage | head -1) == "FROM debian:$suite-slim" ]] || fail "the last stage of the Dockerfile is not debian:$suite-slim"
read -ra pins < <(last_stage | sed -n 's/.*apt-get install --yes --no-install-recommends \([^\\]*\).*/\1/p')
((${#pins[@]})) || fail "the last stage of the Dockerfile installs nothing"
user=$(last_stage | sed -n 's/^USER //p')
install=(apt-get install --yes --no-install-recommends "${pins[@]}")

# The build stage has to find all that Package.swift names among what is copied into it.
check_context() {
    local context=$work/context entry
    mkdir -p "$context"
    while read -r entry; do
        [[ $entry == "!"* ]] || continue
        # shellcheck disable=SC2086  # a pattern
        cp --archive --target-directory="$context" ${entry#!} 2>/dev/null || fail ".dockerignore names $entry, which is not there"
    done <.dockerignore
    rm -rf "$context/Tests/Fixtures"
    for entry in "$context"/*; do
        entry=${entry##*/}
        [[ $entry == Package.* ]] || grep -qx "COPY $entry $entry" Dockerfile || rm -rf "${context:?}/$entry"
    done
    local dangling
    dangling=$(find "$context/Sources" -xtype l)
    [[ -z $dangling ]] || fail "a link leads out of what the Dockerfile copies: $dangling"
    swift package --package-path "$context" --scratch-path "$work/scratch" --disable-dependency-cache dump-package >"$work/package.json" ||
        fail "the package does not load from what the Dockerfile copies"
    python3 - "$work/package.json" "$context" <<'PYTHON' || fail "a target has no directory among what the Dockerfile copies"
import json, os, sys
package, context = json.load(open(sys.argv[1])), sys.argv[2]
missing = 0
for target in package["targets"]:
    path = target.get("path") or ("Tests/" if target["type"] == "test" else "Sources/") + target["name"]
    if not os.path.isdir(os.path.join(context, path)):
        print(target["name"], "needs", path, file=sys.stderr)
        missing = 1
sys.exit(missing)
PYTHON
}

# A root like that of debian:bookworm-slim with the packages.
make_root() { # directory
    local key tar
    key=$({ cat Dockerfile scripts/image-root.sh; date +%Y-%m; } | sha256sum | cut -c1-12)
    tar=$cache/image-root-$key.tar
    if [[ ! -f $tar ]]; then
        command -v debootstrap >/dev/null || install_debootstrap || not_run "debootstrap cannot be installed"
        mkdir -p "$cache"
        echo "image-root: debootstrap $suite, then: ${install[*]}"
        if ! debootstrap --variant=minbase "$suite" "$work/debian" >"$work/debootstrap.log" 2>&1; then
            tail -3 "$work/debootstrap.log"
            not_run "debootstrap could not get the packages"
        fi
        # The image has these sources too.
        printf 'deb http://deb.debian.org/%s main\n' "debian $suite" "debian $suite-updates" \
            "debian-security $suite-security" >"$work/debian/etc/apt/sources.list"
        cp /etc/resolv.conf "$work/debian/etc/resolv.conf"
        chroot "$work/debian" apt-get update --quiet >"$work/apt.log" 2>&1 || not_run "Debian's lists cannot be had"
        chroot "$work/debian" env DEBIAN_FRONTEND=noninteractive "${install[@]}" >"$work/apt.log" 2>&1 ||
            { tail -3 "$work/apt.log"; fail "${install[*]}: does not install on $suite"; }
        # The slim image leaves these out too.
        rm -rf "$work"/debian/{var/cache/apt,var/lib/apt/lists,usr/share/{doc,man,info,locale,lintian},var/log,debootstrap}/*
        tar --create --file "$tar.$$" --directory "$work/debian" .
        mv "$tar.$$" "$tar"
        rm -rf "$work/debian"
    fi
    mkdir -p "$1"
    tar --extract --file "$tar" --directory "$1"
}

install_debootstrap() {
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends debootstrap >/dev/null 2>&1 ||
        { apt-get update --quiet >/dev/null 2>&1 &&
            DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends debootstrap >/dev/null 2>&1; }
}

check_versions() { # the installed version of each package is one that the Dockerfile's pin allows
    local pin name version
    for pin in "${pins[@]}"; do
        name=${pin%%=*}
        version=$(chroot "$root" dpkg-query --show "$name" | cut -f2) && [[ $version ]] || fail "$name is not installed"
        # shellcheck disable=SC2053  # a pattern
        [[ $pin == "$name" || $version == ${pin#*=} ]] || fail "$name is $version, the Dockerfile pins ${pin#*=}"
        echo "image-root: $name $version"
    done
}

# ---- inside of the namespaces ----

# For a process of its own: behind it, $! is the program itself.
start() { exec chroot --userspec="$user" "$root" /usr/bin/env -i PATH=/usr/local/bin HOME=/nowhere "$@"; }
in_root() { (start "$@"); }

wait_for() { # seconds, what, command
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || { tail --lines=5 --verbose "$work"/*.log >&2; fail "no $what in time"; }
        sleep 0.2
    done
}

get() { curl --silent --fail --max-time 5 "$@"; }
adapter_is_ready() { # URL of the API
    get "$1/apis/lora-operator.dev/v1alpha1/namespaces/default/loraadapters/sql" |
        python3 -c 'import json,sys; o=json.load(sys.stdin)["status"]; sys.exit(not (o["phase"]=="Ready" and o["ready"]=="3/3"))'
}
api_of() { sed -n 's/.*server: *"\{0,1\}\(http[^" ,}]*\).*/\1/p' "$1" | head -1; }
memory() { awk -v key="$2:" '$1 == key {printf "%.1f", $2 / 1024}' "/proc/$1/smaps_rollup"; }

inside() {
    ip link set lo up
    mount --bind "$root" "$root"
    mount --bind /dev "$root/dev"
    mount --types proc proc "$root/proc"
    mount --types proc proc /proc
    mount --options remount,bind,ro "$root"
    # `run` writes nothing; `local` writes a kubeconfig where it is told to.
    mount --types tmpfs --options mode=1777 tmpfs "$root/mnt"
    in_root touch /usr/local/bin/x 2>/dev/null && fail "the root is not read-only"

    in_root lora-operator --version
    mkdir "$root/mnt/adapters"
    cp examples/sql-adapter.yaml "$root/mnt/adapters"

    # An adapter gets Ready on simulated servers of its own process.
    start lora-operator local --simulate 3 --manifests /mnt/adapters --write-kubeconfig /mnt/a >"$work/local.log" 2>&1 &
    local local=$!
    wait_for 30 "kubeconfig" test -s "$root/mnt/a"
    wait_for 60 "Ready adapter on lora-operator local --simulate 3" adapter_is_ready "$(api_of "$root/mnt/a")"
    echo "image-root: lora-operator local --simulate 3: sql is Ready 3/3"
    kill "$local"
    wait "$local" || fail "local did not end well"

    # And on servers of another process, over sockets.
    start lora-operator simulate --count 3 --port 8000 >"$work/simulate.log" 2>&1 &
    wait_for 30 "simulated servers" get http://127.0.0.1:8002/v1/models
    start lora-operator local --manifests /mnt/adapters --write-kubeconfig /mnt/b \
        --vllm http://127.0.0.1:8000 --vllm http://127.0.0.1:8001 --vllm http://127.0.0.1:8002 >"$work/vllm.log" 2>&1 &
    wait_for 30 "kubeconfig" test -s "$root/mnt/b"
    wait_for 60 "Ready adapter on lora-operator simulate" adapter_is_ready "$(api_of "$root/mnt/b")"
    get http://127.0.0.1:8001/v1/models | grep --quiet '"sql"' || fail "the simulated server does not list the adapter"
    echo "image-root: lora-operator local against lora-operator simulate: sql is Ready 3/3"

    # Idle: `run` on an API server without anything to do.
    start lora-operator local --simulate 1 --write-kubeconfig /mnt/c >"$work/empty.log" 2>&1 &
    wait_for 30 "kubeconfig" test -s "$root/mnt/c"
    start lora-operator run --kubeconfig /mnt/c --leader-elect --leader-elect-resource-namespace default \
        >"$work/run.log" 2>&1 &
    local pid=$!
    wait_for 30 "readiness" get http://127.0.0.1:8081/readyz
    get http://127.0.0.1:8080/metrics | grep --quiet 'leader_election_master_status{name="lora-operator"} 1' ||
        wait_for 30 "leader" sh -c 'curl -s http://127.0.0.1:8080/metrics | grep -q "leader_election_master_status.* 1$"'
    sleep 60
    local rss pss
    rss=$(memory "$pid" Rss)
    pss=$(memory "$pid" Pss)
    [[ ${SMAPS:-} ]] && cp "/proc/$pid/smaps" "$SMAPS"
    local threads
    threads=$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)
    local size root_size
    size=$(stat --format %s "$root/usr/local/bin/lora-operator")
    root_size=$(du --summarize --bytes --one-file-system --exclude=proc --exclude=dev "$root" | cut -f1)
    awk -v binary="$size" -v root="$root_size" -v rss="$rss" -v pss="$pss" -v threads="$threads" 'BEGIN {
        printf "{\"binaryMiB\": %.1f, \"imageRootMiB\": %.1f, \"idleRSSMiB\": %.1f, \"idlePSSMiB\": %.1f, \"threads\": %d}\n",
            binary / 1048576, root / 1048576, rss, pss, threads }' | tee "$work/figures.json"
    awk -v rss="$rss" 'BEGIN { exit rss > 30 }' || fail "idle memory is $rss MiB, which should be at most 30; find what grew"
}

if [[ ${1:-} == --inside ]]; then
    work=$2 root=$2/root
    inside
    exit
fi

binary=$(realpath "${1:-build/release/release/lora-operator}")
[[ -x $binary ]] || fail "there is no $binary; make release"
((EUID == 0)) || not_run "it takes root to change the root directory"
unshare --net --mount --pid --fork true 2>/dev/null || not_run "unshare is not allowed here"
for tool in curl python3 ip; do command -v "$tool" >/dev/null || not_run "$tool is not installed"; done

work=$(mktemp --directory)
trap 'rm -rf --one-file-system "$work"' EXIT
began=$SECONDS
check_context
root=$work/root
make_root "$root"
check_versions
install -D "$binary" "$root/usr/local/bin/lora-operator"
strip "$root/usr/local/bin/lora-operator"
unshare --net --mount --pid --fork --kill-child "$0" --inside "$work"
mkdir -p build
cp "$work/figures.json" build/image-root.json
echo "image-root: passed in $((SECONDS - began)) s"
