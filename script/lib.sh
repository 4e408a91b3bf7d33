# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts: where we are, which distribution this is, and installing what is missing.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export ROOT

BUILD_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config libarchive-dev libisal-dev libjansson-dev libseccomp-dev
        libsqlite3-dev libssl-dev libzstd-dev)
TEST_PACKAGES=(db5.3-util libcmocka-dev python3-pytest rpm shellcheck zlib1g-dev zstd)

say() {
        printf '%s\n' "$*" >&2
}

fail() {
        say "$(basename "$0"): $*"
        exit 2
}

# True on the distributions whose package names we know.
is_supported() {
        local id='' version=''
        # shellcheck disable=SC1091
        [ -r /etc/os-release ] && id=$(. /etc/os-release && echo "${ID:-}") && version=$(. /etc/os-release && echo "${VERSION_ID:-}")
        case "$id-$version" in
        debian-12 | debian-13 | ubuntu-24.04) return 0 ;;
        esac
        return 1
}

missing_packages() {
        local package
        for package in "$@"; do
                [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
        done
}

# Installs what is missing of the packages named.
need_packages() {
        local missing
        if ! is_supported; then
                fail "this works on Debian 12, Debian 13 and Ubuntu 24.04. Elsewhere install what these packages hold: $*"
        fi
        missing=$(missing_packages "$@")
        [ -n "$missing" ] || return 0
        [ "$(id -u)" = 0 ] || fail "missing: $(echo "$missing" | tr '\n' ' '). Run this once as root (sudo) to install them"
        say "Installing: $(echo "$missing" | tr '\n' ' ')"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq >&2 || fail "apt-get update failed"
        # shellcheck disable=SC2086
        apt-get install -y -qq --no-install-recommends $missing >/dev/null || fail "apt-get install failed"
}

# Configures (once) and builds a folder. Usage: build_in FOLDER [MESON-OPTION...]
build_in() {
        local folder=$1
        shift
        [ -f "$folder/build.ninja" ] || meson setup "$folder" "$ROOT" "$@" >"$folder.log" 2>&1 ||
                { cat "$folder.log" >&2; fail "the build could not be configured"; }
        rm -f "$folder.log"
        ninja -C "$folder" >"$folder/build.log" 2>&1 || { cat "$folder/build.log" >&2; fail "the build failed"; }
}
