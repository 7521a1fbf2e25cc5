#!/usr/bin/env bash
# Installs what building and testing need beyond Swift and make, on Debian or Ubuntu. Silent and instant when all of it is there.
set -euo pipefail

missing=()
need() { # package, then a command that succeeds once the package is there
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}
has_curl_headers() { compgen -G '/usr/include/curl/curl.h' || compgen -G '/usr/include/*/curl/curl.h'; }

need git command -v git
need pkg-config command -v pkg-config
need libcurl4-openssl-dev has_curl_headers
need libyaml-dev test -e /usr/include/yaml.h
need openssl command -v openssl         # tests make their certificates with it
need nghttp2-proxy command -v nghttpx   # the HTTP/2 server of the tests
need curl command -v curl               # where there is no kubectl, make demo asks the API with it
need prometheus command -v promtool     # the tests let it judge metrics and alert rules
need lua5.1 command -v lua5.1           # Argo CD's dialect, for its health check
need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
((${#missing[@]})) || exit 0

if ! command -v apt-get >/dev/null; then
    echo "bootstrap: please install what these Debian packages hold, and try again: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "bootstrap: run as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "bootstrap: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
}
# A fresh image has no package lists, an old one has stale ones.
update() { "${as_root[@]}" apt-get update --quiet; }
if ! { install || { update && install; }; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
# Some packages bring services that listen; the tests start processes of their own.
stop() { # package, service
    if [[ " ${missing[*]} " == *" $1 "* && -d /run/systemd/system ]]; then
        "${as_root[@]}" systemctl disable --now "$2" >/dev/null 2>&1 || true
    fi
}
stop nghttp2-proxy nghttpx.service
stop prometheus prometheus.service
