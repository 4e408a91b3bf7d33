# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts: where we are, which distribution this is, and installing what is missing.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export ROOT

# clang and llvm compile and strip the programs for the kernel.
BUILD_PACKAGES=(clang gcc libc6-dev llvm meson ninja-build pkg-config libarchive-dev libbpf-dev libcurl4-openssl-dev libisal-dev libjansson-dev
        libseccomp-dev libsqlite3-dev libssl-dev libyaml-dev libzstd-dev)
# The same library under two names: Hyperscan is for x86-64 only, Vectorscan is its port to the others.
case $(uname -m) in
x86_64) BUILD_PACKAGES+=(libhyperscan-dev) ;;
*) BUILD_PACKAGES+=(libvectorscan-dev) ;;
esac
DEMO_PACKAGES=(apt dpkg python3 runc tar)
TEST_PACKAGES=(buildah busybox-static db5.3-util docker.io fish libcmocka-dev mandoc mmdebstrap openssl
        python3-jsonschema python3-pytest python3-yaml rpm shellcheck skopeo zlib1g-dev zsh zstd)
# Engines, in namespaces of the tests' own; what is not there is skipped.
TEST_PACKAGES+=(containerd crun docker-registry podman runc uidmap)
# Kernels of other releases, which are x86-64's, in virtual machines.
if [ "$(uname -m)" = x86_64 ]; then TEST_PACKAGES+=(cpio qemu-system-x86 xz-utils); fi
# Debian 13 keeps Docker's client apart.
# shellcheck disable=SC1090
if [ "$(. "${OS_RELEASE:-/etc/os-release}" 2>/dev/null && echo "${ID:-}-${VERSION_ID:-}")" = debian-13 ]; then TEST_PACKAGES+=(docker-cli); fi
# Plain names: the distribution's own clang, and its runtime (libFuzzer, sanitizers), whatever their versions are.
FUZZ_PACKAGES=(libclang-rt-dev)
FORMAT_PACKAGES=(clang-format)

# How to tell on other distributions whether what a package holds is there: a command, "pc:" and a pkg-config module,
# "py:" and a Python module. Of the rest nothing can be told; the build will.
declare -A SIGNS=([apt]=apt-get [buildah]=buildah [busybox-static]=busybox [containerd]=containerd [cpio]=cpio [crun]=crun [docker-registry]=docker-registry [podman]=podman [qemu-system-x86]=qemu-system-x86_64 [runc]=runc [uidmap]=newuidmap
        [clang]=clang [clang-format]=clang-format [db5.3-util]=db5.3_load [docker.io]=dockerd [dpkg]=dpkg-deb [fish]=fish [gcc]=gcc
        [libarchive-dev]=pc:libarchive [libbpf-dev]=pc:libbpf [libcmocka-dev]=pc:cmocka [libcurl4-openssl-dev]=pc:libcurl [libhyperscan-dev]=pc:libhs [libisal-dev]=pc:libisal
        [libjansson-dev]=pc:jansson [libvectorscan-dev]=pc:libhs
        [libseccomp-dev]=pc:libseccomp [libsqlite3-dev]=pc:sqlite3 [libssl-dev]=pc:libcrypto [libyaml-dev]=pc:yaml-0.1
        [libzstd-dev]=pc:libzstd
        [llvm]=llvm-strip [mandoc]=mandoc [meson]=meson [mmdebstrap]=mmdebstrap [ninja-build]=ninja [openssl]=openssl
        [pkg-config]=pkg-config [python3]=python3
        [python3-jsonschema]=py:jsonschema [python3-pytest]=py:pytest [python3-yaml]=py:yaml
        [rpm]=rpm [runc]=runc [shellcheck]=shellcheck [skopeo]=skopeo [tar]=tar [xz-utils]=xz [zlib1g-dev]=pc:zlib [zsh]=zsh [zstd]=zstd)

say() {
        printf '%s\n' "$*" >&2
}

fail() {
        say "$(basename "$0"): $*"
        exit 2
}

# True on the distributions whose package names we know.
is_supported() {
        local file=${OS_RELEASE:-/etc/os-release} id='' version=''
        # shellcheck disable=SC1090
        [ -r "$file" ] && id=$(. "$file" && echo "${ID:-}") && version=$(. "$file" && echo "${VERSION_ID:-}")
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

# Where dpkg can not be asked: what is not there, in words.
missing_signs() {
        local package sign
        for package in "$@"; do
                sign=${SIGNS[$package]:-}
                case $sign in
                '') ;;
                pc:*) pkg-config --exists "${sign#pc:}" 2>/dev/null || echo "the library ${sign#pc:} and its headers" ;;
                py:*) /usr/bin/python3 -c "import ${sign#py:}" 2>/dev/null || echo "the Python module ${sign#py:}" ;;
                *) command -v "$sign" >/dev/null || echo "$sign" ;;
                esac
        done
}

in_one_line() {
        local text
        text=$(printf '%s, ' "$@")
        echo "${text%, }"
}

# Installs what is missing of the packages named; elsewhere than on the distributions we know it says so and stops.
need_packages() {
        local missing log
        if ! is_supported; then
                mapfile -t missing < <(missing_signs "$@")
                [ ${#missing[@]} = 0 ] || fail "packages are installed on Debian 12, Debian 13 and Ubuntu 24.04 only." \
                        "Missing here: $(in_one_line "${missing[@]}")"
                return 0
        fi
        mapfile -t missing < <(missing_packages "$@")
        [ ${#missing[@]} -gt 0 ] || return 0
        [ "$(id -u)" = 0 ] || fail "missing: $(in_one_line "${missing[@]}"). Run this once as root (sudo)"
        say "Installing: $(in_one_line "${missing[@]}")"
        log=$(mktemp)
        export DEBIAN_FRONTEND=noninteractive
        { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
                { tail -n 30 "$log" >&2; fail "the packages could not be installed; all of what apt said is in $log"; }
        rm -f "$log"
}

BUILD_TARGETS=() # all

# Configures (once) and builds a folder. Usage: build_in FOLDER [MESON-OPTION...]
build_in() {
        local folder=$1
        shift
        [ -f "$folder/build.ninja" ] || meson setup "$folder" "$ROOT" "$@" >"$folder.log" 2>&1 ||
                { cat "$folder.log" >&2; fail "the build could not be configured"; }
        rm -f "$folder.log"
        ninja -C "$folder" "${BUILD_TARGETS[@]}" >"$folder/build.log" 2>&1 || { cat "$folder/build.log" >&2; fail "the build failed"; }
}
