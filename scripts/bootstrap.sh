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
need openssl command -v openssl         # tests make their certificates with it
need nghttp2-proxy command -v nghttpx   # the HTTP/2 server of the tests
need curl command -v curl               # where there is no kubectl, make demo asks the API with it
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
# nghttp2-proxy brings a service that listens on port 3000; the tests start their own process.
if [[ " ${missing[*]} " == *" nghttp2-proxy "* && -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl disable --now nghttpx.service >/dev/null 2>&1 || true
fi
