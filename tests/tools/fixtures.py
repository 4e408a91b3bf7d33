# SPDX-License-Identifier: Apache-2.0
"""Small valid package databases of every format that is read, as bytes and as entries of a layer.

rpm's formats are described at the top of src/inventory/rpm_*.c."""
import os
import sqlite3
import struct
import tempfile
import zlib

import make_image as make

OS_RELEASE = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
COPYRIGHT = (b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
             b"Files: *\nCopyright: 2024\nLicense: GPL-3+\n")


def with_parents(entries):
    """The same, each directory before what is in it."""
    made, seen = [], set()
    for info, data in entries:
        parts = info.name.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            path = "/".join(parts[:i])
            if path not in seen:
                seen.add(path)
                made.append(make.directory(path))
        made.append((info, data))
    return made


# ---- dpkg, apk, the list of a distroless image ----

def dpkg_stanza(name, version="1.0-1", arch="amd64"):
    return f"Package: {name}\nStatus: install ok installed\nArchitecture: {arch}\nVersion: {version}\n"


def dpkg_entries(*names):
    status = "\n".join(dpkg_stanza(name) for name in names).encode()
    lists = [make.file(f"var/lib/dpkg/info/{name}.list", f"/.\n/usr\n/usr/bin\n/usr/bin/{name}\n".encode()) for name in names]
    files = [make.file(f"usr/bin/{name}", name.encode(), mode=0o755) for name in names]
    copyrights = [make.file(f"usr/share/doc/{name}/copyright", COPYRIGHT) for name in names]
    return [make.file("var/lib/dpkg/status", status), *lists, *files, *copyrights]


def status_d_entries(*names):
    return [make.file(f"var/lib/dpkg/status.d/{name}", dpkg_stanza(name).encode()) for name in names] + \
           [make.file(f"var/lib/dpkg/status.d/{name}.md5sums", b"0" * 32 + f"  usr/lib/{name}.so\n".encode()) for name in names]


def apk_entries(*names):
    text = "".join(f"C:Q1\nP:{name}\nV:1.2-r0\nA:x86_64\nL:MIT\no:{name}\nF:usr/lib\nR:{name}.so\n\n" for name in names)
    return [make.file("lib/apk/db/installed", text.encode())]


def rpm_manifest_entries(*names):
    lines = "".join(f"{name}\t1.0-1\t1700000000\t1700000000\tVendor\t(none)\t10\tx86_64\t0\t{name}-1.0-1.src.rpm\n" for name in names)
    return [make.file("var/lib/rpmmanifest/container-manifest-2", lines.encode())]


# ---- rpm's headers and databases ----

INT32, STRING, STRING_ARRAY = 4, 6, 8


def rpm_header(name, version="1.0", release="1", arch="noarch", extra=0):
    """A header blob as it stands in a database. `extra` bytes of description make it long."""
    index, data, count = b"", b"", 0
    fields = [(1000, STRING, [name]), (1001, STRING, [version]), (1002, STRING, [release]), (1005, STRING, ["x" * extra]),
              (1022, STRING, [arch]), (1044, STRING, [f"{name}-{version}-{release}.src.rpm"]), (1116, INT32, [0]),
              (1117, STRING_ARRAY, [name]), (1118, STRING_ARRAY, ["/usr/lib/"])]
    for tag, kind, values in fields:
        if kind == INT32:
            data += b"\0" * (-len(data) % 4)
        index += struct.pack(">IIII", tag, kind, len(data), len(values))
        data += b"".join(struct.pack(">I", v) if kind == INT32 else v.encode() + b"\0" for v in values)
        count += 1
    return struct.pack(">II", count, len(data)) + index + data


def rpm_sqlite(*headers):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rpmdb.sqlite")
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        db.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers])
        db.commit()
        db.close()
        with open(path, "rb") as data:
            return data.read()


def rpm_ndb(*headers):
    slots, blobs, at = [], b"", 4096
    for number, header in enumerate(headers, 1):
        blob = struct.pack("<4sIII", b"BlbS", number, 1, len(header)) + header
        blob += b"\0" * (-(len(blob) + 12) % 16)
        blob += struct.pack("<II4s", zlib.adler32(blob), len(header), b"BlbE")
        slots.append(struct.pack("<4sIII", b"Slot", number, at // 16, len(blob) // 16))
        blobs, at = blobs + blob, at + len(blob)
    slots += [struct.pack("<4sIII", b"Slot", 0, 0, 0)] * (254 - len(slots))
    return struct.pack("<4sIII", b"RpmP", 0, 1, 1) + b"\0" * 16 + b"".join(slots) + blobs


BDB_PAGE = 4096


def _bdb_page(number, kind, entries=0, offset=0, following=0):
    page = bytearray(BDB_PAGE)
    struct.pack_into("<I", page, 8, number)
    struct.pack_into("<IHH", page, 16, following, entries, offset)
    page[25] = kind
    return page


def rpm_bdb(*headers):
    """Each header on overflow pages of its own."""
    room, overflow, items = BDB_PAGE - 26, [], []
    for number, header in enumerate(headers, 1):
        pieces = [header[i:i + room] for i in range(0, len(header), room)]
        first = 2 + len(overflow)
        for i, piece in enumerate(pieces):
            page = _bdb_page(first + i, 7, 1, len(piece), first + i + 1 if i + 1 < len(pieces) else 0)
            page[26:26 + len(piece)] = piece
            overflow.append(page)
        items += [b"\1" + struct.pack("<I", number), b"\3\0\0\0" + struct.pack("<II", first, len(header))]
    hashed, end = _bdb_page(1, 13, len(items)), BDB_PAGE
    for i, item in enumerate(items):
        end -= len(item)
        hashed[end:end + len(item)] = item
        struct.pack_into("<H", hashed, 26 + 2 * i, end)
    meta = _bdb_page(0, 8)
    struct.pack_into("<III", meta, 12, 0x061561, 9, BDB_PAGE)
    struct.pack_into("<I", meta, 32, 1 + len(overflow))
    return b"".join([bytes(meta), bytes(hashed), *map(bytes, overflow)])


def rpm_entries():
    """One database of each kind, one package in each."""
    return [make.file("var/lib/rpm/rpmdb.sqlite", rpm_sqlite(rpm_header("in-sqlite"))),
            make.file("usr/lib/sysimage/rpm/Packages.db", rpm_ndb(rpm_header("in-ndb"))),
            make.file("usr/share/rpm/Packages", rpm_bdb(rpm_header("in-bdb", extra=9000)))]
