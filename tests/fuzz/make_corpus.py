#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the small inputs that fuzzing starts from, tests/fuzz/corpus/TARGET/NAME.

Without arguments it writes them all; with --check it says which differ and exits 1. Inputs whose names begin with
"crash-" were found by fuzzing and are left alone.
"""
import io
import json
import pathlib
import struct
import sys
import tarfile
import zlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


# ---- JSON ----

def json_inputs():
    digest = "sha256:" + "ab" * 32
    descriptor = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": 123}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {**descriptor, "mediaType": "application/vnd.oci.image.config.v1+json"},
                "layers": [descriptor]}
    index = {"schemaVersion": 2, "manifests": [{**descriptor, "platform": {"architecture": "arm64", "os": "linux",
             "variant": "v8"}, "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}
    config = {"architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z",
              "config": {"User": "0", "Env": ["PATH=/bin"], "Entrypoint": None, "ExposedPorts": {"80/tcp": {}}},
              "rootfs": {"type": "layers", "diff_ids": [digest]}, "history": [{"created_by": "a", "empty_layer": True}]}
    docker = [{"Config": "x.json", "RepoTags": ["a:b"], "Layers": ["1/layer.tar"]}]
    for name, value in [("manifest", manifest), ("index", index), ("config", config), ("docker", docker)]:
        yield name, json.dumps(value).encode()
    yield "numbers", b'[0, -1, 9223372036854775807, 9223372036854775808, 1e400, 1.5, -0, 1E-2]'
    yield "strings", rb'["\u0000", "\ud83d\ude00", "\ud83d", "\/\b\f\n\r\t\"", "' + "é€😀".encode() + b'"]'
    yield "strings-good", rb'{"a":"\ud83d\ude00","b":"\/\b\f\n\r\t\"' + "é€😀".encode() + b'"}'
    yield "twice", b'{"a": 1, "a": 2}'
    yield "deep", b"[" * 200 + b"]" * 200
    yield "empty", b""
    yield "trailing", b"{} x"


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


DPKG = (b"Package: libx1\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nSource: x (2:1.0-3)\n"
        b"Version: 2:1.0-3+b1\nMaintainer: A <a@example.org>\nDescription: a\n more\n .\n\n"
        b"Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n"
        b"Package: tzdata\nStatus: install ok installed\nVersion: 2024a-1\nArchitecture: all\n")


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


def package(name, version, licences=()):
    strings = [name, version, b"deb", b"amd64", name, version, b"", b"", name]
    return b"".join(map(s, strings)) + b"\0" + struct.pack("<I", len(licences)) + b"".join(map(s, licences))


def string_list(items):
    return struct.pack("<I", len(items)) + b"".join(map(s, items))


DISTRIBUTION_OF_DEBIAN = b"".join(map(s, [b"debian", b"", b"Debian GNU/Linux 12", b"12", b"bookworm", b"2028-06-30"]))


def records():
    yield PACKAGE, package(b"libx1", b"2:1.0-3", [b"MIT", b"GPL-2.0-only"])
    yield OWNED, s(b"libx1") + string_list([b"/.", b"/usr/lib/x.so"])
    yield LICENSES, string_list([b"MIT"])
    yield DISTRIBUTION, DISTRIBUTION_OF_DEBIAN


SPAN_RUN, SPAN_RECORDS = 1, 2


def layer_file(*runs, n_records=4, problems=()):
    body, spans, count = b"", b"", 0
    for run in runs:
        start = len(body)
        body += b"".join(s(e) for e in run)
        spans += struct.pack("<BQQ", SPAN_RUN, start, len(body))
        count += len(run)
    for kind, payload in list(records())[:n_records]:
        start = len(body)
        body += s(struct.pack("<BBI", kind, 0, 0) + s(b"var/lib/dpkg/status") + payload)
        spans += struct.pack("<BQQ", SPAN_RECORDS, start, len(body))
    problems_at = len(body)
    for where, what in problems:
        body += s(b"\1" + s(where) + s(what))
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
    yield "link-loop", s(layer_file([entry(b"x", SYMLINK, 0, b"y"), entry(b"y", SYMLINK, 1, b"x"),
                                     entry(b"z", HARDLINK, 2, b"z")], n_records=0))
    yield "link-with-nul", s(layer_file([entry(b"x", SYMLINK, 0, b"a\0b"), entry(b"x/y", REGULAR, 1),
                                         entry(b"z", HARDLINK, 2, b"x\0y")], n_records=0))
    yield "root-is-a-file", s(layer_file([entry(b"", REGULAR, 0), entry(b"a", REGULAR, 1)], n_records=0))
    yield "out-of-order", s(layer_file([entry(b"b", REGULAR, 0), entry(b"a", REGULAR, 1)], n_records=0))
    yield "records-out-of-bounds", s(base[:-1] + b"\xff")


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


def frame(kind, payload):
    return struct.pack("<II", kind, len(payload)) + payload


def wire_inputs():
    for name, (kind, payload) in zip(["package", "owned", "licenses", "distribution"], records()):
        yield name, frame(kind, payload)
    yield "files", b"".join(frame(FILE, entry(b"a", kind, 0, b"t")) for kind in range(1, 11))
    yield "several", b"".join(frame(kind, payload) for kind, payload in records()) + frame(7, b"unknown")
    yield "too-large", struct.pack("<II", PACKAGE, 0x7fffffff) + b"x"
    yield "short", frame(PACKAGE, package(b"a", b"1"))[:-3]
    yield "count-too-large", frame(LICENSES, struct.pack("<I", 0xffffffff) + s(b"MIT"))
    yield "result", frame(0x80000000, struct.pack("<i", -74) + s(b"a message"))


# ---- text ----

def text_inputs():
    yield "path", b"./usr//lib/../lib64/./x"
    yield "climbs", b"a/../../etc"
    yield "absolute", b"/etc/passwd/"
    yield "nul", b"a\0b"
    yield "terminal", b"\x1b[31mred\x1b[0m\\ \t\n\x7f"
    yield "unicode", "é€😀 ‮ ​ \u0085 \ufeff".encode()
    yield "not-utf8", b"\xc0\x80\xed\xa0\x80\xf5\xff caf\xe9"


EVENT = b"""evt.type=openat
evt.arg.flags=O_RDWR|O_CREAT
evt.arg.mode=0755
evt.arg.name=../x
evt.rawres=-2
evt.rawtime=1785456000123456789
proc.name=bash
proc.args=-c id -p80 aGVsbG8=
proc.pname=sshd
proc.aname[2]=systemd
proc.cwd=/srv
proc.env=A=b C=d
user.uid=0
fd.name=/etc/shadow
fd.cip=10.0.0.1
fd.sip=::ffff:192.0.2.7
fd.sport=443
fd.types=file,ipv4
container.full_id=0123456789abcdef
container.mounts=/proc:/p:ro:false:private
container.label[app]=web
evt.buffer=\xca\xfe\xff
"""


def match_inputs():
    for number, condition in enumerate([
            b"evt.type in (open, openat) and evt.is_open_write = true and not proc.name in (sh, dash)",
            b"proc.aname = sshd or proc.aname[2] startswith sys and proc.pid exists",
            b"fd.net in (\"10.0.0.0/8\", \"::/0\") or fd.ip != \"10.0.0.2\" and fd.port > 1",
            b"fd.name pmatch (/etc, /usr/*/[a-z]*) and fd.name glob \"/*/shad?w\" and fd.name iglob \"*OW\"",
            b"fd.name regex \"/etc/.+w\"",
            b"proc.name contains oneof (a, b) and proc.name != allof (x, y) and proc.name = anyof (bash, sh)",
            b"getopt(proc.args, \"cp:\")[p] = \"80\" and len(getopt(proc.args, \"cp:\")) > 1",
            b"b64(proc.args[3]) = hello and basename(toupper(proc.cwd)) = SRV",
            b"join(\",\", (proc.name, proc.pname)) = concat(proc.name, \",\", proc.pname)",
            b"evt.buffer bcontains cafe and evt.rawres in (-1, -2, -3, -4, -5) and fd.types intersects (file)",
            b"not (evt.dir = > or evt.num = 0) and container.mount.dest[/proc*] exists",
            b"fs.path.name exists or evt.time startswith 0 or evt.abspath = /x",
            b"proc.name < 5", b"proc.name regex \"(a\"", b"not", b"\xff\x00 and",
    ]):
        yield f"condition-{number}", condition + b"\n*%proc.name %5fd.name %toupper(proc.name) %fd.ip %% %proc.aname[2]!\n" + EVENT


def dpkg_status_inputs():
    yield "usual", DPKG
    yield "crlf", DPKG.replace(b"\n", b"\r\n")
    yield "no-version", b"Package: a\nStatus: install ok installed\n\nStatus: install ok installed\nVersion: 1\n"
    yield "odd-lines", b": empty\nPackage\nPackage:\n\t\n\n\n\n continuation\nSource: (\nStatus:   installed\n"
    yield "no-newline", b"Package: a\nVersion: 1\nStatus: install ok installed\nSource: b (1"


def dpkg_files_inputs():
    yield "list", b"/.\n/usr\n/usr/bin/x\n"
    yield "odd", b"\n\n/a\r\n  /b  \nrelative\n/no-newline"


# ---- rules ----

def yaml_inputs():
    yield "block", b"# comment\na: >-\n  folded\n  text\n\n  more\nb: |+\n    literal\n      indented\n\nc: 1\n"
    yield "flow", b"{a: [1, 'it''s', \"x\\ty\\x41\\u00e9\\\n   z\"], b: {c: ~, ? d : e}, [f]: g}\n"
    yield "plain", b"a: one\n  two\n    three\nb: null\nc: yes\nd: 0x1f\n"
    yield "documents", b"--- a\n...\n---\n- b\n--- !!str true\n"
    yield "aliases", b"a: &x [1, &y 2]\nb: *x\nc: [*y, *x]\n"
    yield "alias-inside", b"a: &x [1, *x]\n"
    yield "alias-bomb", b"a: &a [x, x, x, x, x, x, x, x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (i + 1, i + 1, b", ".join([b"*%c" % i] * 8)) for i in range(97, 105))
    yield "deep", b"[" * 40 + b"]" * 40
    yield "windows", b"\xef\xbb\xbfa: |\r\n  b\r\n  c\r\nd: e\r\n"
    yield "breaks", "a: b\u0085c: |\u2028  d\u2029  e\rf: 'g\n\n  h'\n".encode()
    yield "twice", b"a: 1\n'a': 2\n"
    yield "not-utf8", b"a: caf\xe9\n"
    yield "nul", b"a: b\0c\n"
    yield "nul-escape", b'a: "b\\0c"\n"\\0": d\n'
    yield "empty", b""


def condition_inputs():
    yield "connectives", b"a and not b or (c or not(d and(e)))and not not f or not (not g)"
    yield "operators", (b"a.b exists and c.d=1 and e.f!=x or g.h<=-1.5e+3 or i.j >0x1F and k.l contains m and n.o "
                        b"startswith \"p q\" and r.s in (t,u , 'v') or w.x pmatch(/a, /b*) or y.z intersects some_name")
    yield "modifiers", b"a.b startswith oneof (c, d) and e.f = anyof and g.h = allof or i.j glob anyof k"
    yield "transformers", (b'tolower(basename(a.b)) in (c) or join(",", (d.e, "f", 12, len(g.h))) = i or '
                           b"getopt(j.k, 'ab:')[b] exists or l.m = val(n.o[1]) or p.q > len(r.s)")
    yield "arguments", b"a.b[1] = c and d.e[/f/*] exists and g.h[\"i ]\"] = j"
    yield "strings", b"a.b = '' or c.d = \"\\\\x\\t\\x41\\xff\\/\" or e.f = 'it\\'s' or g.h endswith \\ or i.j = \"k\\\\\" l\""
    yield "lists", b"a.b in (some) or c.d in (none, some , e) or f.g in (none) or h.i = 'some' or j.k in (x, some,y)"
    yield "lines", b"a and\r\n\t b or\n  c.d = e"
    yield "unicode", "a.b = é and c.d in (\"€ 😀\", \u0085)".encode()
    yield "deep", b"(not(" * 100 + b"a" + b"))" * 100
    yield "wrong-end", b"a and (b or"
    yield "wrong-operator", b"a.b startwith c"
    yield "wrong-quote", b"a.b = \"c"
    yield "wrong-escape", b"a.b = '\\.'"
    yield "nul", b"a\0b"


def rule(name, condition, more=""):
    return f"- rule: {name}\n  desc: d\n  output: o %proc.name\n  priority: info\n  condition: {condition}\n{more}"


EXCEPTIONS = """  exceptions:
  - {name: e, fields: proc.name, comps: in, values: [a, "b c", names]}
  - {name: f, fields: [proc.name, fd.name], comps: [=, startswith], values: [[a, /b], [c, /d]]}
  - {name: g, fields: [proc.pname]}
"""

BASE = """- required_engine_version: 0.57.0
- required_plugin_versions: [{name: container, version: 0.4.0}]
- list: names
  items: [bash, '"a b"', more]
- list: more
  items: [x, y]
- macro: opened
  condition: evt.type in (open, openat)
- macro: named
  condition: (opened and proc.name in (names))
"""


def rules_inputs():
    divider = "\n=====\n"
    usual = BASE + rule("A", ">\n    named and\n    not fd.name startswith /etc", EXCEPTIONS) + rule("B", "named or opened")
    local = """- list: names
  items: [zsh]
  override: {items: append}
- macro: named
  condition: or proc.pname = x
  append: true
- rule: A
  condition: and proc.tty != 0
  priority: debug
  tags: [t]
  exceptions:
  - {name: e, values: [z]}
  override: {condition: append, priority: replace, tags: append, exceptions: append}
- rule: B
  enabled: false
"""
    yield "usual", usual.encode()
    yield "override", (usual + divider + local).encode()
    yield "append-to-nothing", (local + divider + usual).encode()
    yield "windows", usual.replace("\n", "\r\n").encode()
    yield "our-keys", rule("A", "image.user = root", "  source: image\n  applies: image.name exists\n  owner: x\n"
                           "  remediation: y\n  references: [a]\n  controls: [b, c]\n").encode()
    yield "skipped", (rule("A", "ka.verb = x and (", "  source: k8s_audit\n") + rule("B", "proc.nmae = x",
                      "  skip-if-unknown-filter: true\n") + rule("C", "half.value = x", "  source: half\n") +
                      rule("D", "half.kind in (wink, nod, bow)", "  source: half\n")).encode()
    yield "never", (rule("A", "evt.type = open and evt.type = creat") + rule("B", "evt.dir=> and proc.name in ()") +
                    rule("C", "evt.type = open") + rule("D", "evt.type = open and proc.name = x")).encode()
    yield "left-out", (usual + divider + "- macro: named\n  condition: proc.nmae = x\n" + divider +
                       rule("C", "named") + divider + rule("D", "unknown")).encode()
    yield "endless", b"- macro: a\n  condition: proc.name = x\n- macro: b\n  condition: a\n- macro: a\n  condition: b or a\n"
    yield "endless-list", (b"- list: a\n  items: [b, a]\n- list: b\n  items: [a]\n" + rule("A", "proc.name in (a, b)").encode())
    yield "tower", ("- {macro: m0, condition: proc.name = x}\n" + "".join(
        f"- {{macro: m{i}, condition: {' or '.join([f'm{i - 1}'] * 10)}}}\n" for i in range(1, 8))).encode()
    yield "wrong-items", (b"- rulle: A\n- ~\n- word\n- {}\n- rule:\n- rule: B\n  priority: warn\n  tags: x\n  enabled: 2\n"
                          b"- macro: m\n- list: l\n  items: [a, [b]]\n- rule: C\n  override: {x: append}\n- rule: D\n  append: 1\n")
    yield "wrong-exceptions", (rule("A", "evt.type = open", "  exceptions: [{name: e}, x, {name: f, fields: [a], comps: [b]}]\n") +
                               rule("B", "evt.type = open", "  exceptions: [{name: f, fields: [a.b], values: [x]}]\n")).encode()
    yield "not-a-sequence", b"rule: A\n"
    yield "version", b"- required_engine_version: 1.0.0\n- required_engine_version: x\n- required_plugin_versions: y\n"


TARGETS = {
    "condition": condition_inputs,
    "dpkg-files": dpkg_files_inputs,
    "dpkg-status": dpkg_status_inputs,
    "image-index": image_index_inputs,
    "inflate": inflate_inputs,
    "json": json_inputs,
    "layer": layer_inputs,
    "layer-file": layer_file_inputs,
    "match": match_inputs,
    "rules": rules_inputs,
    "text": text_inputs,
    "wire": wire_inputs,
    "yaml": yaml_inputs,
}


def main():
    check = sys.argv[1:] == ["--check"]
    wrong = 0
    for target, inputs in TARGETS.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        wanted = dict(inputs())
        for old in folder.iterdir():
            if old.name not in wanted and not old.name.startswith("crash-"):
                print(f"{target}/{old.name}: nothing makes it")
                wrong += 1
                if not check:
                    old.unlink()
        for name, data in wanted.items():
            file = folder / name
            if file.exists() and file.read_bytes() == data:
                continue
            wrong += 1
            print(f"{target}/{name}: {'differs' if check else 'written'}")
            if not check:
                file.write_bytes(data)
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
