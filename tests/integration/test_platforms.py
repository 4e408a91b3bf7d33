# SPDX-License-Identifier: Apache-2.0
"""Images for several platforms: indexes in indexes, attestations, the machine's own platform and the one asked for."""
import pytest

from scanning import DONE, FAILED, make, scan
from test_sources import HOST, image, make_image, store  # noqa: F401 (fixtures)

OTHER = "linux/arm64" if HOST == "linux/amd64" else "linux/amd64"


def attestation(store, subject):
    layer = store.layer_from_bytes(b'{"_type": "https://in-toto.io/Statement/v0.1"}', "none")
    made = store.image([layer], platform="unknown/unknown")
    return {**made.descriptor, "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                                               "vnd.docker.reference.digest": subject["digest"]}}


@pytest.fixture
def fat(store):
    """An index of one image for several platforms, each with an attestation."""
    images = {where: store.image([store.layer_from_entries([make.file("etc/for", where.encode())])], {}, where)
              for where in (OTHER, HOST, "linux/arm/v6", "linux/arm/v7", "windows/amd64")}
    descriptors = [d for i in images.values() for d in (i.descriptor, attestation(store, i.descriptor))]
    return images, descriptors


@pytest.mark.parametrize("docker", [False, True])
def test_platforms(docker, store, fat, tmp_path):
    images, descriptors = fat
    index = store.index(descriptors, docker)
    make.write_oci_layout(tmp_path / "a", store, [(index, "1")])
    for where, image in images.items():
        done = scan(tmp_path / "a", "--platform", where, expect=DONE)
        target = done.target
        assert (target["image_id"], target["platform"]) == (image.config_digest, where)
        assert target["index_digest"] == index["digest"] and target["manifest_digest"] == image.descriptor["digest"]
        assert done.problems == []
    assert scan(tmp_path / "a", expect=DONE).target["platform"] == HOST
    done = scan(tmp_path / "a", "--platform", "linux/s390x", expect=FAILED)
    assert done.says("no image for linux/s390x") and done.says("linux/arm/v6, linux/arm/v7, windows/amd64")
    assert "unknown" not in done.stderr


def test_platforms_in_the_outermost_index(store, fat, tmp_path):
    """As some tools write them: all platforms under one tag in index.json itself."""
    images, descriptors = fat
    make.write_oci_layout(tmp_path / "a", store, [(d, "1") for d in descriptors])
    for where, image in images.items():
        for tag in ("", ":1"):
            assert scan(f"{tmp_path / 'a'}{tag}", "--platform", where, expect=DONE).target["image_id"] == image.config_digest
    assert scan(f"{tmp_path / 'a'}:1", expect=DONE).target["platform"] == HOST


def test_no_image_for_this_machine(store, tmp_path):
    images = [store.image([], {}, where).descriptor for where in ("linux/s390x", "linux/ppc64le")]
    make.write_oci_layout(tmp_path / "a", store, [(store.index(images), None)])
    done = scan(tmp_path / "a", expect=FAILED)
    assert done.says("this machine's platform") and done.says("choose with --platform: linux/s390x, linux/ppc64le")


def test_the_only_image_needs_no_platform(store, tmp_path):
    image = make_image(store, where="linux/s390x")
    make.write_oci_layout(tmp_path / "a", store, [(store.index([image.descriptor]), None)])
    make.write_oci_layout(tmp_path / "b", store, [(image.descriptor, None)])
    make.write_docker_archive(tmp_path / "c", store, [(image, "a:1")])
    for name in "abc":
        assert scan(tmp_path / name, expect=DONE).target["platform"] == "linux/s390x"
        done = scan(tmp_path / name, "--platform", "linux/amd64", expect=FAILED)
        assert done.says("linux/s390x") and done.says("linux/amd64")
        assert scan(tmp_path / name, "--platform", "linux/s390x", expect=DONE).target["image_id"] == image.config_digest


def test_variants(store, tmp_path):
    plain_arm, v8 = (store.image([store.layer_from_entries([make.file(w)])], {}, w) for w in ("linux/arm64", "linux/arm64/v8"))
    make.write_oci_layout(tmp_path / "a", store, [(store.index([plain_arm.descriptor, v8.descriptor]), None)])
    make.write_oci_layout(tmp_path / "b", store, [(v8.descriptor, None)])
    assert scan(tmp_path / "a", "--platform", "linux/arm64/v8", expect=DONE).target["image_id"] == v8.config_digest
    assert scan(tmp_path / "a", "--platform", "linux/arm64", expect=DONE).target["image_id"] == plain_arm.config_digest
    assert scan(tmp_path / "b", "--platform", "linux/arm64", expect=DONE).target["image_id"] == v8.config_digest
    scan(tmp_path / "b", "--platform", "linux/arm64/v9", expect=FAILED)


@pytest.mark.parametrize("wrong", ["linux", "linux/", "/amd64", "linux/arm/v7/x", "", "linux//v7"])
def test_what_is_no_platform(wrong, store, image, tmp_path):
    make.write_oci_layout(tmp_path / "a", store, [(image.descriptor, None)])
    assert scan(tmp_path / "a", f"--platform={wrong}", expect=FAILED).says("is not a platform")


def test_platform_of_a_root_directory(tmp_path):
    (tmp_path / "etc").mkdir()
    assert scan(tmp_path, "--platform", "linux/amd64", expect=FAILED).says("no platforms to choose from")


def test_nested_indexes(store, image, tmp_path):
    descriptor = image.descriptor
    for _ in range(5):
        descriptor = store.index([descriptor])
    make.write_oci_layout(tmp_path / "a", store, [(descriptor, "1")])
    target = scan(f"{tmp_path / 'a'}:1", "--platform", HOST, expect=DONE).target
    assert target["image_id"] == image.config_digest and target["index_digest"] == descriptor["digest"]
