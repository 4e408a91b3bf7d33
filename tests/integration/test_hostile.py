# SPDX-License-Identifier: Apache-2.0
"""Damaged and hostile images: each has a name for what is wrong, the right exit status, and leaves nothing behind."""
import functools
import hashlib
import io
import json
import os
import subprocess
import tarfile

import pytest

import scanning
from scanning import DONE, FAILED, FINDINGS, INCOMPLETE, dpkg_status, make, plain, stanza, system_entries

scan = functools.partial(scanning.scan, program=scanning.checked_program())


@pytest.fixture
def store(tmp_path):
    return make.Store(tmp_path / "store")


@pytest.fixture
def image(store):
    return make_image(store)


def make_image(store, **edits):
    layers = [store.layer_from_entries(system_entries(), created_by="base"),
              store.layer_from_entries([dpkg_status(stanza("hello", "3")), make.file("etc/new", b"new")], "zstd")]
    return store.image(layers, **edits)


def layout(store, image, to):
    make.write_oci_layout(to, store, [(image.descriptor, "1")])
    return to


def blob(folder, digest):
    return folder / "blobs" / digest.replace(":", "/")


def edited(**parts):
    """For the `edit` arguments: replaces members of a document."""
    return lambda document: document.update(parts)


def mismatch(target, says):
    """The image is not what it promises: a finding, and incomplete without --fail-on."""
    done = scan(target, expect=INCOMPLETE)
    assert done.says(says), done.told()
    assert "image-integrity" in done.rules
    assert scan(target, "--fail-on", "high", expect=FINDINGS).rules == done.rules
    assert scan(target, "--fail-on", "critical", expect=INCOMPLETE).rules == done.rules
    return done


def gap(target, says, *options):
    done = scan(target, *options, expect=INCOMPLETE)
    assert done.says(says), done.told()
    assert done.rules == []
    assert scan(target, *options, "--fail-on", "high", expect=INCOMPLETE).rules == []
    return done


def failed(target, says, *options):
    done = scan(target, *options, expect=FAILED)
    assert done.says(says), done.told()
    assert done.stderr.count("\n") == 1
    return done


# ---- what is promised and what is there ----

def test_wrong_digest_of_a_layer(store, image, tmp_path):
    to = layout(store, image, tmp_path / "a")
    other = store.layer_from_entries(system_entries() + [make.file("etc/evil", b"x")], "gzip")
    data = store.path(other.digest).read_bytes()
    path = blob(to, image.layers[0].digest)
    want = path.stat().st_size
    path.write_bytes(data[:want] if len(data) >= want else data + bytes(want - len(data)))
    done = mismatch(to, f"its digest is sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}, expected {image.layers[0].digest}")
    assert "layer 0" in done.problems[0]


def test_wrong_bytes_in_a_layer(store, image, tmp_path):
    """Of the right size, and a good layer but for one file."""
    plain_layer = store.layer_from_entries([make.file("etc/a", b"good")], "none")
    to = layout(store, store.image([plain_layer]), tmp_path / "a")
    path = blob(to, plain_layer.digest)
    path.write_bytes(path.read_bytes().replace(b"good", b"evil"))
    done = mismatch(to, "its digest is")
    assert any("its diffID is" in p for p in done.problems)
    assert done.files["/etc/a"]["sha256"] == hashlib.sha256(b"evil").hexdigest()


@pytest.mark.parametrize("change", [-100, 100])
def test_wrong_size_of_a_layer(change, store, image, tmp_path):
    to = layout(store, image, tmp_path / "a")
    path = blob(to, image.layers[1].digest)
    with open(path, "r+b") as data:
        data.truncate(path.stat().st_size + change)
    done = mismatch(to, f"bytes, expected {image.layers[1].size}")
    assert done.checks["integrity"] == "no-data" and done.checks["packages"] == "no-data"


def test_wrong_diff_id(store, tmp_path):
    wrong = "sha256:" + "ab" * 32
    image = make_image(store, edit_config=lambda c: c["rootfs"]["diff_ids"].__setitem__(1, wrong))
    done = mismatch(layout(store, image, tmp_path / "a"), f"expected {wrong}")
    assert len(done.report["packages"]) == 1, "what can be read is shown"
    make.write_docker_archive(tmp_path / "b", store, [(image, "a:1")], "docker-old")
    mismatch(tmp_path / "b", f"expected {wrong}")


@pytest.mark.parametrize("n", [0, 1, 3])
def test_wrong_number_of_diff_ids(n, store, tmp_path):
    image = make_image(store, edit_config=lambda c: c["rootfs"].update(diff_ids=(c["rootfs"]["diff_ids"] * 2)[:n]))
    mismatch(layout(store, image, tmp_path / "a"), f"it has {n} diff_ids for 2 layers")


def test_wrong_digest_of_manifest_and_configuration(store, image, tmp_path):
    to = layout(store, image, tmp_path / "a")
    path = blob(to, image.config_digest)
    path.write_bytes(path.read_bytes().replace(b"2024", b"2025"))
    done = mismatch(to, f"expected {image.config_digest}")
    assert done.target["image_id"] == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest(), "the identity is of what is there"
    to = layout(store, image, tmp_path / "b")
    path = blob(to, image.descriptor["digest"])
    path.write_bytes(path.read_bytes() + b" ")
    mismatch(to, f"expected {image.descriptor['digest']}")


def test_wrong_size_of_a_document(store, image, tmp_path):
    descriptor = {**image.descriptor, "size": image.descriptor["size"] + 1}
    make.write_oci_layout(tmp_path / "a", store, [(descriptor, None)])
    mismatch(tmp_path / "a", "bytes, expected")


def test_names_promise_in_docker_archives(store, image, tmp_path):
    for style in ("docker", "docker-old"):
        to = tmp_path / style
        make.write_docker_archive(to, store, [(image, "a:1")], style)
        data = to.read_bytes()
        assert data.count(b'"created_by": "base"') >= 1
        to.write_bytes(data.replace(b'"created_by": "base"', b'"created_by": "evil"'))
        mismatch(to, f"expected {image.config_digest}")


# ---- what is not there ----

def test_missing_blobs(store, image, tmp_path):
    to = layout(store, image, tmp_path / "a")
    blob(to, image.layers[0].digest).unlink()
    done = gap(to, "layer 0")
    assert [p["name"] for p in done.report["packages"]] == ["hello"] and "/etc/motd" not in done.files
    blob(to, image.config_digest).unlink()
    done = gap(to, "image configuration")
    assert done.target["image_id"] == image.config_digest
    blob(to, image.layers[1].digest).unlink()
    done = gap(to, "layer 1")
    assert done.files == {} and done.checks["packages"] == "no-data"
    blob(to, image.descriptor["digest"]).unlink()
    failed(to, image.descriptor["digest"].split(":")[1])
    (to / "index.json").unlink()
    failed(to, "index.json")


@pytest.mark.parametrize("style", ["docker-old", "podman"])
def test_missing_members(style, store, image, tmp_path):
    make.write_docker_archive(tmp_path / "a", store, [(image, "a:1")], style)
    with tarfile.open(tmp_path / "a") as tar:
        names = json.load(tar.extractfile("manifest.json"))[0]
    rewrite(tmp_path / "a", tmp_path / "b", leave_out=names["Layers"][0])
    gap(tmp_path / "b", "is not in the archive")
    rewrite(tmp_path / "a", tmp_path / "b", leave_out=names["Config"])
    done = gap(tmp_path / "b", "image configuration")
    assert len(done.report["packages"]) == 1


def rewrite(source, to, leave_out=None, replace=None, add=()):
    """An archive again, with members left out, replaced or added."""
    with tarfile.open(source) as old, tarfile.open(to, "w") as new:
        for member in old:
            data = old.extractfile(member).read() if member.isreg() else None
            if member.name == leave_out:
                continue
            if replace and member.name in replace:
                data = replace[member.name]
                member.size = len(data)
            new.addfile(member, io.BytesIO(data) if data is not None else None)
        for info, data in add:
            new.addfile(info, io.BytesIO(data or b""))


def test_foreign_layers(store, image, tmp_path):
    def edit(manifest):
        manifest["layers"][0].update(mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                                     urls=["https://example.com/layer"])
    image = make_image(store, edit_manifest=edit)
    to = layout(store, image, tmp_path / "a")
    scan(to, expect=DONE)
    blob(to, image.layers[0].digest).unlink()
    gap(to, "fetch it from elsewhere")


# ---- documents that are no such documents ----

GARBAGE = {"empty": b"", "not JSON": b"\x7fELF\x02\x01\x01", "cut": b'{"manifests": [', "a number": b"7", "null": b"null",
           "not UTF-8": b'{"a": "\xff"}', "a key twice": b'{"schemaVersion": 2, "manifests": [], "manifests": []}',
           "deep": b"[" * 100000, "deep objects": b'{"a":' * 100000, "deep and closed": b'{"a":' * 100000 + b"1" + b"}" * 100000,
           "NUL bytes": bytes(4096), "more after it": b'{"manifests": []} {"manifests": []}', "an escape": b'{"\\ud800": 1}'}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_as_documents(name, store, image, tmp_path):
    garbage = GARBAGE[name]
    to = layout(store, image, tmp_path / "index")
    (to / "index.json").write_bytes(garbage)
    failed(to, "index.json")
    to = layout(store, image, tmp_path / "manifest")
    blob(to, image.descriptor["digest"]).write_bytes(garbage)
    failed(to, image.descriptor["digest"].split(":")[1])
    to = layout(store, image, tmp_path / "config")
    blob(to, image.config_digest).write_bytes(garbage)
    done = mismatch(to, "image configuration")
    assert len(done.report["packages"]) == 1
    make.write_docker_archive(tmp_path / "docker", store, [(image, "a:1")], "docker-old")
    rewrite(tmp_path / "docker", tmp_path / "docker2", replace={"manifest.json": garbage})
    failed(tmp_path / "docker2", "manifest.json")


def test_large_documents(store, image, tmp_path):
    large = json.dumps({"manifests": [], "a": "x" * (20 << 20)}).encode()
    to = layout(store, image, tmp_path / "index")
    (to / "index.json").write_bytes(large)
    failed(to, "more than the 4194304 that are read")
    to = layout(store, image, tmp_path / "config")
    blob(to, image.config_digest).write_bytes(large)
    gap(to, "more than the 16777216 that are read")


@pytest.mark.parametrize("item", ["{}", "0"])
def test_documents_that_take_much_memory(item, store, image, tmp_path):
    """Millions of small values in what is just not too large."""
    to = layout(store, image, tmp_path / "a")
    many = b'{"a": [' + b",".join([item.encode()] * ((15 << 20) // (len(item) + 1))) + b"]}"
    blob(to, image.config_digest).write_bytes(many)
    done = scan(to, program=scanning.PROGRAM, expect=INCOMPLETE)
    assert done.says("image configuration") and len(done.report["packages"]) == 1


def test_members_of_wrong_types(store, tmp_path):
    for member, value in [("rootfs", 7), ("rootfs", {"diff_ids": [7]}), ("history", 7), ("os", []), ("config", "x")]:
        image = make_image(store, edit_config=edited(**{member: value}))
        to = layout(store, image, tmp_path / hashlib.sha256(repr(value).encode()).hexdigest())
        gap(to, next(iter(value)) if isinstance(value, dict) else member)
    good = make_image(store)
    for n, (member, value) in enumerate([("layers", 7), ("layers", [7]), ("layers", [{}]), ("config", []),
                                         ("config", {"digest": "x", "size": 1}), ("mediaType", 7)]):
        to = layout(store, good, tmp_path / f"manifest{n}")
        text = json.dumps({**good.manifest, member: value}).encode()
        descriptor = {"digest": "sha256:" + hashlib.sha256(text).hexdigest(), "size": len(text)}
        blob(to, descriptor["digest"]).write_bytes(text)
        (to / "index.json").write_text(json.dumps({"manifests": [descriptor]}))
        failed(to, member)


def test_indexes_in_indexes(store, image, tmp_path):
    descriptor = image.descriptor
    for _ in range(20):
        descriptor = store.index([descriptor])
    make.write_oci_layout(tmp_path / "a", store, [(descriptor, None)])
    failed(tmp_path / "a", "indexes one inside the other")


def test_an_index_that_holds_itself(store, image, tmp_path):
    to = layout(store, image, tmp_path / "a")
    name = "sha256:" + "cd" * 32
    text = json.dumps({"schemaVersion": 2, "manifests": [{"mediaType": make.OCI_INDEX, "digest": name, "size": 1}]})
    blob(to, name).write_text(text)
    (to / "index.json").write_text(text)
    failed(to, "indexes one inside the other")


def test_an_index_of_many(store, image, tmp_path):
    to = layout(store, image, tmp_path / "a")
    entries = [{**image.descriptor, "digest": "sha256:" + hashlib.sha256(bytes([i % 256, i // 256])).hexdigest(),
                "annotations": {make.REF_NAME: f"t{i}"}} for i in range(9999)]
    (to / "index.json").write_text(json.dumps({"manifests": entries + [image.descriptor]}))
    failed(to, "t0, t1, t2")
    assert scan(f"{to}@{image.descriptor['digest']}", expect=DONE).target["image_id"] == image.config_digest
    (to / "index.json").write_text(json.dumps({"manifests": [*entries, image.descriptor, image.descriptor]}))
    failed(to, "10001 manifests")


def test_schema_1(store, tmp_path):
    descriptor = store.document({"schemaVersion": 1, "name": "a", "tag": "1", "fsLayers": [], "history": []},
                                "application/vnd.docker.distribution.manifest.v1+json")
    make.write_oci_layout(tmp_path / "a", store, [(descriptor, None)])
    failed(tmp_path / "a", "schema 1")


def test_artifacts(store, tmp_path):
    config = store.document({"name": "chart"}, "application/vnd.cncf.helm.config.v1+json")
    manifest = store.document({"schemaVersion": 2, "config": config, "layers": []}, make.OCI_MANIFEST)
    make.write_oci_layout(tmp_path / "helm", store, [(manifest, None)])
    failed(tmp_path / "helm", "application/vnd.cncf.helm.config.v1+json")
    empty = store.document({}, "application/vnd.oci.empty.v1+json")
    manifest = store.document({"schemaVersion": 2, "artifactType": "application/x-y", "config": empty, "layers": [empty]},
                              make.OCI_MANIFEST)
    make.write_oci_layout(tmp_path / "empty", store, [(manifest, None)])
    failed(tmp_path / "empty", "artifact")


def test_mislabelled(store, tmp_path):
    """The bytes tell what a layer is, not its label; what a manifest is called is said where it is wrong."""
    types = ["application/vnd.oci.image.layer.v1.tar+zstd", "text/plain"]
    image = make_image(store, edit_manifest=lambda m: [l.update(mediaType=t) for l, t in zip(m["layers"], types)])
    done = scan(layout(store, image, tmp_path / "a"), expect=DONE)
    assert done.files == scan(layout(store, make_image(store), tmp_path / "b"), expect=DONE).files
    for label, n in [(make.OCI_INDEX, 1), ("text/plain", 1), (None, 0)]:
        make.write_oci_layout(tmp_path / "c", store, [({**image.descriptor, "mediaType": label}, None)])
        assert len(scan(tmp_path / "c", expect=DONE).problems) == n
    make.write_oci_layout(tmp_path / "d", store, [(make_image(store, edit_manifest=edited(mediaType=make.OCI_INDEX)).descriptor, None)])
    assert scan(tmp_path / "d", expect=DONE).says("labelled")


# ---- paths that lead out ----

OUT = ["../../../../../../etc/passwd", "/etc/passwd", "a/../../../etc/passwd", "//etc/passwd", "./../etc/passwd"]


@pytest.mark.parametrize("path", OUT)
def test_layer_paths_of_a_docker_archive(path, store, image, tmp_path):
    make.write_docker_archive(tmp_path / "a", store, [(image, "a:1")], "docker-old")
    with tarfile.open(tmp_path / "a") as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
    for key, value in [("Layers", [path, manifest[0]["Layers"][1]]), ("Config", path)]:
        changed = json.dumps([{**manifest[0], key: value}]).encode()
        rewrite(tmp_path / "a", tmp_path / "b", replace={"manifest.json": changed})
        done = scan(tmp_path / "b")
        assert done.status in (FAILED, INCOMPLETE) and "root:" not in done.told()
        assert done.says("etc/passwd")


@pytest.mark.parametrize("target", OUT + ["layer.tar", "other", ""])
@pytest.mark.parametrize("link", [make.symlink, make.hardlink])
def test_links_of_a_docker_archive(target, link, store, image, tmp_path):
    make.write_docker_archive(tmp_path / "a", store, [(image, "a:1")], "docker-old")
    with tarfile.open(tmp_path / "a") as tar:
        name = json.load(tar.extractfile("manifest.json"))[0]["Layers"][0]
    rewrite(tmp_path / "a", tmp_path / "b", leave_out=name, add=[
        link(name, target), link(os.path.dirname(name) + "/other", name)])
    done = gap(tmp_path / "b", os.path.dirname(name))
    assert len(done.report["packages"]) == 1 and not done.says("root:")


def test_a_chain_of_links(store, image, tmp_path):
    make.write_docker_archive(tmp_path / "a", store, [(image, "a:1")], "docker-old")
    with tarfile.open(tmp_path / "a") as tar:
        name = json.load(tar.extractfile("manifest.json"))[0]["Layers"][0]
        data = tar.extractfile(name).read()
    for n, status in [(5, DONE), (50, INCOMPLETE)]:
        chain = [make.symlink(name, f"/l{n}")] + [make.symlink(f"l{i}", f"l{i - 1}") for i in range(n, 0, -1)]
        rewrite(tmp_path / "a", tmp_path / "b", leave_out=name, add=[*chain, make.file("l0", data)])
        scan(tmp_path / "b", expect=status)


def odd_blob(path, kind):
    path.unlink()
    {"a link to a file": lambda: path.symlink_to("/etc/passwd"), "a dangling link": lambda: path.symlink_to("/nowhere"),
     "a link to itself": lambda: path.symlink_to(path), "a fifo": lambda: os.mkfifo(path), "a directory": path.mkdir,
     "a link to a device": lambda: path.symlink_to("/dev/zero"), "a link beside it": lambda: path.symlink_to("../../index.json"),
     }[kind]()


@pytest.mark.parametrize("kind", ["a link to a file", "a dangling link", "a link to itself", "a fifo", "a directory",
                                  "a link to a device", "a link beside it"])
def test_blobs_that_are_no_files(kind, store, image, tmp_path):
    to = layout(store, image, tmp_path / "layer")
    odd_blob(blob(to, image.layers[0].digest), kind)
    assert not gap(to, "layer 0").says("root:")
    to = layout(store, image, tmp_path / "config")
    odd_blob(blob(to, image.config_digest), kind)
    assert not gap(to, "image configuration").says("root:")
    to = layout(store, image, tmp_path / "manifest")
    odd_blob(blob(to, image.descriptor["digest"]), kind)
    failed(to, "blobs/sha256")
    to = layout(store, image, tmp_path / "index")
    odd_blob(to / "index.json", kind)
    failed(to, "index.json")


def test_a_link_in_place_of_the_blobs(store, image, tmp_path):
    to = layout(store, image, tmp_path / "a")
    os.rename(to / "blobs", tmp_path / "elsewhere")
    (to / "blobs").symlink_to(tmp_path / "elsewhere")
    failed(to, "blobs/sha256")
    (tmp_path / "link").symlink_to(layout(store, image, tmp_path / "b"))
    scan(tmp_path / "link", expect=DONE)


# ---- archives ----

def test_members_that_stand_twice(store, image, tmp_path):
    make.write_oci_archive(tmp_path / "a", store, [(image.descriptor, None)])
    name = "blobs/" + image.layers[0].digest.replace(":", "/")
    data = store.path(image.layers[0].digest).read_bytes()
    rewrite(tmp_path / "a", tmp_path / "b", add=[make.file(name, data)])
    assert scan(tmp_path / "b", expect=DONE).says("stands in it more than once; the last one counts")
    rewrite(tmp_path / "a", tmp_path / "b", add=[make.file(name, bytes(len(data)))])
    mismatch(tmp_path / "b", "more than once")
    rewrite(tmp_path / "a", tmp_path / "b", add=[make.file("index.json", b'{"manifests": []}')])
    failed(tmp_path / "b", "no image is in it")


def test_odd_members(store, image, tmp_path):
    make.write_oci_archive(tmp_path / "a", store, [(image.descriptor, None)])
    whole = scan(tmp_path / "a", expect=DONE)
    odd = [make.file("../../evil", b"x"), make.file("/absolute", b"x"), make.entry("fifo", kind=tarfile.FIFOTYPE),
           make.entry("dev", kind=tarfile.CHRTYPE), make.symlink("s" * 200, "t" * 5000), make.file("n" * 60000, b"x"),
           make.entry("type", kind=b"Z"), make.file("\udcff", b"x"), make.directory("blobs/sha256/" + "0" * 64)]
    rewrite(tmp_path / "a", tmp_path / "b", add=odd)
    done = scan(tmp_path / "b")
    assert done.status in (DONE, INCOMPLETE) and plain(done.files) == plain(whole.files)
    assert done.status == DONE or done.says("leaves the root")


def test_too_many_members(store, image, tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("a")
        header = info.tobuf(tarfile.USTAR_FORMAT)
    (tmp_path / "a").write_bytes(header * 100001)
    failed(tmp_path / "a", "more than 100000 files")


def test_sparse_blobs(store, image, tmp_path):
    """A blob whose bytes do not stand in the archive as they are."""
    to = layout(store, image, tmp_path / "a")
    layer = store.layer_from_bytes(make.tar_of([make.file("a", bytes(1 << 20))]), "none")
    to = layout(store, store.image([layer]), tmp_path / "b")
    path = blob(to, layer.digest)
    data = path.read_bytes()
    with open(path, "wb") as out:
        for at in range(0, len(data), 4096):
            piece = data[at:at + 4096]
            if piece.strip(b"\0"):
                out.seek(at)
                out.write(piece)
        out.truncate(len(data))
    for form in ("--format=gnu", "--format=pax"):
        subprocess.run(["tar", "-c", "--sparse", form, "-f", tmp_path / "c", "-C", to, "."], check=True)
        gap(tmp_path / "c", "sparse")
