# SPDX-License-Identifier: Apache-2.0
"""One image in every kind of source gives the same result; tags, platforms and digests choose among several."""
import gzip
import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import tarfile

import pytest

from scanning import DONE, FAILED, INCOMPLETE, dpkg_status, make, plain, scan, stanza, system_entries

MACHINES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
HOST = MACHINES.get(platform.machine(), "linux/amd64")


def upper_entries():
    return [
        make.directory("etc"), make.file("etc/motd", b"changed\n", uid=1000, gid=1000, mode=0o600), make.whiteout("etc/issue"),
        make.file("usr/bin/new", b"new\n", mode=0o4755), make.hardlink("usr/bin/again", "usr/bin/new", mode=0o4755),
        make.symlink("usr/bin/link", "new"), make.file("usr/share/" + "long/" * 40 + "name", b"far away"),
        dpkg_status(stanza("hello", "2.10-3", Source="hello-src (2.10)"), stanza("libthing", "1:2-2"), stanza("added", "0.1")),
    ]


def layers_of(store, compression="gzip", docker=False):
    return [store.layer_from_entries(entries, compression, created_by, docker) for entries, created_by in [
        (system_entries() + [make.file("etc/issue", b"Debian\n")], "ADD base"), (upper_entries(), "RUN apt-get upgrade")]]


def make_image(store, compression="gzip", docker=False, where=HOST, **more):
    return store.image(layers_of(store, compression, docker), {"User": "1000"}, where, docker, **more)


@pytest.fixture
def store(tmp_path):
    return make.Store(tmp_path / "store")


@pytest.fixture
def image(store):
    return make_image(store)


# ---- the same image everywhere ----

def oci_dir(compression, docker=False):
    def write(store, to):
        make.write_oci_layout(to, store, [(make_image(store, compression, docker).descriptor, "1.0")])
        return f"oci-dir:{to}"
    return write


def oci_archive(compression):
    def write(store, to):
        make.write_oci_archive(to, store, [(make_image(store, compression).descriptor, "1.0")])
        return f"oci-archive:{to}"
    return write


def docker_archive(style):
    def write(store, to):
        make.write_docker_archive(to, store, [(make_image(store), "example:1.0")], style)
        return f"docker-archive:{to}"
    return write


def compressed(write, program):
    def write_compressed(store, to):
        target = write(store, to)
        with open(str(to) + ".out", "wb") as out:
            subprocess.run([*program, str(to)], stdout=out, check=True)
        os.replace(str(to) + ".out", to)
        return target
    return write_compressed


SOURCES = {
    "oci-dir": oci_dir("gzip"), "oci-dir zstd": oci_dir("zstd"), "oci-dir plain": oci_dir("none"),
    "oci-dir, Docker's types": oci_dir("gzip", docker=True), "oci-archive": oci_archive("gzip"),
    "oci-archive zstd": oci_archive("zstd"), "oci-archive plain": oci_archive("none"),
    "oci-archive in gzip": compressed(oci_archive("none"), ["gzip", "-c"]),
    "oci-archive in zstd": compressed(oci_archive("gzip"), ["zstd", "-qc"]),
    "docker-archive": docker_archive("docker"), "docker-archive, old": docker_archive("docker-old"),
    "docker-archive, podman's": docker_archive("podman"),
    "docker-archive in gzip": compressed(docker_archive("docker"), ["gzip", "-c"]),
    "docker-archive in zstd": compressed(docker_archive("docker-old"), ["zstd", "-qc"]),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The result that all kinds must give."""
    folder = tmp_path_factory.mktemp("expected")
    return scan(oci_dir("gzip")(make.Store(folder / "store"), folder / "image"), expect=DONE)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("prefix", [True, False], ids=["named", "recognised"])
def test_same_image_same_result(kind, prefix, store, tmp_path, expected):
    target = SOURCES[kind](store, tmp_path / "image")
    done = scan(target if prefix else target.split(":", 1)[1], expect=DONE)
    assert done.problems == [] and done.rules == []
    assert done.target["kind"] == target.split(":")[0]
    assert done.target["reference"] == target.split(":", 1)[1]
    for key in ("image_id", "platform", "distribution"):
        assert done.target[key] == expected.target[key]
    for key in ("diff_id", "created_by"):
        assert [l[key] for l in done.target["layers"]] == [l[key] for l in expected.target["layers"]]
    assert plain(done.files) == plain(expected.files)
    without = [{k: v for k, v in p.items() if k != "layer"} for p in done.report["packages"]]
    assert without == [{k: v for k, v in p.items() if k != "layer"} for p in expected.report["packages"]]
    assert done.checks["integrity"] == done.checks["packages"] == done.checks["distribution"] == "done"


def test_the_expected_result_is_the_image(store, image, expected):
    target = expected.target
    assert target["image_id"] == image.config_digest
    assert target["manifest_digest"] == image.descriptor["digest"] and target["index_digest"] is None
    assert target["platform"] == HOST
    assert target["layers"] == [{"digest": l.digest, "diff_id": l.diff_id, "size": l.size, "created_by": l.created_by}
                                for l in image.layers]
    assert target["distribution"]["codename"] == "bookworm"
    lower, upper = (l.digest for l in image.layers)
    got = {p["name"]: (p["version"], p["source"]["name"], p["source"]["version"], p["layer"])
           for p in expected.report["packages"]}
    assert got == {"hello": ("2.10-3", "hello-src", "2.10", lower), "libthing": ("1:2-2", "libthing", "1:2-2", upper),
                   "added": ("0.1", "added", "0.1", upper)}
    files = expected.files
    assert files["/etc/motd"] == {
        "path": "/etc/motd", "type": "file", "mode": "0600", "uid": 1000, "gid": 1000, "size": 8, "layer": upper,
        "sha256": hashlib.sha256(b"changed\n").hexdigest(), "target": None, "package": None}
    assert files["/usr/bin/hello"]["layer"] == lower and "/hello@2.10-3" in files["/usr/bin/hello"]["package"]
    assert files["/usr/bin/new"]["mode"] == "4755" and files["/usr/bin/again"]["sha256"] == files["/usr/bin/new"]["sha256"]
    assert "/etc/issue" not in files and "/usr/share/" + "long/" * 40 + "name" in files


@pytest.mark.skipif(os.geteuid() != 0, reason="files of several owners can be made by root alone")
def test_root_directory_gives_the_same_files(store, image, tmp_path, expected):
    root = tmp_path / "root"
    root.mkdir(mode=0o755)
    root.chmod(0o755)
    for layer in image.layers:
        subprocess.run(["tar", "-xzpf", store.path(layer.digest), "-C", root, "--same-owner"], check=True)
    for mark in root.rglob(".wh.*"):
        mark.unlink()
        (mark.parent / mark.name[4:]).unlink()
    for target in (f"dir:{root}", root):
        done = scan(target, expect=DONE)
        files = plain(done.files)
        assert files == plain(expected.files)
        assert {f["layer"] for f in done.files.values()} == {None}
        assert done.target["kind"] == "dir" and done.target["image_id"] is None and done.target["layers"] == []
        assert done.checks["integrity"] == "no-data"
        assert {(p["name"], p["version"], p["purl"]) for p in done.report["packages"]} == {
            (p["name"], p["version"], p["purl"]) for p in expected.report["packages"]}


def test_layers_digests_in_docker_archives(store, image, tmp_path):
    """The blob of such an archive is the tar itself, and its name may or may not promise a digest."""
    for style in ("docker", "docker-old", "podman"):
        to = tmp_path / style
        make.write_docker_archive(to, store, [(image, "a:1")], style)
        layers = scan(to, expect=DONE).target["layers"]
        assert [l["digest"] for l in layers] == [l["diff_id"] for l in layers] == [l.diff_id for l in image.layers]
        assert all(l["size"] > 0 for l in layers)


def test_docker_archive_that_is_a_layout_tells_its_manifest(store, image, tmp_path):
    make.write_docker_archive(tmp_path / "a", store, [(image, "a:1")], "docker")
    with tarfile.open(tmp_path / "a") as tar:
        index = json.load(tar.extractfile("index.json"))
    assert scan(tmp_path / "a").target["manifest_digest"] == index["manifests"][0]["digest"]
    assert scan(f"oci-archive:{tmp_path / 'a'}", expect=DONE).target["image_id"] == image.config_digest


def test_read_through_a_fifo_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert scan(tmp_path / "fifo", expect=FAILED).says("neither a file nor a directory")


# ---- which image ----

@pytest.fixture
def two(store):
    """Two images that differ in one file."""
    other = store.image([store.layer_from_entries([make.file("etc/other", b"2")])], {}, HOST)
    return make_image(store), other


def names_of(target, tag):
    done = scan(f"{target}{tag}", expect=DONE)
    assert done.target["reference"] == f"{target}{tag}".removeprefix("oci-dir:").removeprefix("oci-archive:")
    return done.target["image_id"]


def test_tags_of_a_layout(store, two, tmp_path):
    first, second = two
    to = tmp_path / "layout"
    make.write_oci_layout(to, store, [(first.descriptor, "one"), (second.descriptor, "registry.example:5000/a/b:two")])
    assert names_of(to, ":one") == first.config_digest
    assert names_of(f"oci-dir:{to}", ":registry.example:5000/a/b:two") == second.config_digest
    assert names_of(to, "@" + second.descriptor["digest"]) == second.config_digest
    assert names_of(to, ":" + first.descriptor["digest"]) == first.config_digest
    for target in (to, f"oci-dir:{to}"):
        done = scan(target, expect=FAILED)
        assert done.says("several images") and done.says("one, registry.example:5000/a/b:two")
    done = scan(f"{to}:three", expect=FAILED)
    assert done.says("no image 'three'") and done.says("one, registry.example:5000/a/b:two")
    done = scan(f"{to}@sha256:{'0' * 64}", expect=FAILED)
    assert done.says("no image 'sha256:000")
    assert scan(f"{to}:", expect=FAILED).says("a tag is expected")


def test_untagged_images_are_listed_by_digest(store, two, tmp_path):
    to = tmp_path / "layout"
    make.write_oci_layout(to, store, [(i.descriptor, None) for i in two])
    done = scan(to, expect=FAILED)
    assert all(done.says(i.descriptor["digest"]) for i in two)
    assert names_of(to, "@" + two[1].descriptor["digest"]) == two[1].config_digest


def test_one_image_with_two_tags_is_one_image(store, image, tmp_path):
    to = tmp_path / "layout"
    make.write_oci_layout(to, store, [(image.descriptor, "a"), (image.descriptor, "b")])
    assert scan(to, expect=DONE).target["image_id"] == image.config_digest
    assert names_of(to, ":b") == image.config_digest


def test_containerd_names(store, image, tmp_path):
    to = tmp_path / "layout"
    name = "docker.io/library/a:1"
    descriptor = {**image.descriptor, "annotations": {"io.containerd.image.name": name, make.REF_NAME: "1"}}
    make.write_oci_layout(to, store, [(descriptor, None)])
    for tag in (f":{name}", ":1", ""):
        assert names_of(to, tag) == image.config_digest


@pytest.mark.parametrize("style", ["docker", "docker-old", "podman"])
def test_tags_of_a_docker_archive(style, store, two, tmp_path):
    first, second = two
    to = tmp_path / "a.tar"
    make.write_docker_archive(to, store, [(first, "host:5000/a:1"), (second, "b:latest")], style)
    for tag, want in [("host:5000/a:1", first), ("b:latest", second), ("b", second)]:
        done = scan(f"docker-archive:{to}:{tag}", expect=DONE)
        assert done.target["image_id"] == want.config_digest and done.target["reference"] == f"{to}:{tag}"
    done = scan(to, expect=FAILED)
    assert done.says("several images") and done.says("host:5000/a:1, b:latest")
    assert scan(f"{to}:c", expect=FAILED).says("no image 'c' in it; there are: host:5000/a:1, b:latest")


def test_docker_archive_by_digest(store, two, tmp_path):
    to = tmp_path / "a.tar"
    make.write_docker_archive(to, store, [(two[0], None), (two[1], None)])
    done = scan(to, expect=FAILED)
    assert done.says(two[0].config_digest) and done.says(two[1].config_digest)
    for image in two:
        assert scan(f"{to}@{image.config_digest}", expect=DONE).target["image_id"] == image.config_digest


def test_paths_that_hold_colons(store, two, tmp_path):
    first, second = two
    folder = tmp_path / "a:b@c"
    folder.mkdir()
    make.write_oci_layout(folder / "x:1", store, [(first.descriptor, "t")])
    make.write_oci_layout(folder / "x", store, [(second.descriptor, "1"), (first.descriptor, "1:t")])
    assert names_of(folder / "x:1", "") == first.config_digest
    assert names_of(folder / "x:1", ":t") == first.config_digest
    assert names_of(folder / "x", "@" + second.descriptor["digest"]) == second.config_digest
    assert scan("x:1", cwd=folder, expect=DONE).target["image_id"] == first.config_digest
    assert scan("oci-dir:x:1:t", cwd=folder, expect=DONE).target["image_id"] == first.config_digest


def test_a_path_named_like_a_kind(store, image, tmp_path):
    make.write_oci_layout(tmp_path / "dir", store, [(image.descriptor, "1")])
    assert scan("dir", cwd=tmp_path, expect=DONE).target["kind"] == "oci-dir"
    assert scan("./dir:1", cwd=tmp_path, expect=DONE).target["reference"] == "./dir:1"


# ---- digests ----

def test_sha512(tmp_path):
    store = make.Store(tmp_path / "store", "sha512")
    image = make_image(store)
    for write, name in [(make.write_oci_layout, "a"), (make.write_oci_archive, "b")]:
        write(tmp_path / name, store, [(image.descriptor, None)])
        done = scan(tmp_path / name, expect=DONE)
        assert done.target["image_id"] == image.config_digest and image.config_digest.startswith("sha512:")
        assert [l["digest"] for l in done.target["layers"]] == [l.digest for l in image.layers]
        assert done.checks["integrity"] == "done" and done.problems == []


def test_sha512_diff_ids(store, tmp_path):
    layers = layers_of(store)
    tars = [gzip.decompress(store.path(l.digest).read_bytes()) for l in layers]
    ids = ["sha512:" + hashlib.sha512(tar).hexdigest() for tar in tars]
    image = store.image(layers, edit_config=lambda c: c["rootfs"].update(diff_ids=ids))
    make.write_oci_layout(tmp_path / "a", store, [(image.descriptor, None)])
    done = scan(tmp_path / "a", expect=DONE)
    assert [l["diff_id"] for l in done.target["layers"]] == ids and done.problems == []


# ---- layers and history ----

def test_the_same_layer_twice(store, tmp_path):
    base = store.layer_from_entries([make.file("a", b"1")], created_by="first")
    gone = store.layer_from_entries([make.whiteout("a")], created_by="second")
    image = store.image([base, gone, base])
    for style in (None, "docker", "docker-old", "podman"):
        to = tmp_path / str(style)
        if style:
            make.write_docker_archive(to, store, [(image, "a:1")], style)
        else:
            make.write_oci_layout(to, store, [(image.descriptor, None)])
        for cache in (False, True):
            done = scan(to, cache=cache, expect=DONE)
            assert [l["diff_id"] for l in done.target["layers"]] == [base.diff_id, gone.diff_id, base.diff_id]
            assert set(done.files) == {"/", "/a"}


def test_no_layers(store, tmp_path):
    image = store.image([])
    make.write_oci_layout(tmp_path / "a", store, [(image.descriptor, None)])
    make.write_docker_archive(tmp_path / "b", store, [(image, "a:1")], "docker-old")
    for name in "ab":
        done = scan(tmp_path / name, expect=DONE)
        assert done.target["layers"] == [] and done.report["packages"] == [] and done.problems == []
        assert done.target["image_id"] == image.config_digest
        assert done.checks["packages"] == done.checks["distribution"] == "no-data"
        assert done.checks["integrity"] == "done"


def test_empty_layers(store, tmp_path):
    layers = [store.layer_from_entries([], "gzip"), store.layer_from_entries(system_entries()),
              store.layer_from_bytes(b"\0" * 1024, "none"), store.layer_from_bytes(b"", "gzip"),
              store.layer_from_entries([], "zstd"), store.layer_from_bytes(b"", "none")]
    make.write_oci_layout(tmp_path / "a", store, [(store.image(layers).descriptor, None)])
    done = scan(tmp_path / "a", expect=DONE)
    assert done.problems == [] and len(done.report["packages"]) == 2
    assert [l["diff_id"] for l in done.target["layers"]] == [l.diff_id for l in layers]


def usual_descriptors():
    """What a login gives."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))


@pytest.mark.parametrize("n", [200, 1024])
def test_many_layers(n, store, tmp_path):
    layers = [store.layer_from_entries([make.file(f"d/{i}", str(i).encode()), make.file("d/last", str(i).encode())],
                                       created_by=f"step {i}") for i in range(n)]
    image = store.image(layers)
    make.write_oci_layout(tmp_path / "a", store, [(image.descriptor, None)])
    make.write_oci_archive(tmp_path / "b", store, [(image.descriptor, None)])
    for name in "ab":
        done = scan(tmp_path / name, expect=DONE, preexec_fn=usual_descriptors)
        assert done.problems == [] and len(done.files) == n + 3
        assert done.files["/d/last"]["sha256"] == hashlib.sha256(str(n - 1).encode()).hexdigest()
        assert done.files["/d/7"]["layer"] == layers[7].digest and done.files["/d"]["layer"] == layers[0].digest
        assert [l["created_by"] for l in done.target["layers"]] == [f"step {i}" for i in range(n)]


def test_more_layers_than_are_read(store, tmp_path):
    layer = store.layer_from_entries([make.file("a")])
    make.write_oci_layout(tmp_path / "a", store, [(store.image([layer] * 1025).descriptor, None)])
    assert scan(tmp_path / "a", expect=FAILED).says("1025 layers, more than the 1024 that are read")


def with_history(store, layers, history):
    return store.image(layers, edit_config=lambda c: c.update(history=history) if history is not None else c.pop("history"))


@pytest.mark.parametrize("history, texts, notes", [
    ([{"created_by": "ENV A=1", "empty_layer": True}, {"created_by": "ADD base"}, {"empty_layer": True, "created_by": "CMD x"},
      {"created_by": "RUN \x1b[31m y"}], ["ADD base", "RUN \x1b[31m y"], 0),
    ([{"created_by": "a"}, {"comment": "no created_by"}], ["a", None], 0),
    ([{"created_by": None, "empty_layer": None}, {"created_by": "b", "empty_layer": False}], [None, "b"], 0),
    ([{"created_by": "a"}], [None, None], 1),
    ([{"created_by": "a"}] * 3, [None, None], 1),
    ([], [None, None], 0),
    (None, [None, None], 0),
])
def test_history(history, texts, notes, store, tmp_path):
    layers = layers_of(store)
    make.write_oci_layout(tmp_path / "a", store, [(with_history(store, layers, history).descriptor, None)])
    done = scan(tmp_path / "a", expect=DONE)
    assert [l["created_by"] for l in done.target["layers"]] == texts
    assert len(done.problems) == notes


# ---- recognising, and what is not an image ----

def test_a_directory_that_is_neither(tmp_path):
    (tmp_path / "pictures").mkdir()
    done = scan(tmp_path, expect=FAILED)
    assert done.says("no oci-layout") and done.says(f"dir:{tmp_path}")
    assert scan(f"dir:{tmp_path}", expect=DONE).files.keys() == {"/", "/pictures"}


def test_a_layout_with_a_root_file_system_around_it(store, image, tmp_path):
    make.write_oci_layout(tmp_path, store, [(image.descriptor, None)])
    (tmp_path / "etc").mkdir()
    assert scan(tmp_path, expect=DONE).target["kind"] == "oci-dir"
    assert scan(f"dir:{tmp_path}", expect=DONE).target["kind"] == "dir"


@pytest.mark.parametrize("kind, says", [
    ("oci-dir", "index.json"), ("oci-archive", "is a directory"), ("docker-archive", "is a directory")])
def test_a_root_directory_as_something_else(kind, says, tmp_path):
    (tmp_path / "etc").mkdir()
    assert scan(f"{kind}:{tmp_path}", expect=FAILED).says(says)


@pytest.mark.parametrize("kind", ["oci-dir", "dir"])
def test_an_archive_as_a_directory(kind, store, image, tmp_path):
    make.write_oci_archive(tmp_path / "a", store, [(image.descriptor, None)])
    assert scan(f"{kind}:{tmp_path / 'a'}", expect=FAILED).says("not a directory")


def test_archives_of_other_things(store, image, tmp_path):
    (tmp_path / "text").write_text("hello, this is no archive\n" * 100)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "tar").write_bytes(make.tar_of([make.file("a"), make.file("etc/passwd", b"root")]))
    (tmp_path / "old").write_bytes(make.tar_of([make.file("repositories", b"{}"), make.file("x/layer.tar", b"")]))
    make.write_oci_archive(tmp_path / "oci", store, [(image.descriptor, None)])
    (tmp_path / "xz").write_bytes(b"\xfd7zXZ\0" + b"x" * 1000)
    (tmp_path / "zip").write_bytes(b"PK\3\4" + b"x" * 1000)
    for name, says in [("text", "tar"), ("empty", "no index.json"), ("tar", "not of an image"), ("old", "before 1.10"),
                       ("xz", "compressed with xz"), ("zip", "tar")]:
        assert scan(tmp_path / name, expect=FAILED).says(says), name
    assert scan(f"docker-archive:{tmp_path / 'oci'}", expect=FAILED).says("manifest.json")
    assert scan(f"oci-archive:{tmp_path / 'tar'}", expect=FAILED).says("index.json")


def test_no_such_path(tmp_path):
    for target in (tmp_path / "no", f"oci-dir:{tmp_path}/no", f"dir:{tmp_path}/no", f"docker-archive:{tmp_path}/no:tag"):
        assert scan(target, expect=FAILED).says("no")
    for target in ("oci-dir:", "dir:", "oci-archive:", "docker-archive:", ""):
        assert scan(target, cwd=tmp_path, expect=FAILED).says("a path is expected")


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
def test_what_skopeo_writes(store, image, tmp_path):
    """Another program's idea of each format."""
    make.write_oci_layout(tmp_path / "a", store, [(image.descriptor, "1.0")])
    whole = scan(tmp_path / "a", expect=DONE)
    for form, target in [("oci-archive", tmp_path / "b"), ("docker-archive", tmp_path / "c"), ("oci", tmp_path / "d")]:
        subprocess.run(["skopeo", "copy", "-q", "--insecure-policy", f"oci:{tmp_path / 'a'}:1.0", f"{form}:{target}:x/y:2"],
                       check=True)
        done = scan(target, expect=DONE)
        assert plain(done.files) == plain(whole.files) and done.problems == []
        assert [l["diff_id"] for l in done.target["layers"]] == [l["diff_id"] for l in whole.target["layers"]]
        assert scan(f"{target}:x/y:2", expect=DONE).target["image_id"] == done.target["image_id"]
        assert scan(f"{target}:other", expect=FAILED).says("x/y:2") and INCOMPLETE


# ---- directories over one another ----

def test_directories_are_layers(tmp_path):
    for name, content in (("low/etc/a", b"1"), ("low/etc/b", b"2"), ("high/etc/a", b"3")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    done = scan(f"overlay:{tmp_path}/low:{tmp_path}/high", expect=DONE)
    assert done.target["kind"] == "overlay" and len(done.target["layers"]) == 2
    assert done.files["/etc/a"]["sha256"] == hashlib.sha256(b"3").hexdigest()
    assert done.files["/etc/b"]["sha256"] == hashlib.sha256(b"2").hexdigest()


@pytest.mark.parametrize("target, says", [("overlay:/nowhere", "open the layer '/nowhere'"), ("overlay:/tmp:", "before and after each ':'"),
                                          ("overlay:", "a path is expected"), ("container:", "the name or the id")])
def test_directories_that_are_none(target, says):
    assert says in scan(target, expect=FAILED).stderr
