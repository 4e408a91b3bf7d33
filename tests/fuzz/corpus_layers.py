# SPDX-License-Identifier: Apache-2.0
"""Layers, compressed streams and our own files that fuzzing starts from, and their writers; see make_corpus.py."""
import io
import struct
import tarfile
import zlib

from corpus_databases import DPKG


# ---- compressed streams ----

GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"  # written here: Python's differs from version to version


def gz(data, level=9):
    deflate = zlib.compressobj(level, zlib.DEFLATED, -15)
    return GZIP_HEAD + deflate.compress(data) + deflate.flush() + struct.pack("<II", zlib.crc32(data), len(data))


def zstd_block(kind, payload, size, last):
    return struct.pack("<I", size << 3 | kind << 1 | last)[:3] + payload


def zstd(data, checksum=False):
    """One frame of raw blocks, its content size known (RFC 8878, 3.1.1)."""
    assert len(data) < 256
    return b"\x28\xb5\x2f\xfd" + bytes([0x20, len(data)]) + zstd_block(0, data, len(data), 1)


def inflate_inputs():
    text = b"".join(b"line %d of a text that repeats itself\n" % i for i in range(40))
    yield "gzip", gz(text)
    yield "gzip-stored", gz(text[:100], 0)
    yield "gzip-empty", gz(b"")
    yield "gzip-members", gz(b"first ") + gz(b"") + gz(b"second")
    yield "gzip-padded", gz(b"padded") + bytes(600)
    yield "gzip-garbage-after", gz(b"x") + b"garbage"
    yield "gzip-short", gz(text)[:40]
    named = bytearray(gz(text))
    named[3] = 0x1e  # extra field, name, comment and header checksum
    head = bytes(named[:10]) + b"\x04\x00abcd" + b"name\0" + b"comment\0"
    yield "gzip-all-header-fields", head + struct.pack("<H", zlib.crc32(head) & 0xffff) + bytes(named[10:])
    yield "gzip-bomb", gz(bytes(3 << 20))
    yield "zstd-raw", zstd(b"a raw block")
    yield "zstd-frames", zstd(b"one") + b"\x50\x2a\x4d\x18\x05\x00\x00\x00skip!" + zstd(b"two")
    yield "zstd-run", b"\x28\xb5\x2f\xfd\x00\x58" + zstd_block(1, b"r", 1000, 0) + zstd_block(0, b"end", 3, 1)
    yield "zstd-window-too-large", b"\x28\xb5\x2f\xfd\x00\xf8" + zstd_block(0, b"end", 3, 1)
    yield "zstd-short", zstd(b"cut")[:-2]
    yield "plain", text
    yield "xz", b"\xfd7zXZ\0\0\x04"
    yield "bzip2", b"BZh91AY&SY"


# ---- layers ----

def member(name, data=None, kind=tarfile.REGTYPE, link="", mode=0o644, **more):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.size = len(data) if data else 0
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def tar(members, fmt=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=fmt, encoding="utf-8", errors="surrogateescape") as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data) if data else None)
    text = out.getvalue().rstrip(b"\0")  # without the padding to 10 KiB
    return text.ljust((len(text) + 511) // 512 * 512, b"\0") + bytes(1024)


def gnu_sparse():
    """An old GNU sparse member: 4 bytes at 1000, in a file of 5000."""
    head = bytearray(member("sparse", b"")[0].tobuf(tarfile.GNU_FORMAT))
    head[124:136] = b"%011o\0" % 4
    head[156:157] = b"S"
    head[386:386 + 48] = b"%011o\0%011o\0" % (1000, 4) + b"%011o\0%011o\0" % (5000, 0)
    head[483:495] = b"%011o\0" % 5000
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + b"data".ljust(512, b"\0") + bytes(1024)


def pax_sparse():
    text = b"2\n100\n3\n900\n0\n".ljust(512, b"\0") + b"abc"
    return tar([member("GNUSparseFile.0/p", text, pax_headers={
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "p", "GNU.sparse.realsize": "1000"})],
        tarfile.PAX_FORMAT)


def layer_inputs():
    directory, symlink, hardlink = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
    usual = tar([member("./", kind=directory, mode=0o755), member("./etc/", kind=directory, mode=0o755),
                 member("./etc/hostname", b"box\n"), member("etc/name", kind=hardlink, link="./etc/hostname"),
                 member("etc/link", kind=symlink, link="../etc/hostname", mode=0o777)])
    yield "usual", usual
    yield "usual-gzip", gz(usual)
    yield "usual-zstd", b"\x28\xb5\x2f\xfd\x00\x58" + zstd_block(0, usual, len(usual), 1)
    yield "dpkg", tar([member("var/lib/dpkg/status", DPKG), member("var/lib/dpkg/info/libx1:amd64.list", b"/.\n/x\n"),
                       member("var/lib/dpkg/status.d/a", b"Package: a\nVersion: 1\n"),
                       member("var/lib/dpkg/status.d/a.md5sums", b"0" * 32 + b"  usr/a\n")])
    yield "whiteouts", tar([member("a/.wh.b"), member("a/.wh..wh..opq"), member("c/.wh."), member("c/.wh..wh.plnk"),
                            member("d", kind=tarfile.CHRTYPE), member("a/b/c", b"new"), member(".wh..wh..opq")])
    mark, capability = "SCHILY.xattr.trusted.overlay.opaque", "SCHILY.xattr.security.capability"
    yield "opaque-attribute", tar([member("d", kind=directory, pax_headers={mark: "y"}),
                                   member("d/f", b"x", pax_headers={capability: "\x01\0\0\x02"})], tarfile.PAX_FORMAT)
    yield "devices", tar([member("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
                          member("fifo", kind=tarfile.FIFOTYPE), member("disk", kind=tarfile.BLKTYPE, devmajor=8),
                          member("contiguous", b"x", tarfile.CONTTYPE)])
    yield "bad-paths", tar([member("../../etc/passwd", b"x"), member("/abs", b"y"), member("a//./b/../c", b"z"),
                            member("."), member("l", kind=hardlink, link="../../x"),
                            member("l2", kind=hardlink, link="l2")])
    yield "through-links", tar([member("usr/lib", kind=directory), member("lib", kind=symlink, link="usr/lib"),
                                member("lib/x", b"1"), member("up", kind=symlink, link="../../lib/"),
                                member("up/sub/y", b"2"), member("h", kind=hardlink, link="up/x"),
                                member("lib/etc", kind=symlink, link="/etc"), member("up/etc/os-release", b"ID=x\n"),
                                member("lib/.wh.x"), member("etc/a/../b", b"3")])
    yield "link-loops", tar([member("x", kind=symlink, link="y"), member("y", kind=symlink, link="x"),
                             member("x/f", b"1"), member("g", kind=symlink, link="g/g"), member("g/f", b"2"),
                             member("out", kind=symlink, link="../../.."), member("out/f", b"3"), member("x/y", b"4")])
    yield "odd-members", tar([member("d", kind=directory), member("h", kind=hardlink, link="d"), member("t", kind=b"Z"),
                              member("nowhere", kind=symlink), member("/".join("d" * 70), b"1"),
                              member("big", uid=1 << 20),
                              member("h2", kind=hardlink, link="big", mode=0o755, uid=5)])
    yield "twice", tar([member("a", b"1"), member("a", kind=directory), member("a/b", b"2"), member("a", b"3"),
                        member("h", kind=hardlink, link="a"), member("a", kind=symlink, link="h")])
    yield "below-a-file", tar([member("a", b"1"), member("a/b", b"2"), member("a/b/c", b"3"), member("a/b/.wh.c")])
    yield "root-is-a-file", tar([member("./", b"root?"), member("x", b"1")])
    yield "long-pax", tar([member("p/" * 60 + "f", b"x"), member("l", kind=symlink, link="t/" * 80, mtime=1.5)],
                          tarfile.PAX_FORMAT)
    yield "long-gnu", tar([member("g/" * 60 + "f", b"x"), member("l", kind=symlink, link="t/" * 80)],
                          tarfile.GNU_FORMAT)
    yield "not-utf8", tar([member("caf\udce9\udcff", b"x")], tarfile.GNU_FORMAT)
    yield "large-numbers", tar([member("n", b"x", uid=1 << 40, gid=1 << 33, mtime=-5)], tarfile.GNU_FORMAT)
    yield "sparse-gnu", gnu_sparse()
    yield "sparse-pax", pax_sparse()
    yield "short", usual[:1300]
    yield "trailing", usual + b"bytes after the end"
    yield "empty", b""
    yield "xz", b"\xfd7zXZ\0\0\x04"


# ---- our own files: little-endian numbers, length-prefixed bytes ----

REGULAR, DIRECTORY, SYMLINK, CHARACTER, HARDLINK, WHITEOUT, OPAQUE = 1, 2, 3, 4, 8, 9, 10
PACKAGE, OWNED, LICENSES, DISTRIBUTION, FILE = 1, 2, 3, 4, 0x10


def s(data):
    return struct.pack("<I", len(data)) + data


def entry(path, kind, sequence, target=b"", size=0, layer=0):
    out = s(path) + struct.pack("<BBIIIIIq", kind, kind == REGULAR, 0o644, 0, 0, layer, sequence, 0)
    if kind == REGULAR:
        out += struct.pack("<Q", size) + bytes(range(32))
    if kind in (SYMLINK, HARDLINK):
        out += s(target)
    if kind == CHARACTER:
        out += struct.pack("<II", 1, 3)
    return out + s(b"")


def package(name, version, licences=(), kind=b"deb", key=None):
    strings = [name, version, kind, b"amd64", name, version, b"", b"", key or name]
    return b"".join(map(s, strings)) + b"\0\0" + struct.pack("<I", len(licences)) + b"".join(map(s, licences))


def string_list(items):
    return struct.pack("<I", len(items)) + b"".join(map(s, items))


DISTRIBUTION_OF_DEBIAN = b"".join(map(s, [b"debian", b"", b"Debian GNU/Linux 12", b"12", b"bookworm", b"2028-06-30"]))


def records():
    yield PACKAGE, package(b"libx1", b"2:1.0-3", [b"MIT", b"GPL-2.0-only"])
    yield OWNED, s(b"libx1") + string_list([b"/.", b"/usr/lib/x.so"])
    yield LICENSES, string_list([b"MIT"])
    yield DISTRIBUTION, DISTRIBUTION_OF_DEBIAN


SPAN_RUN, SPAN_RECORDS = 1, 2


STATUS = b"var/lib/dpkg/status"


def record(kind, payload, path=STATUS, sequence=0):
    return struct.pack("<BBI", kind, 0, sequence) + s(path) + payload


def layer_file(*runs, n_records=4, problems=(), own_records=()):
    body, spans, count = b"", b"", 0
    for run in runs:
        start = len(body)
        body += b"".join(s(e) for e in run)
        spans += struct.pack("<BQQ", SPAN_RUN, start, len(body))
        count += len(run)
    for r in [record(*r) for r in list(records())[:n_records]] + list(own_records):
        start = len(body)
        body += s(r)
        spans += struct.pack("<BQQ", SPAN_RECORDS, start, len(body))
    problems_at = len(body)
    for where, what, *kind in problems:
        body += s(bytes(kind or [1]) + s(where) + s(what))
    trailer = b"\1" + bytes(range(32)) + bytes(32)
    trailer += struct.pack("<QQIB", 4096, count, len(problems), 1)
    trailer += struct.pack("<QI", problems_at, len(spans) // 17) + spans
    return body + trailer + struct.pack("<I", len(trailer))


def layer_file_inputs():
    base = layer_file([entry(b"", DIRECTORY, 0), entry(b"a", DIRECTORY, 1), entry(b"a/b", REGULAR, 2, size=5),
                       entry(b"a/l", SYMLINK, 3, b"../a/b"), entry(b"c", REGULAR, 4)],
                      problems=[(b"etc/x", b"odd"), (b"", b"all of it")])
    runs = layer_file([entry(b"b", REGULAR, 1)], [entry(b"a", DIRECTORY, 0), entry(b"b", DIRECTORY, 2)], n_records=0)
    upper = layer_file([entry(b"a", OPAQUE, 0), entry(b"a", DIRECTORY, 1), entry(b"a/h", HARDLINK, 2, b"c"),
                        entry(b"c", WHITEOUT, 3), entry(b"c/d", REGULAR, 4), entry(b"null", CHARACTER, 5)], n_records=1)
    yield "one", s(base)
    yield "runs", s(runs)
    yield "upper-on-base", s(base) + s(upper)
    yield "three", s(base) + s(runs) + s(upper)
    yield "empty-layer", s(layer_file(n_records=0))
    yield "file-over-directory", s(base) + s(layer_file([entry(b"a", REGULAR, 0)], n_records=0))
    lower = layer_file([entry(b"a", DIRECTORY, 0), entry(b"a/f", REGULAR, 1, size=3), entry(b"g", SYMLINK, 2, b"a/f")],
                       n_records=0)
    links = [entry(b"a/f", WHITEOUT, 0), entry(b"h1", HARDLINK, 1, b"a/f"), entry(b"h2", HARDLINK, 2, b"a/f"),
             entry(b"h3", HARDLINK, 3, b"g"), entry(b"h4", HARDLINK, 4, b"h1"), entry(b"h5", HARDLINK, 5, b"a")]
    later = [entry(b"a", REGULAR, 0, size=1), entry(b"h6", HARDLINK, 1, b"h1"), entry(b"h7", HARDLINK, 2, b"a/f")]
    yield "links-to-lower-layers", s(lower) + s(layer_file(links, n_records=0)) + s(layer_file(later, n_records=0))
    yield "link-loop", s(layer_file([entry(b"x", SYMLINK, 0, b"y"), entry(b"y", SYMLINK, 1, b"x"),
                                     entry(b"z", HARDLINK, 2, b"z")], n_records=0))
    yield "link-with-nul", s(layer_file([entry(b"x", SYMLINK, 0, b"a\0b"), entry(b"x/y", REGULAR, 1),
                                         entry(b"z", HARDLINK, 2, b"x\0y")], n_records=0))
    yield "root-is-a-file", s(layer_file([entry(b"", REGULAR, 0), entry(b"a", REGULAR, 1)], n_records=0))
    yield "out-of-order", s(layer_file([entry(b"b", REGULAR, 0), entry(b"a", REGULAR, 1)], n_records=0))
    yield "records-out-of-bounds", s(base[:-1] + b"\xff")


def report_inputs():
    """Layers whose records are of files that are there."""
    directories = [entry(p, DIRECTORY, 100 + i) for i, p in enumerate([b"", b"etc", b"usr", b"usr/lib"])]
    rest = [entry(b"etc/os-release", REGULAR, 1), entry(b"usr/lib/x.so", REGULAR, 2),
            entry(b"usr/share/doc/libx1/copyright", REGULAR, 3), entry(STATUS, REGULAR, 0)]
    files = sorted(directories + rest, key=lambda e: e[4:4 + struct.unpack_from("<I", e)[0]].split(b"/"))
    two, one = list(records()), package(b"libx1", b"2:1.0-3")
    known = [record(PACKAGE, one), record(*two[1]), record(*two[2], b"usr/share/doc/libx1/copyright", 3),
             record(*two[3], b"etc/os-release", 1)]
    base = layer_file(files, n_records=0, own_records=known)
    upper = layer_file([entry(STATUS, REGULAR, 0)], n_records=0,
                       problems=[(b"a\x1b[2J\xff", b"b\n\xff", 4), (b"", b"c", 3)],
                       own_records=[known[0], record(PACKAGE, package(b"new\xff", b"1\n"))])
    yield "usual", s(base)
    yield "upper-on-base", s(base) + s(upper)
    yield "removed", s(base) + s(layer_file([entry(STATUS, WHITEOUT, 0)], n_records=0)) + s(upper)
    kinds = [b"", b"unknown", b"\xff", b"\\xff", b"a/b", b"rpm"]
    yield "odd-types", s(layer_file(files, n_records=0, own_records=[
        record(PACKAGE, package(b"p%d" % i, b"1", [b"\xff"], kind, b"same")) for i, kind in enumerate(kinds)]))
    release = b"".join(map(s, [b"a/b", b"\xff", b"\x1b[2J", b"\n", b"\xe2\x80\xae", b"never"]))
    yield "hostile-release", s(layer_file(files, n_records=0, own_records=[
        known[0], record(DISTRIBUTION, release, b"etc/os-release", 1)]))
    yield "links-to-nothing", s(layer_file([entry(b"h", HARDLINK, 0, b"\x1b\xff"), entry(b"l", SYMLINK, 1, b"\n")]))


def image_index(entries):
    body, offsets = b"", []
    for e in entries:
        offsets.append(len(body))
        body += s(e)
    table = len(body)
    body += b"".join(struct.pack("<Q", o) for o in offsets)
    trailer = struct.pack("<QQ", len(offsets), table)
    return body + trailer + struct.pack("<I", len(trailer))


def image_index_inputs():
    yield "usual", image_index([entry(b"", DIRECTORY, 0), entry(b"a", DIRECTORY, 1), entry(b"a/b", REGULAR, 2, size=9),
                                entry(b"l", SYMLINK, 3, b"a/../a/b"), entry(b"m", SYMLINK, 4, b"/l"),
                                entry(b"n", CHARACTER, 5)])
    yield "loop", image_index([entry(b"a", SYMLINK, 0, b"b"), entry(b"b", SYMLINK, 1, b"a/c")])
    yield "growing-link", image_index([entry(b"a", SYMLINK, 0, b"a/a")])
    yield "empty", image_index([])
    yield "unsorted", image_index([entry(b"b", REGULAR, 0), entry(b"a", REGULAR, 1)])


def image_owners(texts, owners, n_files=None, n_texts=None, shift=0):
    body, offsets = b"", []
    for text in texts:
        offsets.append(len(body))
        body += s(text)
    at_owners = len(body)
    body += b"".join(struct.pack("<I", o) for o in owners)
    at_offsets = len(body)
    body += b"".join(struct.pack("<Q", o + shift) for o in offsets)
    counts = len(owners) if n_files is None else n_files, len(texts) if n_texts is None else n_texts
    trailer = struct.pack("<QQQQ", *counts, at_owners, at_offsets)
    return body + trailer + struct.pack("<I", len(trailer))


def image_owners_inputs():
    yield "usual", image_owners([b"pkg:deb/a@1", b"pkg:deb/b@2"], [0, 1, 2, 2, 0])
    yield "empty", image_owners([], [])
    yield "owner-of-nothing", image_owners([b"a"], [2, 4294967295, 1])
    yield "text-beyond-the-end", image_owners([b"a"], [1], shift=1 << 40)
    yield "too-many-files", image_owners([b"a"], [1], n_files=1 << 62)
    yield "too-many-texts", image_owners([b"a"], [1], n_texts=1 << 61)


def frame(kind, payload):
    return struct.pack("<II", kind, len(payload)) + payload


def wire_inputs():
    for name, (kind, payload) in zip(["package", "owned", "licenses", "distribution"], records()):
        yield name, frame(kind, payload)
    yield "files", b"".join(frame(FILE, entry(b"a", kind, 0, b"t")) for kind in range(1, 11))
    yield "huge-file", frame(FILE, entry(b"a", REGULAR, 0, size=1 << 63))
    yield "several", b"".join(frame(kind, payload) for kind, payload in records()) + frame(7, b"unknown")
    yield "too-large", struct.pack("<II", PACKAGE, 0x7fffffff) + b"x"
    yield "short", frame(PACKAGE, package(b"a", b"1"))[:-3]
    yield "count-too-large", frame(LICENSES, struct.pack("<I", 0xffffffff) + s(b"MIT"))
    yield "result", frame(0x80000000, struct.pack("<i", -74) + s(b"a message"))


def stamp_inputs():
    yield "sha256", struct.pack("<IB", 1, 1) + bytes(range(32))
    yield "sha512", struct.pack("<IB", 1, 2) + bytes(range(64))
    yield "other-version", struct.pack("<IB", 9, 1) + bytes(range(32))


def tree_inputs():
    def batch(*items):
        return frame(1, b"".join(items))
    directory = b"\1" + s(entry(b"etc", DIRECTORY, 0))
    os_release = b"ID=debian\nVERSION_ID=12\n"
    content = b"\2" + s(entry(b"etc/os-release", REGULAR, 0, size=len(os_release))) + s(os_release)
    status = entry(b"var/lib/dpkg/status", REGULAR, 0, size=40)
    yield "usual", batch(directory, content, b"\3\2" + s(b"etc/x") + s(b"it can not be read")) + frame(2, status)
    yield "types", batch(*[b"\1" + s(entry(b"x", kind, 0, b"t")) for kind in range(1, 11)])
    yield "not-a-path", batch(b"\1" + s(entry(b"../x//y/", REGULAR, 0)))
    yield "no-such-item", batch(directory, b"\9") + batch(directory)
    yield "no-such-frame", frame(7, directory)
    yield "many", batch(*[b"\1" + s(entry(b"f%d" % i, REGULAR, 0)) for i in range(200)])


INPUTS = {
    "image-index": image_index_inputs,
    "image-owners": image_owners_inputs,
    "inflate": inflate_inputs,
    "layer": layer_inputs,
    "layer-file": layer_file_inputs,
    "report": report_inputs,
    "stamp": stamp_inputs,
    "tree": tree_inputs,
    "wire": wire_inputs,
}
