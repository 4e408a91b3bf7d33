# SPDX-License-Identifier: Apache-2.0
"""Hostile layers: bombs, names, depths, forms of tar. The layer's digests are right; what is in it is not."""
import functools
import hashlib
import io
import os
import random
import struct
import subprocess
import tarfile
import time
import zlib

import pytest

import scanning
from scanning import DONE, FAILED, INCOMPLETE, make, scan as quick_scan, stanza, system_entries

scan = functools.partial(scanning.scan, program=scanning.checked_program())
MIB, GIB = 1 << 20, 1 << 30


@pytest.fixture
def store(tmp_path):
    return make.Store(tmp_path / "store")


def with_layers(store, to, *layers):
    """Images of a good layer and these."""
    good = store.layer_from_entries(system_entries())
    make.write_oci_layout(to, store, [(store.image([good, *layers]).descriptor, None)])
    return to


def with_entries(store, to, entries):
    return with_layers(store, to, store.layer_from_bytes(make.tar_of(entries)))


def with_blob(store, to, data, diff_id="sha256:" + "00" * 32):
    """The bytes of a blob as they are."""
    return with_layers(store, to, make.Layer(store.add(data), len(data), make.OCI_LAYER, diff_id, "none"))


def gap(target, says, *options, run=scan):
    done = run(target, *options, expect=INCOMPLETE)
    assert done.says(says), done.told()
    assert any("layer 1" in p and says in p for p in done.problems), done.told()
    assert {p["name"] for p in done.report["packages"]} >= {"hello"}, "the good layer is read"
    assert done.files["/etc/motd"]["sha256"]
    return done


def gzip_of_zeros(size):
    """Members of 16 MiB each."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    member = deflate.compress(bytes(16 * MIB)) + deflate.flush()
    return member * (size // (16 * MIB))


def zstd_of_zeros(size):
    frame = subprocess.run(["zstd", "-qc", "-1"], input=bytes(16 * MIB), stdout=subprocess.PIPE, check=True).stdout
    return frame * (size // (16 * MIB))


# ---- bombs ----

@pytest.mark.parametrize("bomb", [gzip_of_zeros, zstd_of_zeros])
def test_bombs(bomb, store, tmp_path):
    tar = make.tar_of([make.file("usr/a", b"1")])[:1024] + make.tar_of([make.entry("usr/zeros", kind=tarfile.REGTYPE)])[:512]
    header = bytearray(tar)
    header[1024 + 124:1024 + 136] = b"%011o\0" % (8 * GIB - 1)
    fix_checksum(header, 1024)
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = {gzip_of_zeros: lambda: deflate.compress(bytes(header)) + deflate.flush(),
            zstd_of_zeros: lambda: subprocess.run(["zstd", "-qc"], input=header, stdout=subprocess.PIPE, check=True).stdout}[bomb]()
    to = with_blob(store, tmp_path / "a", head + bomb(10 * GIB))
    done = gap(to, "more than 33554432 bytes (--limit layer-bytes=N raises this)", "--limit", "layer-bytes=32M")
    assert done.files["/usr/a"]["sha256"] and done.files["/usr/zeros"]["sha256"] is None
    gap(to, "more than 500 times its size (--limit ratio=N raises this)", run=quick_scan)
    assert done.target["layers"][1]["diff_id"] == "sha256:" + "00" * 32, "what was not read to its end has no diffID of ours"


def fix_checksum(data, at=0):
    data[at + 148:at + 156] = b" " * 8
    data[at + 148:at + 156] = b"%06o\0 " % sum(data[at:at + 512])


@pytest.mark.parametrize("bomb", [gzip_of_zeros, zstd_of_zeros])
def test_a_whole_archive_as_a_bomb(bomb, tmp_path):
    (tmp_path / "a").write_bytes(bomb(10 * GIB))
    done = scan(tmp_path / "a", "--limit", "layer-bytes=32M", expect=FAILED)
    assert done.says("inflates to more than 33554432 bytes")


SIZES = {"8 EiB less one": (1 << 63) - 1, "8 EiB": 1 << 63, "16 EiB less one": (1 << 64) - 1, "1 TiB": 1 << 40}


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("form", ["base-256", "pax"])
def test_a_file_that_claims_much(name, form, store, tmp_path):
    size = SIZES[name]
    header = bytearray(make.tar_of([make.file("usr/large", b"")])[:512])
    if form == "base-256":
        header[124:136] = b"\x80\0\0\0" + struct.pack(">Q", size)
        fix_checksum(header)
    else:
        info = tarfile.TarInfo("usr/large")
        info.pax_headers = {"size": str(size)}
        header = make.tar_of([(info, None)])[:-1024]
        header = header[:len(header) // 512 * 512].rstrip(b"\0").ljust(1536, b"\0")
    tar = make.tar_of([make.file("usr/first", b"1")])[:1024] + bytes(header) + b"some bytes".ljust(512, b"\0")
    done = gap(with_blob(store, tmp_path / "a", tar), "")
    assert done.files["/usr/first"]["sha256"]
    assert done.files.get("/usr/large", {"sha256": None})["sha256"] is None


@pytest.mark.parametrize("form", ["gnu", "pax"])
def test_a_sparse_file_of_a_tebibyte(form, store, tmp_path):
    (tmp_path / "tree").mkdir()
    with open(tmp_path / "tree/hole", "wb") as out:
        out.truncate(1 << 40)
    tar = subprocess.run(["tar", "-c", "--sparse", f"--format={form}", "-C", tmp_path / "tree", "hole"], stdout=subprocess.PIPE,
                         check=True).stdout
    to = with_layers(store, tmp_path / "a", store.layer_from_bytes(tar))
    done = gap(to, f"more than {64 * GIB} bytes (--limit layer-bytes=N raises this)")
    assert done.files["/hole"]["sha256"] is None and done.files["/hole"]["size"] == 1 << 40


def test_a_package_database_of_holes(store, tmp_path):
    """It is spilled to disk for the detector that wants it."""
    (tmp_path / "tree/var/lib/dpkg").mkdir(parents=True)
    with open(tmp_path / "tree/var/lib/dpkg/status", "wb") as out:
        out.truncate(GIB + 1)
    tar = subprocess.run(["tar", "-c", "--sparse", "-C", tmp_path / "tree", "var/lib/dpkg/status"], stdout=subprocess.PIPE,
                         check=True).stdout
    to = with_layers(store, tmp_path / "a", store.layer_from_bytes(tar))
    done = quick_scan(to, expect=INCOMPLETE)
    assert done.says("/var/lib/dpkg/status") and done.says("larger than 1024 MiB, so it was not searched")
    assert done.report["packages"] == [], "the database below is hidden by this one"
    assert done.checks["packages"] == "no-data"


def headers(n, name):
    """The tar headers of n empty files, quickly made."""
    base = bytearray(make.tar_of([make.file("", b"")])[:512])
    base[:100] = bytes(100)
    base[148:156] = b" " * 8
    total = sum(base)
    out = bytearray()
    for i in range(n):
        text = name(i).encode()
        header = bytearray(base)
        header[:len(text)] = text
        header[148:156] = b"%06o\0 " % (total + sum(text))
        out += header
    return bytes(out)


def test_many_entries(store, tmp_path):
    n = 200000
    layer = store.layer_from_bytes(headers(n, lambda i: f"d{i % 1000}/f{i}"), "zstd")
    to = with_layers(store, tmp_path / "a", layer)
    done = quick_scan(to, expect=DONE, files=False)
    assert done.report["summary"]["files"] >= n + 1000
    done = gap(to, "more than 1000 entries in one layer (--limit files=N raises this)", "--limit", "files=1000")
    assert sum(f["layer"] == layer.digest for f in done.files.values()) <= 1000


def test_names_that_fall_into_one_slot(store, tmp_path):
    """A table keyed by what an attacker chooses must not become a list."""
    def fnv(text):
        h = 0xcbf29ce484222325
        for byte in text:
            h = (h ^ byte) * 0x100000001b3 % (1 << 64)
        return ((h ^ (h >> 29)) | 1) % (1 << 32)
    buckets = {}
    for i in range(300000):
        buckets.setdefault(fnv(b"%x" % i) >> 1 & 1023, []).append(f"{i:x}")
    names = max(buckets.values(), key=len)[:280]
    layer = store.layer_from_entries([make.file(n) for n in names])
    assert len(scan(with_layers(store, tmp_path / "a", layer), expect=DONE).files) >= len(names)


def test_too_much_time(store, tmp_path):
    """A bomb that keeps to all other limits."""
    header = bytearray(make.tar_of([make.entry("usr/zeros", kind=tarfile.REGTYPE)])[:512])
    header[124:136] = b"\x80\0\0\0" + struct.pack(">Q", 60 * GIB)
    fix_checksum(header)
    deflate = zlib.compressobj(1, zlib.DEFLATED, 31)
    to = with_blob(store, tmp_path / "a", deflate.compress(bytes(header)) + deflate.flush() + gzip_of_zeros(20 * GIB))
    done = quick_scan(to, "--limit", "seconds=1", "--limit", "ratio=100000", expect=INCOMPLETE)
    assert done.says("layer 1") and done.says("--limit seconds"), done.told()
    assert done.seconds < 15 and len(done.report["packages"]) == 2
    assert done.rules == [], "a limit is no attack"


# ---- names ----

@pytest.mark.parametrize("name", ["../evil", "../../../../etc/passwd", "/../evil", "a/../../evil", "..", "./../x", "a/b/../../../c"])
def test_names_that_climb_out(name, store, tmp_path):
    done = gap(with_entries(store, tmp_path / "a", [make.file("usr/ok", b"1"), make.file(name, b"evil"), make.file("usr/z", b"2")]),
               "the path leaves the root")
    assert {"/usr/ok", "/usr/z"} <= set(done.files) and not any("evil" in f for f in done.files)
    done = gap(with_entries(store, tmp_path / "b", [make.hardlink("usr/link", name)]), "the path leaves the root")
    done = scan(with_entries(store, tmp_path / "c", [make.symlink("usr/link", name)]), expect=DONE)
    assert done.files["/usr/link"]["target"] == name


def test_absolute_and_dotted_names(store, tmp_path):
    names = ["/usr/a", "//usr//b", "./usr/./c", "usr/d/", "usr/x/../e", "/", ".", "./", "usr/..", "usr/bin/.."]
    done = scan(with_entries(store, tmp_path / "a", [make.file(n, b"1") if n[-1] not in "/." else make.directory(n) for n in names]),
                expect=DONE)
    assert {"/usr/a", "/usr/b", "/usr/c", "/usr/d", "/usr/e", "/"} <= set(done.files)


def test_long_names(store, tmp_path):
    entries = [make.file("n" * 65535, b"1"), make.file("m" * 65536, b"2"), make.file("o" * 1000000, b"3"),
               make.symlink("link", "t" * 65535), make.symlink("link2", "t" * 65536), make.hardlink("hard", "h" * 70000),
               make.file("usr/z", b"z")]
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        to = with_layers(store, tmp_path / str(form), store.layer_from_bytes(make.tar_of(entries, form)))
        done = gap(to, "a path of more than 65535 bytes")
        assert {"/" + "n" * 65535, "/usr/z", "/link"} <= set(done.files) and "/link2" not in done.files
        assert all(len(p) < 2000 for p in done.problems)


def test_deep_directories(store, tmp_path):
    def deep(n):
        return "/".join(["d"] * n)
    to = with_entries(store, tmp_path / "a", [make.file(deep(4096), b"1"), make.file("e/" + deep(4096), b"2"),
                                              make.file("f/" + deep(9999), b"3"), make.directory(deep(10000))])
    done = gap(to, "deeper than 4096 directories, left out (--limit depth=N raises this)", run=quick_scan)
    assert len([p for p in done.problems if "deeper" in p]) == 3 and "/" + deep(4096) in done.files
    gap(to, "deeper than 10 directories", "--limit", "depth=10")
    to = with_entries(store, tmp_path / "b", [make.file(deep(9999), b"1")])
    assert "/" + deep(9999) in quick_scan(to, "--limit", "depth=10001", expect=DONE).files


@pytest.mark.parametrize("name", ["", ".", "/", "./", "usr/.."])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_root_that_is_no_directory(name, kind, store, tmp_path):
    """It would hide the whole image."""
    done = scan(with_entries(store, tmp_path / "a", [make.entry(name, kind=kind, linkname="usr")]))
    assert "/etc/motd" in done.files and done.files["/"]["type"] == "directory" and len(done.report["packages"]) == 2
    assert done.status == DONE or done.says("the root can only be a directory")


def test_directories_that_no_entry_names(store, tmp_path):
    """Each name implies thousands of directories with names as long: a small layer must not fill the disk."""
    entries = [make.file(f"{i}/" + "/".join(["x" * 15] * 4000), b"1") for i in range(4)]
    done = quick_scan(with_entries(store, tmp_path / "a", entries), files=False, expect=INCOMPLETE)
    assert done.says("directories that no entry names, of which there are too many")


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "usr/.wh.", "usr/.wh..", "usr/.wh...", "etc/.wh..wh.plnk",
                                  ".wh..wh.aufs", "usr/bin/.wh./x", "etc/.wh..wh..opq/x"])
def test_bad_whiteouts(name, store, tmp_path):
    done = scan(with_entries(store, tmp_path / "a", [make.file(name, b"")]))
    assert done.status in (DONE, INCOMPLETE)
    assert {"/usr/bin/hello", "/etc/motd", "/var/lib/dpkg/status"} <= set(done.files), "nothing is hidden by it"
    assert done.says("a whiteout of nothing") == (os.path.basename(name) in (".wh.", ".wh..", ".wh..."))


def test_whiteouts_that_climb(store, tmp_path):
    done = gap(with_entries(store, tmp_path / "a", [make.whiteout("../etc"), make.entry("usr/../../.wh.etc")]), "leaves the root")
    assert "/etc/motd" in done.files


def test_names_with_nul_and_controls(store, tmp_path):
    done = scan(with_entries(store, tmp_path / "a", [make.file("usr/\x1b[2Jevil\r\n", b"1"), make.file("usr/\u202egpj.sh", b"2")]),
                expect=DONE)
    assert "/usr/\x1b[2Jevil\r\n" in done.files
    table = subprocess.run([scanning.PROGRAM, "scan", "--files", "--no-cache", tmp_path / "a"], stdout=subprocess.PIPE, check=True).stdout
    assert b"\x1b" not in table and "\u202e".encode() not in table and b"\r" not in table
    info = tarfile.TarInfo("short")
    info.pax_headers = {"path": "usr/a\0b"}
    done = scan(with_entries(store, tmp_path / "b", [(info, None)]))
    assert done.status in (DONE, INCOMPLETE) and "/etc/motd" in done.files


def test_links_in_loops(store, tmp_path):
    entries = [make.symlink("usr/a", "b"), make.symlink("usr/b", "a"), make.file("usr/a/file", b"1"), make.symlink("usr/self", "self"),
               make.file("usr/self/file", b"2"), make.symlink("usr/up", "../../../.."), make.file("usr/up/etc/through", b"3"),
               make.symlink("usr/grow", "grow/grow"), make.file("usr/grow/file", b"4")]
    done = gap(with_entries(store, tmp_path / "a", entries), "behind a loop of symbolic links")
    assert len([p for p in done.problems if "loop" in p or "too long" in p]) == 3
    assert done.files["/etc/through"]["sha256"] == hashlib.sha256(b"3").hexdigest()


def test_hard_links_in_loops(store, tmp_path):
    entries = [make.hardlink("usr/self", "usr/self"), make.hardlink("usr/a", "usr/b"), make.hardlink("usr/b", "usr/a")]
    done = scan(with_entries(store, tmp_path / "a", entries), expect=INCOMPLETE)
    assert len([p for p in done.problems if "hard link" in p]) == 3


def test_many_links_between_layers(store, tmp_path):
    n = 30000
    lower = store.layer_from_bytes(headers(n, lambda i: f"usr/f{i}"), "zstd")
    chain = [make.hardlink(f"usr/l{i}", f"usr/f{i}") for i in range(n)]
    upper = store.layer_from_entries(chain, "zstd")
    again = store.layer_from_entries([make.hardlink(f"usr/m{i}", f"usr/l{i}") for i in range(n)], "zstd")
    done = quick_scan(with_layers(store, tmp_path / "a", lower, upper, again), expect=DONE)
    assert sum(f["sha256"] is not None for f in done.files.values()) >= 3 * n


def test_a_package_database_that_is_a_hard_link(store, tmp_path):
    """Its content passed under another name."""
    status = "\n".join([stanza("evil", "1")]).encode()
    to = with_entries(store, tmp_path / "a", [make.file("usr/share/innocent", status), make.hardlink("var/lib/dpkg/status", "usr/share/innocent")])
    done = scan(to, expect=INCOMPLETE)
    assert done.says("/var/lib/dpkg/status") and done.says("hard link")


# ---- entries ----

def test_types_that_nobody_knows(store, tmp_path):
    kinds = [b"8", b"9", b"A", b"D", b"M", b"N", b"V", b"Z", b"\x80"]
    entries = [make.entry(f"usr/k{i}", b"data", kind=kind) for i, kind in enumerate(kinds)] + [make.file("usr/last", b"1")]
    done = scan(with_entries(store, tmp_path / "a", entries))
    assert done.status in (DONE, INCOMPLETE)
    assert done.status == INCOMPLETE or done.files["/usr/last"]["sha256"]


def test_odd_attributes(store, tmp_path):
    entries = [make.file("usr/uid", b"", uid=2 ** 40, gid=2 ** 33, pax_headers={"uid": str(2 ** 40)}), make.file("usr/mode", b"", mode=0o7777777),
               make.file("usr/past", b"", mtime=-10 ** 10), make.file("usr/future", b"", mtime=2 ** 60),
               make.entry("usr/dev", kind=tarfile.CHRTYPE, devmajor=2 ** 20, devminor=2 ** 20)]
    done = scan(with_layers(store, tmp_path / "a", store.layer_from_bytes(make.tar_of(entries, tarfile.GNU_FORMAT))), expect=DONE)
    assert done.says("more than 32 bits hold") and done.files["/usr/mode"]["mode"] == "7777"


def test_the_same_name_again_and_again(store, tmp_path):
    entries = [make.file("usr/a", str(i).encode()) for i in range(2000)] + [make.directory("usr/a"), make.symlink("usr/a", "b"),
                                                                           make.file("usr/a", b"last")]
    done = scan(with_entries(store, tmp_path / "a", entries), expect=DONE)
    assert done.files["/usr/a"]["sha256"] == hashlib.sha256(b"last").hexdigest()
    assert done.says("more than once") and done.report["summary"]["problems"] == 2002 and len(done.problems) <= 1000


def test_a_file_and_what_lies_below_it(store, tmp_path):
    done = scan(with_entries(store, tmp_path / "a", [make.file("usr/a", b"1"), make.file("usr/a/b", b"2")]), expect=INCOMPLETE)
    assert done.says("'usr/a/b' lies below 'usr/a'")


PAX = {"no length": b"path=a\n", "length 0": b"0 path=a\n", "too long": b"99999 path=a\n", "no newline": b"9 path=ab",
       "negative": b"-5 path=a\n", "huge number": b"9" * 400 + b" path=a\n", "no equals": b"8 pathab\n", "empty": b"",
       "many": b"".join(b"%d k%d=v\n" % (len(str(i)) + 7, i) for i in range(10000)), "binary": bytes(range(256)) * 4,
       "sparse nonsense": b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n37 GNU.sparse.realsize=99999999999999\n",
       "sparse map": b"33 GNU.sparse.map=9,1,1,1,5,99999\n", "xattr": b"40 SCHILY.xattr.security.capability=\0\xff\n"}


@pytest.mark.parametrize("name", PAX)
@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K", b"S", b"X"])
def test_headers_of_headers(name, kind, store, tmp_path):
    data = PAX[name]
    head = bytearray(make.tar_of([make.entry("head", data, kind=b"0")]))[:512 + -(-len(data) // 512) * 512]
    head[156:157] = kind
    fix_checksum(head)
    tar = make.tar_of([make.file("usr/first", b"1")])[:1024] + bytes(head) + make.tar_of([make.file("usr/second", b"2")])
    done = scan(with_layers(store, tmp_path / "a", store.layer_from_bytes(tar)))
    assert done.status in (DONE, INCOMPLETE) and done.files["/usr/first"]["sha256"] and len(done.report["packages"]) == 2
    assert done.status == INCOMPLETE or "/usr/second" in done.files or kind in b"xgLKSX"


@pytest.mark.parametrize("what, says", [
    (b"BZh91AY&SY" + b"x" * 1000, "bzip2"), (b"\xfd7zXZ\0" + b"x" * 1000, "xz"), (b"\x7fELF" + b"x" * 4000, "tar"),
    (b"x" * 10240, "tar"), (b"\x1f\x8b", "gzip"), (b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\xff" * 500, "gzip"),
    (b"\x28\xb5\x2f\xfd" + b"\xff" * 500, "zstd"), (b"\x28\xb5\x2f\xfd\xa4" + b"\x00" * 3 + b"\xff" * 20, "zstd"), (b"P", "tar")])
def test_layers_that_are_no_tar(what, says, store, tmp_path):
    gap(with_blob(store, tmp_path / "a", what), says)


def test_a_header_that_is_damaged(store, tmp_path):
    tar = bytearray(make.tar_of([make.file("usr/a", b"1"), make.file("usr/b", b"2"), make.file("usr/c", b"3")]))
    tar[1024] ^= 0xff
    done = gap(with_layers(store, tmp_path / "a", store.layer_from_bytes(bytes(tar))), "damaged")
    assert "/usr/a" in done.files and "what was read up to there is shown" in done.told()


def test_problems_without_end(store, tmp_path):
    layer = store.layer_from_bytes(headers(5000, lambda i: f"../{i}"))
    done = gap(with_layers(store, tmp_path / "a", layer), "leaves the root")
    assert len(done.problems) <= 1000 and done.report["summary"]["problems"] == 5000


def test_random_headers(store, tmp_path):
    """Headers with a right checksum and anything else in them, many in one image."""
    dice = random.Random(7)
    for n in range(40):
        out = io.BytesIO()
        for _ in range(30):
            header = bytearray(make.tar_of([make.file(f"usr/f{dice.randrange(9)}", b"x" * dice.randrange(600))]))
            for _ in range(dice.randrange(4)):
                header[dice.randrange(500)] = dice.randrange(256)
            fix_checksum(header)
            out.write(header[:dice.choice([512, 1024, 1536])])
        to = with_layers(store, tmp_path / f"n{n}", store.layer_from_bytes(out.getvalue()))
        assert scan(to).status in (DONE, INCOMPLETE)


def test_what_is_remembered_of_hostile_layers(store, tmp_path):
    """A result that comes from the cache tells of the same problems."""
    cut = make.tar_of([make.file("usr/a", b"1" * 5000)])[:3000]
    layers = [store.layer_from_bytes(cut), store.layer_from_entries([make.file("../x"), make.file("usr/b"), make.file("usr/b")]),
              store.layer_from_entries([make.hardlink("usr/c", "usr/none")]), store.layer_from_bytes(b"no tar" * 200)]
    wrong = make.Layer(layers[1].digest, layers[1].size, make.OCI_LAYER, "sha256:" + "12" * 32, "gzip")
    to = with_layers(store, tmp_path / "a", *layers, wrong)
    first = scan(to, expect=INCOMPLETE)
    assert len(first.problems) >= 8 and first.rules == ["image-integrity"]
    for _ in range(3):
        again = scan(to, cache=True, XDG_DATA_HOME=str(tmp_path / "data"), expect=INCOMPLETE)
        assert (again.problems, again.files, again.rules) == (first.problems, first.files, first.rules)
        time.sleep(2.1)  # a blob that changed within two seconds is hashed again
