# SPDX-License-Identifier: Apache-2.0
"""The images that other tests stand on are what their formats say."""
import gzip
import hashlib
import json
import pathlib
import subprocess
import sys
import tarfile

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[1] / "tools"
sys.path.insert(0, str(TOOLS))
import make_image as make  # noqa: E402


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


@pytest.fixture
def store(tmp_path):
    return make.Store(tmp_path / "store")


@pytest.fixture
def image(store):
    base = store.layer_from_entries([make.directory("etc"), make.file("etc/motd", b"hello"),
                                     make.symlink("etc/link", "motd")], created_by="base")
    upper = store.layer_from_entries([make.whiteout("etc/motd"), make.opaque("var")], "none")
    return store.image([base, upper], {"User": "1000"}, "linux/arm64/v8")


def check_blobs(read, descriptor):
    """Follows a manifest's descriptor, verifying every digest, and gives the names in each layer."""
    manifest = json.loads(verified(read, descriptor))
    config = json.loads(verified(read, manifest["config"]))
    names = []
    for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"]):
        blob = verified(read, layer)
        tar = gzip.decompress(blob) if layer["mediaType"].endswith("gzip") else blob
        assert sha256(tar) == diff_id
        names.append(tar.count(b"ustar"))
    assert len(config["history"]) == len(manifest["layers"])
    return config, names


def verified(read, descriptor):
    data = read("blobs/" + descriptor["digest"].replace(":", "/"))
    assert sha256(data) == descriptor["digest"] and len(data) == descriptor["size"]
    return data


def test_oci_layout_and_archive(store, image, tmp_path):
    make.write_oci_layout(tmp_path / "layout", store, [(image.descriptor, "1")])
    make.write_oci_archive(tmp_path / "a.tar", store, [(image.descriptor, "1")])
    with tarfile.open(tmp_path / "a.tar") as tar:
        def from_tar(name):
            return tar.extractfile(name).read()

        def from_folder(name):
            return (tmp_path / "layout" / name).read_bytes()
        for read in from_tar, from_folder:
            assert json.loads(read("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
            (descriptor,) = json.loads(read("index.json"))["manifests"]
            assert descriptor["annotations"] == {make.REF_NAME: "1"}
            assert descriptor["platform"] == {"os": "linux", "architecture": "arm64", "variant": "v8"}
            config, names = check_blobs(read, descriptor)
            assert config["config"] == {"User": "1000"} and names == [3, 2]


@pytest.mark.parametrize("style", ["docker", "docker-old", "podman"])
def test_docker_archives(store, image, tmp_path, style):
    make.write_docker_archive(tmp_path / "a.tar", store, [(image, "a/b:1"), (image, None)], style)
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert len(tar.getnames()) == len(set(tar.getnames()))
        first, second = json.loads(tar.extractfile("manifest.json").read())
        assert first["RepoTags"] == ["a/b:1"] and second["RepoTags"] is None
        config = tar.extractfile(first["Config"]).read()
        assert sha256(config) == image.config_digest
        for name, diff_id in zip(first["Layers"], json.loads(config)["rootfs"]["diff_ids"]):
            assert sha256(tar.extractfile(name).read()) == diff_id
        if style == "docker":
            index = json.loads(tar.extractfile("index.json").read())
            check_blobs(lambda name: tar.extractfile(name).read(), index["manifests"][0])
        else:
            assert json.loads(tar.extractfile("repositories").read())["a/b"].keys() == {"1"}


def test_nested_index_keeps_all_platforms(store, image, tmp_path):
    other = store.image([store.layer_from_entries([])], platform="linux/amd64")
    index = store.index([store.index([image.descriptor]), other.descriptor])
    make.write_oci_layout(tmp_path / "l", store, [(index, "1")])
    assert len(list((tmp_path / "l" / "blobs" / "sha256").iterdir())) == 2 + 4 + 3


def test_layer_of_what_changed_in_a_tree(store, tmp_path):
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "gone").write_text("1")
    (tree / "kept").write_text("2")
    before = make.snapshot(tree)
    (tree / "a" / "b" / "gone").unlink()
    (tree / "a" / "b").rmdir()
    (tree / "new").write_text("3")
    (tree / "hard").hardlink_to(tree / "new")
    changed, removed = make.changes(tree, before)
    assert removed == ["a/b"] and {"new", "hard"} <= set(changed) and "kept" not in changed
    layer = store.layer_from_tree(tree, changed, removed, "none", as_root=True)
    with tarfile.open(store.path(layer.digest)) as tar:
        assert {"a/.wh.b", "new", "hard"} <= set(tar.getnames())
        assert tar.getmember("new").islnk() and tar.getmember("new").linkname == "hard"
        assert all(member.uid == 0 for member in tar)


def test_zstd_layer(store):
    layer = store.layer_from_entries([make.file("a", b"x" * 5000)], "zstd")
    assert layer.media_type.endswith("+zstd") and store.path(layer.digest).read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
    assert store.uncompressed(layer).digest == layer.diff_id


def test_command_line(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "file").write_text("x")
    done = subprocess.run([TOOLS / "make_image.py", "--output", tmp_path / "i.tar", "--entrypoint", "/bin/sh",
                           "--as-root", "--tag", "2", tmp_path / "root"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with tarfile.open(tmp_path / "i.tar") as tar:
        config = tar.extractfile("blobs/" + done.stdout.strip().replace(":", "/")).read()
        assert sha256(config) == done.stdout.strip()
        assert json.loads(config)["config"]["Entrypoint"] == ["/bin/sh"]
