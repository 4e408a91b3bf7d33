# SPDX-License-Identifier: Apache-2.0
"""What the scripts say where they can not install anything."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def need(tmp_path, os_release, *packages, commands=()):
    release = tmp_path / "os-release"
    release.write_text(os_release)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ["basename", "dirname", *commands]:
        os.symlink(f"/usr/bin/{name}", tools / name)
    script = f'. "{ROOT}/script/lib.sh"; need_packages "$@"; echo went on'
    return subprocess.run(["/bin/bash", "-c", script, "script/x", *packages], capture_output=True, text=True,
                          env={"PATH": str(tools), "OS_RELEASE": str(release)})


def test_another_distribution_is_told_what_is_missing_and_no_more(tmp_path):
    done = need(tmp_path, "ID=fedora\nVERSION_ID=41\n", "dpkg", "ninja-build", "libarchive-dev", "libc6-dev", "tar",
                commands=["tar"])
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.endswith("Missing here: dpkg-deb, ninja, the library libarchive and its headers\n")


def test_another_distribution_with_all_of_it_goes_on(tmp_path):
    done = need(tmp_path, "ID=arch\n", "tar", commands=["tar"])
    assert done.returncode == 0 and done.stdout == "went on\n"


def test_every_package_we_name_can_be_told_elsewhere_or_is_known_not_to():
    script = f'. "{ROOT}/script/lib.sh"; for p in "${{BUILD_PACKAGES[@]}}" "${{DEMO_PACKAGES[@]}}" ' \
             '"${TEST_PACKAGES[@]}" "${FUZZ_PACKAGES[@]}"; do [ -n "${SIGNS[$p]:-}" ] || echo $p; done'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["libc6-dev", "libclang-rt-dev"]
