# SPDX-License-Identifier: Apache-2.0
"""Package databases, os-release and copyright files that fuzzing starts from, and their writers; see make_corpus.py."""
import struct


# ---- text ----

def text_inputs():
    yield "path", b"./usr//lib/../lib64/./x"
    yield "climbs", b"a/../../etc"
    yield "absolute", b"/etc/passwd/"
    yield "nul", b"a\0b"
    yield "terminal", b"\x1b[31mred\x1b[0m\\ \t\n\x7f"
    yield "unicode", "é€😀 ‮ ​ \u0085 \ufeff".encode()
    yield "not-utf8", b"\xc0\x80\xed\xa0\x80\xf5\xff caf\xe9"
    yield "sha256", b"sha256:" + b"0123456789abcdef" * 4
    yield "sha512", b"sha512:" + b"0123456789abcdef" * 8
    yield "platform", b"linux/arm/v7"


DPKG = (b"Package: libx1\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nSource: x (2:1.0-3)\n"
        b"Version: 2:1.0-3+b1\nMaintainer: A <a@example.org>\nDescription: a\n more\n .\n\n"
        b"Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n"
        b"Package: tzdata\nStatus: install ok installed\nVersion: 2024a-1\nArchitecture: all\n")


def dpkg_status_inputs():
    yield "usual", DPKG
    yield "crlf", DPKG.replace(b"\n", b"\r\n")
    yield "no-version", b"Package: a\nStatus: install ok installed\n\nStatus: install ok installed\nVersion: 1\n"
    yield "odd-lines", b": empty\nPackage\nPackage:\n\t\n\n\n\n continuation\nSource: (\nStatus:   installed\n"
    yield "no-newline", b"Package: a\nVersion: 1\nStatus: install ok installed\nSource: b (1"


def dpkg_files_inputs():
    yield "list", b"/.\n/usr\n/usr/bin/x\n"
    yield "odd", b"\n\n/a\r\n  /b  \nrelative\n/no-newline"


APK = (b"C:Q1abc=\nP:busybox\nV:1.36.1-r5\nA:x86_64\nS:1\nI:2\nT:a\nU:https://example.org\nL:GPL-2.0-only\no:busybox\n"
       b"m:A <a@example.org>\nt:1\nc:0\nD:so:libc.so\np:/bin/sh\nF:bin\nR:busybox\na:0:0:755\nZ:Q1x=\nF:\nR:x\n\n"
       b"P:libcrypto3\nV:3.1.4-r5\nA:x86_64\no:openssl\nF:lib\nR:libcrypto.so.3\n\n")


def apk_inputs():
    yield "usual", APK
    yield "crlf", APK.replace(b"\n", b"\r\n")
    yield "no-name", b"V:1\nF:a\nR:b\n\nP:x\n\nP:y\nV:1\nP:z\nV:2\n"
    yield "odd-lines", b"\n\nP\n:\nP:\nPV:1\nR:no directory\n x\nF:\xff\nR:\xff\0\n"
    yield "files-before-name", b"F:d\nR:1\nR:2\nP:late\nV:1\nR:3"


def os_release_inputs():
    yield "debian", (b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'
                     b'VERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n')
    yield "alpine", b'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n'
    yield "stream", b'NAME="CentOS Stream"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\n'
    yield "ubuntu", b"ID=ubuntu\nVERSION_ID='24.04'\nUBUNTU_CODENAME=noble\n"
    yield "quotes", b"NAME='it'\\''s'\nPRETTY_NAME=\"a \\\"b\\\" \\$c \\x\\\n d\" # e\nID=a\\ b  c \t\n"
    yield "open-quote", b'NAME="never\nID=x\n'
    yield "odd", b"\r\n =x\nID\nID =x\n1ID=x\n# ID=c\n\tID=\tx#y\t#z\nVERSION_ID=3.22.0_alpha1"
    yield "nothing", b"HOME_URL=x\n"
    yield "hostile", b"ID='a/b\nc%'\nVERSION_ID=\xff\n"


def quoting_inputs():
    yield "words", b"a b"
    yield "quotes", b"'\"\\$`\n\\"
    yield "bytes", b"\0\xff\r\n# x"


def copyright_inputs():
    head = b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x\n\n"
    yield "machine", head + b"Files: *\nCopyright: 2024 A\nLicense: GPL-2+\n text\n .\n more\n\nLicense: MIT\n text\n"
    yield "drafts", b"\xef\xbb\xbfFormat-Specification: http://example.org\nLicence: no\nlicense:BSD-3-clause\n"
    yield "prose", (b"It is free.\n\nSee /usr/share/common-licenses/GPL-2. Or `/usr/share/common-licenses/Artistic',\n"
                    b"/common-licenses//common-licenses/-. /usr/share/common-licenses/LGPL-2.1")
    yield "many", head + b"".join(b"License: L%d\n" % i for i in range(300))
    yield "long-name", head + b"License: " + b"x" * 600 + b"\n"
    yield "none", b"\n\n: x\nLicense\n"


def rpm_manifest_inputs():
    def row(*columns):
        return b"\t".join(columns) + b"\n"
    none = b"(none)"
    usual = row(b"bash", b"5.1.8-1.cm2", b"1650000000", b"1640000000", b"Microsoft Corporation", none, b"8000",
                b"x86_64", b"0", b"bash-5.1.8-1.cm2.src.rpm")
    yield "usual", usual + row(b"tzdata", b"2022a-1.cm2", b"1", b"2", none, none, b"3", b"noarch", b"0",
                               b"tzdata-2022a-1.cm2.src.rpm")
    yield "epochs", (row(b"a", b"1-1", b"", b"", none, none, b"0", none, b"3", none) +
                     row(b"b", b"1-1", b"", b"", none, b"0", b"0", b"x", b"0", b"b-1.src.rpm"))
    yield "odd", usual[:-20] + b"\n\n\n" + row(b"gpg-pubkey", *[b"1-1"] * 7, b"0", b"") + usual + usual[:30]


# ---- headers of rpm packages ----

STRING, INT32, CHAR, STRINGS, I18N, BINARY = 6, 4, 1, 8, 9, 7


def header(*entries):
    """Entries are (tag, value): a text, a list of texts, or of numbers; or (tag, type, count, bytes)."""
    index, data = b"", b""
    for entry in entries:
        if len(entry) == 4:
            tag, kind, count, raw = entry
        else:
            tag, value = entry
            if isinstance(value, bytes):
                kind, count, raw = STRING, 1, value + b"\0"
            elif isinstance(value[0], bytes):
                kind, count, raw = STRINGS, len(value), b"".join(v + b"\0" for v in value)
            else:
                kind, count, raw = INT32, len(value), struct.pack(f">{len(value)}I", *value)
        if kind == INT32:
            data += bytes(-len(data) % 4)
        index += struct.pack(">IIII", tag, kind, len(data), count)
        data += raw
    return struct.pack(">II", len(entries), len(data)) + index + data


IDENTITY = [(1000, b"bash"), (1001, b"5.2.26"), (1002, b"3.fc40")]
BASH = header((63, BINARY, 16, bytes(16)), *IDENTITY, (1011, b"Fedora Project"), (1014, b"GPL-3.0-or-later"),
              (1022, b"x86_64"), (1029, CHAR, 3, b"\0\1\3"), (1044, b"bash-5.2.26-3.fc40.src.rpm"), (1116, [0, 0, 1]),
              (1117, [b"bash", b"sh", b"profile"]), (1118, [b"/usr/bin/", b"/etc/"]))
MODULE = header(*IDENTITY, (1003, [2]), (1022, b"noarch"), (5096, b"nodejs:18:1:2"))
OLD = header(*IDENTITY, (1027, [b"/bin/bash", b"/bin/sh"]))
KEY = header((1000, b"gpg-pubkey"), (1001, b"abc"), (1002, b"def"))


def large(size):
    description = (1005, I18N, 1, b"text " * (size // 5) + b"\0")
    return header(*IDENTITY, description, (1117, [b"x"]), (1116, [0]), (1118, [b"/"]))


def rpm_header_inputs():
    yield "bash", BASH
    yield "module", MODULE
    yield "old-file-names", OLD
    yield "key", KEY
    yield "no-release", header((1000, b"x"), (1001, b"1"))
    yield "twice", header(*IDENTITY, (1000, b"other"))
    yield "source-names", header(*IDENTITY, (1044, b"--.nosrc.rpm"))
    yield "too-many-files", header(*IDENTITY, (1117, STRINGS, 1 << 31, b"x\0"), (1116, INT32, 1 << 31, bytes(4)),
                                   (1118, [b"/"]))
    yield "no-such-directory", header(*IDENTITY, (1117, [b"a"]), (1116, [7]), (1118, [b"/"]))
    yield "one-name-too-few", header(*IDENTITY, (1116, [0, 0]), (1118, [b"/"]), (1117, STRINGS, 2, b"a\0"))
    yield "offset-outside", struct.pack(">IIIIII", 1, 4, 1000, STRING, 4, 1) + b"abc\0"
    yield "no-entries", struct.pack(">II", 0, 0)


# ---- NDB ----

def ndb(*blobs, pages=1):
    """Blobs of the packages 1, 2 …; checksums stay 0: the target writes them."""
    slots, body = b"", b""
    for number, blob in enumerate(blobs, 1):
        size = (16 + len(blob) + 12 + 15) // 16 * 16
        slots += b"Slot" + struct.pack("<III", number, (pages * 4096 + len(body)) // 16, size // 16)
        body += b"BlbS" + struct.pack("<III", number, 1, len(blob))
        body += blob + bytes(size - 28 - len(blob)) + struct.pack("<II", 0, len(blob)) + b"BlbE"
    head = b"RpmP" + struct.pack("<III", 0, 1, pages) + bytes(16)
    return head + slots + (b"Slot" + bytes(12)) * (pages * 256 - 2 - len(blobs)) + body


def rpm_ndb_inputs():
    usual = ndb(BASH, KEY, MODULE)
    yield "usual", usual
    yield "one", ndb(OLD)
    yield "empty", ndb()
    yield "used-twice", usual[:48] + b"Slot" + struct.pack("<I", 1) + usual[40:48] + usual[64:]
    yield "other-package", usual[:36] + b"\x09" + usual[37:]
    yield "no-slot", usual[:32] + b"slot" + usual[36:]
    yield "wrong-checksum", usual[:-12] + b"\1" + usual[-11:]
    yield "too-many-pages", usual[:12] + b"\2" + usual[13:]
    yield "version", usual[:4] + b"\1" + usual[5:]


# ---- Berkeley DB hash ----

class Bdb:
    def __init__(self, order, page_size=512):
        self.order, self.page_size, self.pages = order, page_size, []
        self.new_page(8)

    def new_page(self, kind):
        page = bytearray(self.page_size)
        struct.pack_into(self.order + "I", page, 8, len(self.pages))
        page[25] = kind
        self.pages.append(page)
        return len(self.pages) - 1

    def item(self, number, data):
        page = self.pages[number]
        entries, end = struct.unpack_from(self.order + "HH", page, 20)
        end = (end if entries else self.page_size) - len(data)
        page[end:end + len(data)] = data
        struct.pack_into(self.order + "H", page, 26 + 2 * entries, end)
        struct.pack_into(self.order + "HH", page, 20, entries + 1, end)

    def pair(self, page, number, value):
        self.item(page, b"\1" + struct.pack(self.order + "I", number))
        self.item(page, value)

    def off_page(self, blob):
        """Puts `blob` on overflow pages, returns the item that names them."""
        room = self.page_size - 26
        first = len(self.pages)
        for at in range(0, len(blob), room):
            piece = blob[at:at + room]
            page = self.pages[self.new_page(7)]
            page[26:26 + len(piece)] = piece
            struct.pack_into(self.order + "HH", page, 20, 1, len(piece))
            if at + room < len(blob):
                struct.pack_into(self.order + "I", page, 16, len(self.pages))
        return b"\3\0\0\0" + struct.pack(self.order + "II", first, len(blob))

    def bytes(self):
        meta = self.pages[0]
        struct.pack_into(self.order + "III", meta, 12, 0x061561, 9, self.page_size)
        struct.pack_into(self.order + "I", meta, 32, len(self.pages) - 1)
        return b"".join(bytes(page) for page in self.pages)


def bdb_usual(order):
    db = Bdb(order)
    page, other = db.new_page(13), db.new_page(2)
    db.pair(page, 0, b"\1" + struct.pack(order + "I", 4))
    db.pair(page, 1, b"\1" + OLD)
    db.pair(page, 2, db.off_page(BASH))
    db.pair(other, 3, db.off_page(large(1000)))
    return db


def rpm_bdb_inputs():
    for name, order in [("little", "<"), ("big", ">")]:
        usual = bdb_usual(order).bytes()
        yield f"{name}-endian", usual
        yield f"{name}-endian-short", usual[:-700]
        db = bdb_usual(order)
        struct.pack_into(order + "I", db.pages[6], 16, 5)  # the chain of the large one goes round
        yield f"{name}-endian-round", db.bytes()
    db = Bdb("<")
    page = db.new_page(13)
    shared = db.off_page(OLD)
    for number in range(1, 9):
        db.pair(page, number, shared)
    yield "shared-pages", db.bytes()
    db = Bdb("<")
    page = db.new_page(13)
    db.item(page, b"\1key")
    db.item(page, b"\2duplicates")
    db.pair(page, 5, b"\4" + bytes(11))
    db.pair(page, 6, b"\3short")
    yield "odd-items", db.bytes()
    yield "empty", Bdb(">").bytes()
    yield "encrypted", Bdb("<").bytes()[:24] + b"\1" + Bdb("<").bytes()[25:]


# ---- SQLite (https://www.sqlite.org/fileformat2.html) ----

PAGE = 512


def varint(n):
    out = bytes([n & 0x7f])
    while n > 0x7f:
        n >>= 7
        out = bytes([n & 0x7f | 0x80]) + out
    return out


def record(*values):
    """Texts, blobs (bytearray), numbers and None."""
    types, body = b"", b""
    for value in values:
        if value is None:
            types += b"\0"
        elif isinstance(value, int):
            types, body = types + b"\1", body + bytes([value])
        else:
            types += varint(2 * len(value) + (12 if isinstance(value, bytearray) else 13))
            body += value
    return varint(len(types) + 1) + types + body


class Sqlite:
    def __init__(self):
        self.pages = [bytearray(PAGE)]

    def payload(self, data):
        """How a cell holds `data`: what does not fit goes to overflow pages."""
        most, least = PAGE - 35, (PAGE - 12) * 32 // 255 - 23
        if len(data) <= most:
            return data
        local = least + (len(data) - least) % (PAGE - 4)
        local = local if local <= most else least
        rest, first = data[local:], len(self.pages) + 1
        while rest:
            following = len(self.pages) + 2 if len(rest) > PAGE - 4 else 0
            self.pages.append(bytearray(struct.pack(">I", following) + rest[:PAGE - 4].ljust(PAGE - 4, b"\0")))
            rest = rest[PAGE - 4:]
        return data[:local] + struct.pack(">I", first)

    def leaf(self, number, rows):
        """A page of a table: rows are (rowid, record)."""
        page, start, end = self.pages[number - 1], 100 if number == 1 else 0, PAGE
        pointers = b""
        for rowid, data in rows:
            cell = varint(len(data)) + varint(rowid) + self.payload(data)
            end -= len(cell)
            page[end:end + len(cell)] = cell
            pointers += struct.pack(">H", end)
        head = struct.pack(">BHHHB", 13, 0, len(rows), end, 0) + pointers
        page[start:start + len(head)] = head

    def interior(self, number, children):
        """A page over others: (page, greatest rowid), the last without one."""
        page, end, pointers = self.pages[number - 1], PAGE, b""
        for child, rowid in children[:-1]:
            cell = struct.pack(">I", child) + varint(rowid)
            end -= len(cell)
            page[end:end + len(cell)] = cell
            pointers += struct.pack(">H", end)
        head = struct.pack(">BHHHBI", 5, 0, len(children) - 1, end, 0, children[-1][0]) + pointers
        page[:len(head)] = head

    def new_page(self):
        self.pages.append(bytearray(PAGE))
        return len(self.pages)

    def bytes(self, versions=b"\1\1"):
        head = b"SQLite format 3\0" + struct.pack(">H", PAGE) + versions + b"\0\x40\x20\x20"
        head += struct.pack(">IIIIIIIIIIII", 1, len(self.pages), 0, 0, 1, 4, 0, 0, 1, 0, 0, 0)
        self.pages[0][:100] = head.ljust(92, b"\0") + struct.pack(">II", 1, 3040001)
        return b"".join(bytes(page) for page in self.pages)


TABLE = b"CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"


def schema(root, sql=TABLE, kind=b"table", name=b"Packages", table=b"Packages"):
    return record(kind, name, table, root, sql)


def row(blob):
    return record(None, bytearray(blob))


def sqlite_of(sql=TABLE, kind=b"table", rows=((1, row(OLD)),)):
    db = Sqlite()
    root = db.new_page()
    db.leaf(root, list(rows))
    db.leaf(1, [(1, schema(root, sql, kind))])
    return db


def rpm_sqlite_inputs():
    db = Sqlite()
    root, left, right, index = (db.new_page() for _ in range(4))
    db.leaf(left, [(1, row(BASH)), (2, row(OLD))])
    db.leaf(right, [(3, row(large(900))), (300, row(KEY))])
    db.interior(root, [(left, 2), (right, None)])
    db.pages[index - 1][0:8] = struct.pack(">BHHHB", 10, 0, 0, PAGE, 0)
    db.leaf(1, [(1, schema(root)), (2, schema(index, b"CREATE INDEX i ON Packages(blob)", b"index", b"i"))])
    usual = db.bytes()
    yield "usual", usual
    yield "write-ahead-log", db.bytes(b"\2\2")
    yield "one", sqlite_of().bytes()
    yield "short", usual[:-600]
    yield "no-table", sqlite_of(b"CREATE TABLE Other (x)").bytes()
    yield "without-rowid", sqlite_of(b"CREATE TABLE Packages (hnum PRIMARY KEY, blob) WITHOUT ROWID").bytes()
    yield "view", sqlite_of(b"CREATE VIEW Packages AS SELECT 1 AS rowid, 2 AS blob", b"view").bytes()
    yield "virtual", sqlite_of(b"CREATE VIRTUAL TABLE Packages USING fts5(blob)").bytes()
    yield "generated", sqlite_of(b"CREATE TABLE Packages (a, blob AS (randomblob(99999999)))").bytes()
    values = [b"text", 7, None]
    yield "not-blobs", sqlite_of(rows=[(i, record(None, value)) for i, value in enumerate(values, 1)]).bytes()
    yield "out-of-order", sqlite_of(rows=[(5, row(OLD)), (2, row(KEY))]).bytes()
    db = Sqlite()
    root = db.new_page()
    db.interior(root, [(root, 1), (root, None)])
    db.leaf(1, [(1, schema(root))])
    yield "page-in-itself", db.bytes()
    db = sqlite_of(rows=[(1, row(large(2000)))])
    struct.pack_into(">I", db.pages[3], 0, 3)
    yield "overflow-round", db.bytes()


def rpm_wal_inputs():
    yield "some", struct.pack(">IIIIIIII", 0x377f0682, 3007000, 512, 0, 1, 2, 3, 4) + bytes(536)
    yield "none", struct.pack(">I", 0x377f0682) + bytes(28)


INPUTS = {
    "apk": apk_inputs,
    "copyright": copyright_inputs,
    "dpkg-files": dpkg_files_inputs,
    "dpkg-status": dpkg_status_inputs,
    "os-release": os_release_inputs,
    "os-release-quoting": quoting_inputs,
    "rpm-bdb": rpm_bdb_inputs,
    "rpm-header": rpm_header_inputs,
    "rpm-manifest": rpm_manifest_inputs,
    "rpm-ndb": rpm_ndb_inputs,
    "rpm-sqlite": rpm_sqlite_inputs,
    "rpm-wal": rpm_wal_inputs,
    "text": text_inputs,
}
