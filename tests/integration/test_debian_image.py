# SPDX-License-Identifier: Apache-2.0
"""An image made of packages: dpkg itself and a scan say the same of it."""
import json
import os
import pathlib
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TALLYMAN = os.path.abspath(os.environ.get("TALLYMAN", "build/tallyman"))
PACKAGES = {  # name: (control fields, paths)
    "base": ("Architecture: all\nVersion: 1:1.0-1\n", ["usr/lib/os-release", "usr/share/doc/base/copyright"]),
    "libx1": ("Architecture: amd64\nMulti-Arch: same\nSource: x (2.0)\nVersion: 2.0+b1\n", ["lib/libx.so.1"]),
    "tool": ("Architecture: amd64\nDepends: libx1\nVersion: 0~rc1\n", ["bin/tool", "etc/tool.conf"]),
    "gone": ("Architecture: all\nVersion: 3\n", ["usr/share/gone/data"]),
}
TRUSTED = {"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}
OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'


def make_deb(folder, name):
    fields, paths = PACKAGES[name]
    root = folder / f"{name}-root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        f"Package: {name}\n{fields}Maintainer: A <a@example.org>\nDescription: a package\n of a test\n")
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(OS_RELEASE if path.endswith("os-release") else f"{path}\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, folder / "debs" / f"{name}.deb"], check=True,
                   stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image")
    (folder / "debs").mkdir()
    for name in PACKAGES:
        make_deb(folder, name)
    subprocess.run([ROOT / "tests/tools/debian_image.py", "--output", folder / "image.tar", "--debs", folder / "debs",
                    "--upper", "tool", "--remove", "gone"], check=True)
    return folder / "image.tar"


def unpacked(image, folder):
    """The root that a container would see; good enough for an image of our own making."""
    with tarfile.open(image) as archive:
        manifest = json.load(archive.extractfile("index.json"))["manifests"][0]
        blob = "blobs/" + manifest["digest"].replace(":", "/")
        for layer in json.load(archive.extractfile(blob))["layers"]:
            with tarfile.open(fileobj=archive.extractfile("blobs/" + layer["digest"].replace(":", "/"))) as tar:
                for member in tar:
                    parent, name = os.path.split(member.name)
                    if name.startswith(".wh."):
                        subprocess.run(["rm", "-r", folder / parent / name[4:]], check=True)
                    else:
                        tar.extract(member, folder, **TRUSTED)
    return folder


def dpkg_says(root):
    fields = ["db:Status-Status", "Package", "Version", "Architecture", "source:Package", "source:Version"]
    form = " ".join("${%s}" % field for field in fields) + "\\n"
    done = subprocess.run(["dpkg-query", "--admindir", root / "var/lib/dpkg", "--show", "--showformat", form],
                          capture_output=True, text=True, check=True)
    assert not done.stderr
    return {tuple(line.split()[1:]) for line in done.stdout.splitlines() if line.startswith("installed ")}


def test_dpkg_takes_the_database_for_its_own(image, tmp_path):
    root = unpacked(image, tmp_path)
    assert {package[0] for package in dpkg_says(root)} == {"base", "libx1", "tool"}
    done = subprocess.run(["dpkg-query", "--admindir", root / "var/lib/dpkg", "--listfiles", "tool"],
                          capture_output=True, text=True, check=True)
    assert {"/bin/tool", "/etc/tool.conf"} <= set(done.stdout.split())
    assert (root / "usr/bin/tool").is_file() and not (root / "usr/share/gone").exists()


@pytest.mark.skipif(not os.path.exists(TALLYMAN), reason="the program is not built")
def test_a_scan_says_what_dpkg_says(image, tmp_path):
    done = subprocess.run([TALLYMAN, "scan", "--format", "json", "--files", "--no-cache", image], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {(p["name"], p["version"], p["arch"], p["source"]["name"], p["source"]["version"])
            for p in report["packages"]} == dpkg_says(unpacked(image, tmp_path))
    assert report["target"]["distribution"]["codename"] == "bookworm"
    layers = [layer["digest"] for layer in report["target"]["layers"]]
    assert {p["name"]: layers.index(p["layer"]) for p in report["packages"]} == {"base": 0, "libx1": 0, "tool": 1}
    owners = {f["path"]: f["package"] for f in report["files"]}
    assert owners["/usr/bin/tool"].startswith("pkg:deb/debian/tool@")
    assert owners["/usr/local/bin/hello"] is None and "/usr/share/gone/data" not in owners
