# SPDX-License-Identifier: Apache-2.0
"""The files that a scan shows are those that an engine would show: held against a model and against the kernel's overlayfs."""
import hashlib
import io
import os
import random
import shutil
import subprocess
import tarfile

import pytest

import overlay
from scanning import DONE, INCOMPLETE, make, scan

file, directory, symlink, hardlink = make.file, make.directory, make.symlink, make.hardlink
whiteout, opaque = make.whiteout, make.opaque


def device(name, kind, major, minor):
    return make.entry(name, kind=kind, mode=0o640, devmajor=major, devminor=minor)


def below(top, depth):
    return top + "/d" * depth


BASE = [directory("d"), file("d/a", b"1"), file("d/b", b"2"), directory("d/e"), file("d/e/f", b"3"), file("top", b"4")]

CASES = {
    "one layer": [BASE],
    "files change, appear, move": [BASE, [file("d/a", b"new", mode=0o600), file("d/c", b"c")], [file("x/y/z", b"z")]],
    "a directory changes its owner": [BASE, [directory("d", 0o700, uid=5, gid=6)]],
    "whiteouts": [BASE, [whiteout("d/a"), whiteout("d/e")], [whiteout("top")]],
    "a whiteout of nothing": [BASE, [whiteout("d/none"), whiteout("nowhere/at/all")]],
    "whiteouts and back": [BASE, [whiteout("d")], [file("d/a", b"back")]],
    "a whiteout beside its own name": [BASE, [whiteout("d/a"), file("d/a", b"stays")]],
    "its own name beside a whiteout": [BASE, [file("d/a", b"stays"), whiteout("d/a")]],
    "a directory in place of the one whited out": [BASE, [whiteout("d"), directory("d", 0o711), file("d/new", b"n")]],
    "opaque first": [BASE, [directory("d"), opaque("d"), file("d/new", b"n")]],
    "opaque last": [BASE, [directory("d"), file("d/new", b"n"), file("d/e/new", b"n"), opaque("d")]],
    "opaque below": [BASE, [opaque("d/e"), file("d/e/g", b"g")]],
    "opaque twice": [BASE, [opaque("d"), file("d/x", b"x")], [file("d/y", b"y")], [opaque("d"), file("d/z", b"z")]],
    "an opaque root": [BASE, [opaque(""), file("only", b"1")]],
    "an opaque directory that comes anew": [BASE, [opaque("new"), file("new/a", b"1")], [file("new/b", b"2")]],
    "directory, file, directory": [BASE, [file("d", b"now a file")], [directory("d", 0o700), file("d/z", b"z")]],
    "file, directory, file": [[file("x", b"1")], [directory("x"), file("x/y", b"2")], [file("x", b"3")]],
    "a directory becomes a link": [BASE, [symlink("d", "elsewhere"), directory("elsewhere"), file("elsewhere/a", b"e")]],
    "a link becomes a directory": [[directory("usr"), directory("usr/lib"), symlink("lib", "usr/lib")],
                                   [directory("lib"), file("lib/x", b"x")]],
    "files below a link of a lower layer": [[directory("usr/lib"), file("usr/lib/a", b"a"), symlink("lib", "usr/lib")],
                                            [file("lib/b", b"b")]],
    "a file becomes a directory without being named": [[file("x", b"1")], [file("x/y", b"2")]],
    "hard links in one layer": [[directory("h"), file("h/a", b"same", mode=0o4711), hardlink("h/b", "h/a", mode=0o4711),
                                 hardlink("c", "h/b", mode=0o4711)]],
    "a hard link whose target changes later": [[file("a", b"old"), hardlink("b", "a")], [file("a", b"new")]],
    "a hard link whose target goes later": [[file("a", b"old"), hardlink("b", "a")], [whiteout("a")]],
    "a hard link to a symbolic link": [[symlink("a", "nowhere"), hardlink("b", "a")]],
    "a hard link to a device": [[device("a", tarfile.CHRTYPE, 1, 3), hardlink("b", "a", mode=0o640)]],
    "a hard link over a file": [[file("a", b"1"), file("b", b"2")], [file("a", b"3"), hardlink("b", "a")]],
    "devices": [[device("null", tarfile.CHRTYPE, 1, 3), device("loop", tarfile.BLKTYPE, 7, 0),
                 make.entry("fifo", kind=tarfile.FIFOTYPE, mode=0o600), directory("dev")],
                [whiteout("null"), file("loop", b"a file now")]],
    "special modes": [[file("suid", b"", mode=0o4755), file("sgid", b"", mode=0o2755), directory("tmp", 0o1777),
                       file("none", b"", mode=0), file("owner", b"", uid=65534, gid=4294967294)]],
    "long names": [[file("l" * 255, b"1"), file("/".join(["n" * 100] * 12), b"2"), symlink("s", "t" * 1000),
                    hardlink("h" * 200, "l" * 255)]],
    "odd names": [[file(" ", b"1"), file("a b\tc\nd", b"2"), file("-x", b"3"), file("ünï/çødé", b"4"), file("\U0001f4a9", b"5"),
                   file("a\\b", b"6"), file("q\"'", b"7"), file("...", b"8"), file("wh.", b"9"), file("a.wh.b", b"10")]],
    "names that sort badly": [[file("a/b", b"1"), file("a-b", b"2"), file("a.b", b"3"), file("a!", b"4"), file("a/a", b"5")],
                              [whiteout("a"), file("a-b/c", b"6")], [file("a", b"7"), opaque("a-b")]],
    "names with dots and slashes": [[directory("./"), directory("./d/"), file("./d/a", b"1"), file("d//b", b"2"),
                                     file("/d/c", b"3"), file("d/./e", b"4")],
                                    [make.entry("./d/.wh.a"), make.entry("/d/.wh.b")]],
    "deep": [[file(below("t", 200) + "/f", b"1")], [file(below("t", 100) + "/g", b"2")], [whiteout(below("t", 150))]],
    "capabilities": [[file("ping", b"x", mode=0o755, pax_headers={
        "SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"})]],
    "much in many layers": [[file(f"d{i % 7}/f{i}", str(i * n).encode()) for i in range(n, 60 + n)] +
                            [whiteout(f"d{n % 7}/f{n}"), whiteout(f"d{(n + 1) % 7}")] for n in range(1, 12)],
}


NOT_OVERLAYFS = {"an opaque root": "the root of an overlay can not be opaque"}


@pytest.fixture
def store(tmp_path):
    return make.Store(tmp_path / "store")


def scan_layers(store, layers, to, compression="none", **how):
    made = [store.layer_from_entries(entries, compression) for entries in layers]
    make.write_oci_layout(to, store, [(store.image(made).descriptor, None)])
    return scan(to, **how)


@pytest.fixture(scope="module")
def overlayfs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overlay")
    if not overlay.can_mount(folder / "try"):
        pytest.skip("overlayfs can not be mounted here (it takes root)")
    return folder


@pytest.mark.parametrize("name", CASES)
def test_against_the_model(name, store, tmp_path):
    done = scan_layers(store, CASES[name], tmp_path / "image", expect=DONE)
    assert overlay.seen_by_scan(done) == overlay.model(CASES[name])
    for _ in range(2):
        again = scan(tmp_path / "image", cache=True, XDG_DATA_HOME=str(tmp_path / "data"), expect=DONE)
        assert (again.files, again.problems) == (done.files, done.problems)


@pytest.mark.parametrize("name", [name for name in CASES if name not in NOT_OVERLAYFS])
def test_against_overlayfs(name, store, overlayfs, tmp_path):
    done = scan_layers(store, CASES[name], tmp_path / "image", "gzip", expect=DONE)
    tars = [make.tar_of(entries) for entries in CASES[name]]
    with overlay.mounted(tars, overlayfs / name.replace(",", "").replace(" ", "-")) as view:
        assert overlay.without_layers(overlay.seen_by_scan(done)) == overlay.seen_in_directory(view)


@pytest.mark.parametrize("name", [name for name in CASES if name not in NOT_OVERLAYFS])
def test_directories_of_overlayfs(name, overlayfs):
    """What the kernel mounts, read where it lies."""
    folder = overlayfs / ("lower-" + name.replace(",", "").replace(" ", "-"))
    with overlay.mounted([make.tar_of(entries) for entries in CASES[name]], folder) as view:
        lower = [str(folder / str(i)) for i in range(len(CASES[name]))]
        done = scan("overlay:" + ":".join(lower), expect=DONE)
        assert overlay.without_layers(overlay.seen_by_scan(done)) == overlay.seen_in_directory(view)


@pytest.mark.parametrize("seed", range(30))
def test_random_layers(seed, store, tmp_path):
    """Whatever layers do to each other on a few names."""
    dice = random.Random(seed)
    names = ["a", "b", "a/b", "a/b/c", "b/a", "b/a/a", "a.b", "a.b/c"]
    layers = []
    for _ in range(dice.randint(2, 7)):
        entries, kinds = [], {}
        for name in dice.sample(names, dice.randint(1, 6)):
            parents = [name[:i] for i in range(len(name)) if name[i] == "/"]
            if any(kinds.get(p, "d") != "d" for p in parents) or any(o.startswith(name + "/") for o in kinds):
                continue
            kind = dice.choice("ffddswwo")
            kinds.update({p: "d" for p in parents + ([name] if kind == "o" else [])})
            if kind in "wo":
                entries.append(whiteout(name) if kind == "w" else opaque(name))
                continue
            kinds[name] = kind
            entries.append({"f": lambda: file(name, str(dice.random()).encode()), "d": lambda: directory(name, uid=dice.randint(0, 9)),
                            "s": lambda: symlink(name, dice.choice(names))}[kind]())
        layers.append(entries)
    done = scan_layers(store, layers, tmp_path / "image", expect=DONE)
    assert overlay.seen_by_scan(done) == overlay.model(layers)


# ---- hard links between layers ----

LINKED = [file("a", b"old", mode=0o755, uid=3), file("other", b"x")]
LINKS = {
    "to a file that stays": [LINKED, [hardlink("b", "a")]],
    "to a file that the same layer removes": [LINKED, [hardlink("b", "a"), whiteout("a")]],
    "and the mark stands first": [LINKED, [whiteout("a"), hardlink("b", "a")]],
    "to a file that a later layer removes": [LINKED, [hardlink("b", "a")], [whiteout("a")]],
    "to a file that a later layer changes": [LINKED, [hardlink("b", "a")], [file("a", b"new")]],
    "to a file of three layers before": [LINKED, [file("x", b"1")], [whiteout("x")], [hardlink("b", "a")], [whiteout("a")]],
    "to a link to a lower layer": [LINKED, [hardlink("b", "a")], [hardlink("c", "b"), whiteout("b")], [whiteout("a")]],
    "over another file": [LINKED, [hardlink("other", "a")], [whiteout("a")]],
    "to the file that was there before": [LINKED, [file("a", b"newer")], [hardlink("b", "a")], [file("a", b"newest")]],
    "below a directory that goes": [[directory("d"), file("d/a", b"1")], [hardlink("b", "d/a"), whiteout("d")]],
    "below a directory that is made opaque": [[directory("d"), file("d/a", b"1")], [hardlink("d/b", "d/a"), opaque("d")]],
    "by itself": [LINKED, [hardlink("a", "a")]],
}


@pytest.mark.parametrize("name", LINKS)
def test_hard_links_between_layers(name, store, tmp_path):
    layers = LINKS[name]
    done = scan_layers(store, layers, tmp_path / "image", expect=DONE)
    assert overlay.seen_by_scan(done) == overlay.model(layers)


@pytest.mark.parametrize("layers, says", [
    ([LINKED, [hardlink("b", "none")]], "'b' is a hard link to 'none', which is not there"),
    ([LINKED, [whiteout("a")], [hardlink("b", "a")]], "'b' is a hard link to 'a', which is not there"),
    ([[directory("d")], [hardlink("b", "d")]], "'b' is a hard link to 'd'"),
    ([[directory("d"), hardlink("b", "d")]], "a hard link to the directory 'd' was left out"),
    ([LINKED, [hardlink("b", "c")], [file("c", b"later")]], "'b' is a hard link to 'c', which is not there"),
    ([LINKED, [hardlink("b", "c"), hardlink("c", "b")]], "is a hard link to"),
])
def test_hard_links_to_nothing(layers, says, store, tmp_path):
    done = scan_layers(store, layers, tmp_path / "image", expect=INCOMPLETE)
    assert done.says(says)
    assert "/b" not in done.files or done.files["/b"]["sha256"] is None


# ---- forms of tar ----

def content_with_holes():
    pieces = [(0, b"start"), (1 << 20, b"middle" * 1000), ((5 << 20) + 7, b"end")]
    size = 9 << 20
    content = bytearray(size)
    for at, piece in pieces:
        content[at:at + len(piece)] = piece
    return pieces, size, bytes(content)


SPARSE = {"GNU's old form": ["--format=gnu"], "0.0": ["--format=pax", "--sparse-version=0.0"],
          "0.1": ["--format=pax", "--sparse-version=0.1"], "1.0": ["--format=pax", "--sparse-version=1.0"]}


@pytest.mark.parametrize("form", SPARSE)
def test_sparse_files(form, store, tmp_path):
    pieces, size, content = content_with_holes()
    tree = tmp_path / "tree"
    (tree / "d").mkdir(parents=True)
    for name in ("d/sparse", "d/only-a-hole", "d/" + "long" * 40):
        with open(tree / name, "wb") as out:
            for at, piece in pieces if "hole" not in name else []:
                out.seek(at)
                out.write(piece)
            out.truncate(size)
    (tree / "d/after").write_bytes(b"what follows is read right")
    tar = subprocess.run(["tar", "-c", "--sparse", "--sort=name", *SPARSE[form], "-C", tree, "d"], stdout=subprocess.PIPE, check=True)
    assert len(tar.stdout) < 1 << 20, "tar found no holes"
    layer = store.layer_from_bytes(tar.stdout)
    make.write_oci_layout(tmp_path / "image", store, [(store.image([layer]).descriptor, None)])
    done = scan(tmp_path / "image", expect=DONE)
    assert done.problems == []
    for name in ("/d/sparse", "/d/" + "long" * 40):
        assert done.files[name]["size"] == size and done.files[name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert done.files["/d/only-a-hole"]["sha256"] == hashlib.sha256(bytes(size)).hexdigest()
    assert done.files["/d/after"]["sha256"] == hashlib.sha256(b"what follows is read right").hexdigest()


@pytest.mark.parametrize("form", ["v7", "ustar", "oldgnu", "gnu", "pax"])
def test_forms_by_tar(form, store, tmp_path):
    """Each form that GNU tar writes, with what it can hold."""
    tree = tmp_path / "tree"
    (tree / "d/e").mkdir(parents=True)
    (tree / "d/file").write_bytes(b"1" * 1000)
    os.link(tree / "d/file", tree / "d/hard")
    (tree / "d/soft").symlink_to("file")
    if form not in ("v7", "ustar"):
        (tree / "d" / ("n" * 200)).write_bytes(b"long")
        (tree / "d/far").symlink_to("t" * 300)
    tar = subprocess.run(["tar", "-c", f"--format={form}", "--sort=name", "-C", tree, "d"], stdout=subprocess.PIPE, check=True).stdout
    make.write_oci_layout(tmp_path / "image", store, [(store.image([store.layer_from_bytes(tar)]).descriptor, None)])
    done = scan(tmp_path / "image", expect=DONE)
    assert done.problems == []
    want = {p: f for p, f in overlay.seen_in_directory(tree).items() if p != "/"}
    have = overlay.without_layers(overlay.seen_by_scan(done))
    assert {p: f for p, f in have.items() if p != "/"} == want


def test_names_that_are_not_utf8(store, tmp_path):
    raw = [b"latin\xe9", b"d\xff/f\xfe", b"\xc3", b"\xed\xa0\x80", b"ok\xc3\xa9"]
    entries = [file(name.decode("utf-8", "surrogateescape"), name) for name in raw]
    entries += [symlink("link", b"to\xff".decode("utf-8", "surrogateescape")), hardlink("hard", entries[0][0].name)]
    for form in (tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT):
        layer = store.layer_from_bytes(make.tar_of(entries, form))
        make.write_oci_layout(tmp_path / str(form), store, [(store.image([layer]).descriptor, None)])
        done = scan(tmp_path / str(form), expect=DONE)
        for name in raw:
            assert done.files["/" + overlay.text_of(name)]["sha256"] == hashlib.sha256(name).hexdigest(), form
        assert done.files["/link"]["target"] == "to\\xff"
        assert done.files["/hard"]["sha256"] == hashlib.sha256(raw[0]).hexdigest()


def test_bytes_after_the_end_of_the_tar(store, tmp_path):
    """They are in the diffID, and nothing in them is a file."""
    tar = make.tar_of([file("a", b"1")]) + b"\0" * 512 * 40 + make.tar_of([file("hidden", b"2")])
    for compression in ("none", "gzip", "zstd"):
        layer = store.layer_from_bytes(tar, compression)
        make.write_oci_layout(tmp_path / compression, store, [(store.image([layer]).descriptor, None)])
        done = scan(tmp_path / compression, expect=DONE)
        assert set(done.files) == {"/", "/a"} and done.target["layers"][0]["diff_id"] == layer.diff_id


def test_several_gzip_members(store, tmp_path):
    """As pigz, eStargz and dockerd's cache write them."""
    import gzip
    tar = make.tar_of([file("a", b"1" * 5000), file("b", b"2" * 5000)])
    blob = b"".join(gzip.compress(tar[i:i + 3000]) for i in range(0, len(tar), 3000))
    digest = store.add(blob)
    layer = make.Layer(digest, len(blob), make.OCI_LAYER + "+gzip", "sha256:" + hashlib.sha256(tar).hexdigest(), "gzip")
    make.write_oci_layout(tmp_path / "a", store, [(store.image([layer]).descriptor, None)])
    done = scan(tmp_path / "a", expect=DONE)
    assert set(done.files) == {"/", "/a", "/b"} and done.problems == []


@pytest.mark.skipif(shutil.which("buildah") is None or os.geteuid() != 0, reason="buildah is not installed, or this is not root")
def test_against_buildah(store, tmp_path):
    """An engine's own view of all cases that it can load, in one image each."""
    root, run = tmp_path / "storage", tmp_path / "run"
    storage = ["--root", str(root), "--runroot", str(run), "--storage-driver", "overlay"]
    names = ["whiteouts", "opaque last", "directory, file, directory", "a directory becomes a link", "hard links in one layer",
             "files below a link of a lower layer"]

    def buildah(*args):
        return subprocess.run(["buildah", *storage, *args], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        for i, name in enumerate(names):
            done = scan_layers(store, CASES[name], tmp_path / f"image{i}", "gzip", expect=DONE)
            container = buildah("from", "--pull-never", "--signature-policy", policy(tmp_path), f"oci:{tmp_path}/image{i}")
            view = buildah("mount", container)
            want = {p: f for p, f in overlay.seen_in_directory(view).items() if p != "/"}
            have = overlay.without_layers(overlay.seen_by_scan(done))
            assert {p: f for p, f in have.items() if p != "/"} == want, name
    finally:
        subprocess.run(["buildah", *storage, "umount", "--all"], check=False, stdout=subprocess.DEVNULL)
        subprocess.run(["buildah", *storage, "rm", "--all"], check=False, stdout=subprocess.DEVNULL)
        for mount in (root / "overlay", root):
            subprocess.run(["umount", str(mount)], check=False, stderr=subprocess.DEVNULL)


def policy(folder):
    path = folder / "policy.json"
    path.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    return str(path)


def test_the_list_is_sorted_and_whole(store, tmp_path):
    """Many files, in no order."""
    dice = random.Random(1)
    names = [f"{dice.choice('abc')}/{dice.randint(0, 50)}/{dice.getrandbits(40):x}" for _ in range(20000)]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    layer = store.layer_from_bytes(out.getvalue())
    make.write_oci_layout(tmp_path / "a", store, [(store.image([layer]).descriptor, None)])
    done = scan(tmp_path / "a", expect=DONE)
    assert {p for p, f in done.files.items() if f["type"] == "file"} == {"/" + n for n in names}
    paths = [f["path"].encode().replace(b"/", b"\0") for f in done.report["files"]]
    assert paths == sorted(paths)
