# SPDX-License-Identifier: Apache-2.0
"""Images of real distributions, made on the spot: what the scan says agrees with what the distribution itself says.

They are kept in TALLYMAN_TEST_CACHE (default build-tests/), since making them takes most of the time.
"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

from scanning import DONE, ROOT, make, scan

CACHE = pathlib.Path(os.environ.get("TALLYMAN_TEST_CACHE", ROOT / "build-tests"))
DEBIAN = ("http://deb.debian.org/debian", "main", "/usr/share/keyrings/debian-archive-keyring.gpg")
UBUNTU = ("http://archive.ubuntu.com/ubuntu", "main", "/usr/share/keyrings/ubuntu-archive-keyring.gpg")
RELEASES = {
    "bullseye": (DEBIAN, "debian", "11", "2026-08-31"),
    "bookworm": (DEBIAN, "debian", "12", "2028-06-30"),
    "trixie": (DEBIAN, "debian", "13", "2030-06-30"),
    "noble": (UBUNTU, "ubuntu", "24.04", "2029-05-31"),
}


def bootstrap(suite):
    (mirror, components, keyring), *_ = RELEASES[suite]
    path = CACHE / f"{suite}.tar"
    if path.exists():
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    # Without the distribution's keys here the image is only data to be read, and is made all the same.
    trust = "" if os.path.exists(keyring) else "[trusted=yes] "
    aside = CACHE / f"{suite}.part.tar"
    made = subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", suite, aside, f"deb {trust}{mirror} {suite} {components}"],
                          capture_output=True, text=True)
    if made.returncode != 0:
        aside.unlink(missing_ok=True)
        pytest.skip(f"{suite} can not be had from its mirror: {made.stderr.strip().splitlines()[-1:]}")
    os.rename(aside, path)
    return path


@pytest.fixture(scope="module", params=RELEASES)
def release(request, tmp_path_factory):
    """(suite, tar, unpacked root, scan of an image of it)"""
    if os.geteuid() != 0:
        pytest.skip("making and entering a root file system takes root")
    suite, folder = request.param, tmp_path_factory.mktemp(request.param)
    tar = bootstrap(suite)
    root = folder / "root"
    root.mkdir()
    subprocess.run(["tar", "-C", root, "-xf", tar], check=True)
    store = make.Store(folder / "store")
    image = store.image([store.layer_from_tar(tar, created_by="bootstrap")])
    make.write_oci_archive(folder / "image.tar", store, [(image.descriptor, suite)])
    yield suite, tar, root, scan(folder / "image.tar", expect=DONE, timeout=120)
    shutil.rmtree(folder)


def inside(root, *command):
    done = subprocess.run(["chroot", root, *command], capture_output=True, text=True, check=True,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"})
    return done.stdout.splitlines()


def test_packages_are_those_of_dpkg_query(release):
    _, _, root, done = release
    form = r"${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n"
    said = {tuple(line.split("\t")[1:]) for line in inside(root, "dpkg-query", "-W", "-f", form) if line.startswith("installed\t")}
    found = {(p["name"], p["version"], p["arch"], p["source"]["name"], p["source"]["version"]) for p in done.report["packages"]}
    assert len(said) > 50
    assert found == said
    assert len(done.report["packages"]) == len(said)


def test_licences_of_documentation_that_names_one(release):
    _, _, root, done = release
    for package in done.report["packages"]:
        text = root / "usr/share/doc" / package["name"] / "copyright"
        if text.exists() and re.search(rb"common-licenses/[A-Z]", text.read_bytes()):
            assert package["licenses"], package["name"]



def test_distribution(release):
    suite, _, _, done = release
    _, name, version, end = RELEASES[suite]
    said = done.target["distribution"]
    assert (said["id"], said["version"], said["codename"], said["end_of_life"]) == (name, version, suite, end)


def test_files_are_those_of_the_archive(release):
    _, tar, root, done = release
    with tarfile.open(tar) as archive:
        names = {os.path.normpath("/" + member.name) for member in archive}
    assert {"/" + path.lstrip("/") for path in done.files} == {"/" + name.lstrip("/") for name in names | {"/"}}
    regular = [f for f in done.files.values() if f["type"] == "file"]
    assert len(regular) > 1000
    for entry in regular[:: len(regular) // 300]:
        data = (root / entry["path"].lstrip("/")).read_bytes()
        assert (entry["sha256"], entry["size"]) == (hashlib.sha256(data).hexdigest(), len(data)), entry["path"]


def test_owners_are_those_of_dpkg(release):
    _, _, root, done = release
    lists = {}
    for path in (root / "var/lib/dpkg/info").glob("*.list"):
        for line in path.read_text().splitlines():
            lists.setdefault(os.path.realpath(os.path.dirname(root / line.lstrip("/"))) + "/" + os.path.basename(line), set()).add(
                path.name[: -len(".list")].split(":")[0])
    names = {p["purl"]: p["name"] for p in done.report["packages"]}
    wrong = []
    for entry in done.files.values():
        if entry["type"] != "file":
            continue
        claimed = lists.get(str(root / entry["path"].lstrip("/")), set())
        owner = names.get(entry["package"])
        if (owner not in claimed) if claimed else owner is not None:
            wrong.append((entry["path"], owner, claimed))
    assert not wrong, wrong[:5]


def test_the_root_directory_gives_the_same(release):
    _, _, root, done = release
    there = scan(f"dir:{root}", expect=DONE, timeout=120)

    def without_layer(items):
        return [{k: v for k, v in item.items() if k != "layer"} for item in items]
    assert without_layer(there.report["packages"]) == without_layer(done.report["packages"])
    assert without_layer(there.report["files"]) == without_layer(done.report["files"])
    assert there.target["distribution"] == done.target["distribution"]
