# SPDX-License-Identifier: Apache-2.0
"""rpm's databases as rpm itself makes them: our packages and files are those that `rpm -qa` tells. Debian's rpm writes
SQLite and reads Berkeley DB; a Berkeley DB is made of the same headers by db5.3_load, an NDB by a few lines here."""
import json
import os
import sqlite3
import struct
import subprocess
import zlib

import pytest

DETECT = os.path.abspath(os.environ.get("TALLYMAN_DETECT", "build-asan/tests/tools/detect"))
FIELDS = ["NAME", "EVR", "ARCH", "SOURCERPM", "VENDOR", "LICENSE", "MODULARITYLABEL", "NEVRA"]
IN_PLACE = {"0", "3"}  # states of files: normal, and on a shared network file system

KEY = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawamgxYJKwYBBAHaRw8BAQdANqwyJmFhi6/l5HX4gFzQD++T9HMHbFmf9aMg
TxO/Q1u0I1Rlc3Qgb2YgVGFsbHltYW4gPHRlc3RAZXhhbXBsZS5vcmc+iJAEExYI
ADgWIQT51BChInWrNSQfAe6/B2Zqb1HmKwUCawamgwIbAwULCQgHAgYVCgkICwIE
FgIDAQIeAQIXgAAKCRC/B2Zqb1HmKzqQAQCyBC80SeMDvcplAkuaIpJWh311AZ7L
nEbEHZsVFcA0rAD/Y9mvyu3ZcCVgVohq6sHeCmp4PkMAbbu773jqKLqi8A0=
=aNQD
-----END PGP PUBLIC KEY BLOCK-----
"""

SPECS = {
    "plain": """
Name: plain
Version: 1.0
Release: 1
Summary: no epoch, no vendor
License: MIT
%description
x
%install
mkdir -p %{buildroot}/usr/share/plain/d
echo a > %{buildroot}/usr/share/plain/both
%files
/usr/share/plain
""",
    "zero": """
Name: zero
Version: 2~rc1^git5
Release: 3.el9
Epoch: 0
Summary: an epoch of zero is not none
License: GPL-2.0-or-later AND MIT
Vendor: Vendor \u00e9, Inc.
BuildArch: noarch
ModularityLabel: nodejs:18:8090020230906:a1b2c3
%description
x
%files
""",
    "source-name": """
Name: source-name
Version: 3
Release: 4
Epoch: 7
Summary: \u00dcml\u00e4ut \u65e5\u672c\u8a9e
License: Apache-2.0
%description
x
%package -n lib-other
Summary: of another name
Version: 9.9
License: BSD-3-Clause
%description -n lib-other
y
%install
mkdir -p "%{buildroot}/usr/share/doc/o" "%{buildroot}/opt/with space" %{buildroot}/var/log
echo a > "%{buildroot}/opt/with space/\u00e9 \u65e5"
echo a > %{buildroot}/usr/share/doc/o/README
echo a > %{buildroot}/var/log/ghost
%files -n lib-other
"/opt/with space"
%doc /usr/share/doc/o/README
%ghost /var/log/ghost
""",
    "many": """
Name: many
Version: 1
Release: 1
Summary: many files
License: MIT
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}/srv/many
(cd %{buildroot}/srv/many && for d in $(seq 30); do mkdir $d; (cd $d && touch $(seq -f file-with-a-name-%%g 100)); done)
%files
/srv/many
""",
    "usurper": """
Name: usurper
Version: 1
Release: 1
Summary: replaces a file of another package
License: MIT
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}/usr/share/plain
echo b > %{buildroot}/usr/share/plain/both
%files
/usr/share/plain/both
""",
}


def run(*command, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, **kwargs)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def build(folder, name):
    spec = folder / f"{name}.spec"
    spec.write_text(SPECS[name], encoding="utf-8")
    run("rpmbuild", "-bb", "--define", f"_topdir {folder}/{name}", "--define", "_build_id_links none", spec,
        env={**os.environ, "LC_ALL": "C.UTF-8"})
    return sorted(str(p) for p in (folder / name).rglob("*.rpm"))


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A database by rpm itself: packages, a key, files that were left out or replaced, a package that was removed. Only
    root can have rpm put the files in a folder; without, they are known to the database alone."""
    folder = tmp_path_factory.mktemp("rpm")
    packages = {name: build(folder, name) for name in SPECS}
    db = folder / "root/var/lib/rpm"
    db.mkdir(parents=True)
    place = ["--root", folder / "root", "--dbpath", "/var/lib/rpm"] if os.geteuid() == 0 else ["--justdb", "--dbpath", db]
    for name in ["plain", "zero", "source-name", "many"]:
        run("rpm", "-i", *place, "--nodeps", "--noscripts", "--excludedocs", *packages[name])
    (folder / "key.asc").write_text(KEY)
    run("rpm", "--dbpath", db, "--import", folder / "key.asc")
    run("rpm", "-e", *place, "--nodeps", "zero")
    for name in ["zero", "usurper"]:
        run("rpm", "-i", *place, "--nodeps", "--noscripts", "--replacefiles", *packages[name])
    return db


def ask_rpm(db, backend="sqlite"):
    """What rpm tells: packages as (name, EVR, …), and a set of paths for each NEVRA."""
    ask = ["rpm", "--dbpath", db, "--define", f"_db_backend {backend}", "-qa", "--qf"]
    lines = run(*ask, "\t".join(f"%{{{f}}}" for f in FIELDS) + "\n").decode().splitlines()
    packages = sorted(tuple("" if v == "(none)" else v for v in line.split("\t")) for line in lines)
    files = {}
    for line in run(*ask, "[%{=NEVRA}\t%{FILESTATES}\t%{FILENAMES}\n]").decode().splitlines():
        nevra, state, path = line.split("\t")
        if state in IN_PLACE:
            files.setdefault(nevra, set()).add(path)
    return [p for p in packages if p[0] != "gpg-pubkey"], files


def ask_ours(path, name="rpmdb.sqlite", folder="var/lib/rpm"):
    packages, files = [], {}
    for line in run(DETECT, path, f"{folder}/{name}").decode().splitlines():
        record = json.loads(line)
        assert record["record"] in ("package", "owned"), line
        if record["record"] == "owned":
            files[record["key"]] = set(record["items"])
            continue
        source = f"{record['source_name']}-{record['source_version']}.src.rpm"
        packages.append((record["name"], record["version"], record["arch"], source, record["vendor"],
                         record["licenses"][0], record["module"], record["key"]))
    return sorted(packages), files


def headers(db):
    with sqlite3.connect(f"file:{db}/rpmdb.sqlite?mode=ro", uri=True) as connection:
        return connection.execute("SELECT hnum, blob FROM Packages").fetchall()


def write_bdb(db, path, order):
    """A real Berkeley DB hash: numbers in the database's byte order, and what rpm keeps under 0."""
    pack = ">I" if order == 4321 else "<I"
    rows = [(0, struct.pack(pack, 100))] + headers(db)
    text = "VERSION=3\nformat=bytevalue\ntype=hash\n" + f"db_lorder={order}\ndb_pagesize=4096\nHEADER=END\n"
    text += "".join(f" {struct.pack(pack, number).hex()}\n {bytes(blob).hex()}\n" for number, blob in rows)
    run("db5.3_load", path, input=(text + "DATA=END\n").encode())


def write_ndb(db, path):
    slots, blobs, at = [], b"", 4096
    for number, header in headers(db):
        blob = struct.pack("<4sIII", b"BlbS", number, 1, len(header)) + header
        blob += bytes(-(len(blob) + 12) % 16)
        blob += struct.pack("<II4s", zlib.adler32(blob), len(header), b"BlbE")
        slots.append(struct.pack("<4sIII", b"Slot", number, at // 16, len(blob) // 16))
        blobs, at = blobs + blob, at + len(blob)
    slots += [struct.pack("<4sIII", b"Slot", 0, 0, 0)] * (254 - len(slots))
    path.write_bytes(struct.pack("<4s7I", b"RpmP", 0, 1, 1, 100, 0, 0, 0) + b"".join(slots) + blobs)


def test_sqlite(database):
    packages, files = ask_rpm(database)
    assert len(packages) == len(SPECS) and len(files["many-1-1.noarch"]) == 3031
    assert ("zero", "0:2~rc1^git5-3.el9", "noarch", "zero-2~rc1^git5-3.el9.src.rpm", "Vendor \u00e9, Inc.",
            "GPL-2.0-or-later AND MIT", "nodejs:18:8090020230906:a1b2c3", "zero-0:2~rc1^git5-3.el9.noarch") in packages
    other = next(p for p in packages if p[0] == "lib-other")
    assert other[1:4] == ("7:9.9-4", other[2], "source-name-3-4.src.rpm")
    if os.geteuid() == 0:
        assert "/usr/share/doc/o/README" not in files[other[7]]  # --excludedocs
        assert files[next(p for p in packages if p[0] == "plain")[7]] == {"/usr/share/plain", "/usr/share/plain/d"}
    assert files["usurper-1-1.noarch"] == {"/usr/share/plain/both"}
    for folder in ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"]:
        assert ask_ours(database / "rpmdb.sqlite", folder=folder) == (packages, files)


def test_log_that_was_merged_is_silent(database):
    assert (database / "rpmdb.sqlite-wal").exists()
    assert run(DETECT, database / "rpmdb.sqlite-wal", "var/lib/rpm/rpmdb.sqlite-wal") == b""


def test_key_is_left_out(database):
    assert b"gpg-pubkey" in run("rpm", "--dbpath", database, "-qa")
    assert b"gpg-pubkey" not in run(DETECT, database / "rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite")


@pytest.mark.parametrize("order", [1234, 4321])
def test_berkeley_db(database, tmp_path, order):
    write_bdb(database, tmp_path / "Packages", order)
    assert ask_ours(tmp_path / "Packages", "Packages") == ask_rpm(database)


def test_berkeley_db_as_rpm_reads_it(database, tmp_path):
    if b"bdb_ro" not in run("rpm", "--showrc"):
        pytest.skip("this rpm reads no Berkeley DB")
    write_bdb(database, tmp_path / "Packages", 1234)
    assert ask_ours(tmp_path / "Packages", "Packages") == ask_rpm(tmp_path, "bdb_ro")


def test_ndb(database, tmp_path):
    write_ndb(database, tmp_path / "Packages.db")
    assert ask_ours(tmp_path / "Packages.db", "Packages.db") == ask_rpm(database)


def test_format_is_told_by_content(database, tmp_path):
    write_ndb(database, tmp_path / "rpmdb.sqlite")
    assert ask_ours(tmp_path / "rpmdb.sqlite", "rpmdb.sqlite") == ask_rpm(database)


def test_list_of_distroless_images(database, tmp_path):
    """The list that CBL-Mariner's image build makes with rpm itself."""
    columns = ["%{NAME}", "%{VERSION}-%{RELEASE}", "%{INSTALLTIME}", "%{BUILDTIME}", "%{VENDOR}", "(none)", "%{SIZE}",
               "%{ARCH}", "%{EPOCHNUM}", "%{SOURCERPM}"]
    text = run("rpm", "--dbpath", database, "-qa", "--qf", "\t".join(columns) + "\n")
    (tmp_path / "list").write_bytes(text)
    ours = {}
    for line in run(DETECT, tmp_path / "list", "var/lib/rpmmanifest/container-manifest-2").decode().splitlines():
        record = json.loads(line)
        assert record["record"] == "package"
        ours[record["name"]] = (record["version"], record["arch"],
                                f"{record['source_name']}-{record['source_version']}.src.rpm", record["vendor"])
    rpm = {p[0]: (p[1].removeprefix("0:"), p[2], p[3], p[4]) for p in ask_rpm(database)[0]}
    assert ours == rpm
