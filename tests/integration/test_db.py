# SPDX-License-Identifier: Apache-2.0
"""The database of vulnerabilities, as a user has it: made, renewed by what has changed, shown, carried to other machines."""
import gzip
import json
import os
import pathlib
import resource
import signal
import subprocess
import time

import pytest

from bucket import Bucket, archive, record, touch

TALLYMAN = os.path.abspath(os.environ.get("TALLYMAN", "build/tallyman"))
DATA = pathlib.Path(os.environ.get("TALLYMAN_SHARED_DATA", pathlib.Path(__file__).resolve().parents[2] / ".." / "shared" / "data"))


@pytest.fixture
def db(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "state"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def run(*args, status=0):
        done = subprocess.run([TALLYMAN, "db", *args], capture_output=True, text=True)
        assert done.returncode == status, (args, done.stdout, done.stderr)
        return done
    run.file = tmp_path / "state" / "tallyman" / "db" / "vulnerabilities.db"
    return run


@pytest.fixture
def bucket():
    made = []

    def make(**records):
        made.append(Bucket({name.replace("_", " "): r for name, r in records.items()}))
        return made[-1]
    yield make
    for b in made:
        b.close()


def status(db):
    return json.loads(db("status", "--format", "json").stdout)


def show(db, id):
    return json.loads(db("show", id, "--format", "json").stdout)


def test_none_yet(db):
    for command in (["status"], ["show", "CVE-2020-1"], ["export", "/dev/null"]):
        assert "there is no database of vulnerabilities yet: run 'tallyman db update'" in db(*command, status=2).stderr


def test_first_and_later(db, bucket):
    b = bucket(PyPI=[record(f"PYSEC-{i}") for i in range(300)], npm=[record("GHSA-1", ecosystem="npm", range_type="SEMVER")], Nonsense=[])
    assert "PyPI                 300 records, all read anew" in db("update", "--from", b.url).stdout
    assert "PyPI/all.zip" in b.paths()
    assert {e["name"]: e["records"] for e in status(db)["ecosystems"]} == {"PyPI": 300, "npm": 1}
    # Nothing new.
    assert "nothing new" in db("update", "--from", b.url).stdout
    assert sorted(b.paths()) == ["PyPI/modified_id.csv", "ecosystems.txt", "epss/epss_scores-current.csv.gz",
                                 "kev/known_exploited_vulnerabilities.json", "npm/modified_id.csv"]
    # Some changed, one is new, one is gone: only those are asked for.
    touch(b.records["PyPI"][7])["summary"] = "told anew"
    b.records["PyPI"].append(touch(record("PYSEC-NEW")))
    del b.records["PyPI"][100]
    done = db("update", "--from", b.url)
    assert "2 changed, 1 gone" in done.stdout
    asked = b.paths()
    assert "PyPI/PYSEC-7.json" in asked and "PyPI/PYSEC-NEW.json" in asked and "PyPI/PYSEC-8.json" not in asked
    assert "PyPI/all.zip" not in asked
    assert show(db, "PYSEC-7")[0]["summary"] == "told anew"
    assert show(db, "PYSEC-NEW")[0]["affected"][0]["ranges"][0]["events"] == [{"introduced": "0"}, {"fixed": "2.0"}]
    db("show", "PYSEC-100", status=2)
    assert len(show(db, "PYSEC-299")) == 1
    # Very many changed: all of it again.
    for i, entry in enumerate(b.records["PyPI"][:150]):
        touch(entry, i + 60)
    assert "all read anew" in db("update", "--from", b.url).stdout
    assert "PyPI/all.zip" in b.paths()


def test_names_that_a_url_can_not_hold_as_they_are(db, bucket):
    b = bucket(Rocky_Linux=[record(id, ecosystem="Rocky Linux:9") for id in ("RLSA-2026:1", "RLSA-2026:a b", "RLSA%2F", "R?x#y")])
    db("update", "--from", b.url, status=3)  # a space is no part of an identifier
    for entry in b.records["Rocky Linux"]:
        touch(entry)["summary"] = "anew"
    db("update", "--from", b.url, status=3)
    for id in ("RLSA-2026:1", "RLSA%2F", "R?x#y"):
        assert show(db, id)[0]["summary"] == "anew"


def test_one_ecosystem(db, bucket):
    b = bucket(PyPI=[record("PYSEC-1")], Red_Hat=[record("RHSA-1", ecosystem="Red Hat:enterprise_linux:9::baseos")])
    db("update", "--from", b.url, "--ecosystem", "Red Hat")
    assert [e["name"] for e in status(db)["ecosystems"]] == ["Red Hat"]
    db("update", "--from", b.url, "--ecosystem", "PyPI")
    assert {e["name"] for e in status(db)["ecosystems"]} == {"Red Hat", "PyPI"}
    assert show(db, "RHSA-1")[0]["affected"][0]["ecosystem"] == "Red Hat:enterprise_linux:9::baseos"
    assert "'Pypi' is not published there" in db("update", "--from", b.url, "--ecosystem", "Pypi", status=2).stderr
    assert {e["name"] for e in status(db)["ecosystems"]} == {"Red Hat", "PyPI"}


def test_a_copy_without_single_records(db, bucket, tmp_path):
    """A directory that holds the archives only: what has changed is read out of them."""
    copy = tmp_path / "copy"
    b = bucket(PyPI=[record(f"PYSEC-{i}") for i in range(5)])
    (copy / "PyPI").mkdir(parents=True)

    def write():
        for path in ("ecosystems.txt", "PyPI/modified_id.csv", "PyPI/all.zip"):
            (copy / path).write_bytes(b.get(path))
    write()
    db("update", "--from", str(copy))
    touch(b.records["PyPI"][0])["summary"] = "other"
    write()
    db("update", "--from", str(copy))
    assert show(db, "PYSEC-0")[0]["summary"] == "other"
    assert b.paths() == []
    assert "open '/nowhere'" in db("update", "--from", "/nowhere", status=2).stderr


def test_withdrawn(db, bucket):
    b = bucket(PyPI=[record("PYSEC-1", withdrawn="2026-01-02T00:00:00Z"), record("PYSEC-2")])
    db("update", "--from", b.url)
    assert status(db)["ecosystems"][0]["withdrawn"] == 1
    assert show(db, "PYSEC-1")[0]["matched"] is False
    assert show(db, "PYSEC-2")[0]["matched"] is True


BAD = {
    "not-json": b"{",
    "no-object": b"[]",
    "other-id": json.dumps(record("PYSEC-X")).encode(),
    "no-id": b"{}",
    "list": json.dumps({**record("list"), "affected": 7}).encode(),
    "latin": b'{"id": "latin", "summary": "\xe4"}',
    "deep": b'{"id":' + b"[" * 100000,
    "twice": b'{"id": "twice", "id": "twice"}',
}


def test_bad_records_are_skipped(db, bucket):
    b = bucket(PyPI=[record("PYSEC-1")] + list(BAD.items()))
    done = db("update", "--from", b.url, status=3)
    for name in BAD:
        assert f"PyPI/{name}: the record was skipped: " in done.stderr
    assert show(db, "PYSEC-1")[0]["matched"]
    assert status(db)["ecosystems"][0]["skipped"] == len(BAD)
    # They are not asked for again until they change.
    b.paths()
    db("update", "--from", b.url)
    assert not [p for p in b.paths() if p.endswith(".json") and p.startswith("PyPI")]
    b.records["PyPI"][1] = touch(record("not-json"))
    db("update", "--from", b.url)
    assert show(db, "not-json")[0]["matched"]
    # And one that turns bad among few.
    b.records["PyPI"][0] = ("PYSEC-1", b"{", "2026-03-01T00:00:00Z")
    assert "PyPI/PYSEC-1: the record was skipped" in db("update", "--from", b.url, status=3).stderr


def test_odd_ranges_are_counted(db, bucket):
    b = bucket(PyPI=[record("P-1", events=[{"introduced": "3"}, {"fixed": "2"}]), record("P-2", events=[{"introduced": "zzz"}]),
                     record("P-3", events=[]), record("P-4", events=[{"fixed": "2"}])])
    db("update", "--from", b.url)
    e = status(db)["ecosystems"][0]
    assert (e["odd-versions"], e["odd-ranges"], e["no-ranges"], e["records"]) == (1, 3, 1, 4)


@pytest.mark.parametrize("keep", [10, 1000, -1, -30])
def test_a_truncated_archive(db, bucket, keep):
    b = bucket(PyPI=[record(f"PYSEC-{i}") for i in range(200)])
    db("update", "--from", b.url)
    before = db.file.read_bytes()
    for entry in b.records["PyPI"]:
        touch(entry)
    b.files["PyPI/all.zip"] = b.get("PyPI/all.zip")[:keep]
    error = db("update", "--from", b.url, status=2).stderr
    assert "PyPI/all.zip: the zip archive is" in error
    assert db.file.read_bytes() == before
    del b.files["PyPI/all.zip"]
    db("update", "--from", b.url)


def test_downloads_resume(db, bucket):
    b = bucket(PyPI=[record(f"PYSEC-{i}", details=os.urandom(200).hex()) for i in range(300)])
    size = len(b.get("PyPI/all.zip"))
    b.files["PyPI/all.zip"] = b.get("PyPI/all.zip")  # the same bytes each time
    b.cut["PyPI/all.zip"] = size // 2
    db("update", "--from", b.url)
    ranges = [r for path, r in b.asked if path == "PyPI/all.zip"]
    assert ranges == [None, f"bytes={size // 2}-"]
    assert status(db)["ecosystems"][0]["records"] == 300
    assert list((db.file.parent / "downloads").iterdir()) == []


def test_what_was_downloaded_before_a_failure_is_not_downloaded_again(db, bucket):
    b = bucket(PyPI=[record(f"PYSEC-{i}") for i in range(3)], npm=[record("GHSA-1", ecosystem="npm")])
    b.files["PyPI/all.zip"] = b.get("PyPI/all.zip")
    b.files["npm/all.zip"] = b"nonsense"
    assert "npm/all.zip" in db("update", "--from", b.url, status=2).stderr
    b.asked.clear()
    b.files["npm/all.zip"] = archive(b.members("npm"))
    db("update", "--from", b.url)
    assert ("PyPI/all.zip", f"bytes={len(b.files['PyPI/all.zip'])}-") in b.asked  # the server says there is no more
    assert sum(e["records"] for e in status(db)["ecosystems"]) == 4


def test_a_changed_archive_is_not_glued_to_an_old_half(db, bucket):
    b = bucket(PyPI=[record(f"PYSEC-{i}", details=os.urandom(200).hex()) for i in range(300)])
    first, second = b.get("PyPI/all.zip"), None
    b.files["PyPI/all.zip"] = first
    b.cut["PyPI/all.zip"] = len(first) // 2
    b.files["npm/all.zip"] = b""
    b.records["npm"] = []
    real = Bucket.get

    def get(path):
        if path == "PyPI/all.zip" and not b.cut:
            return second or real(b, path)
        return real(b, path)
    b.records["PyPI"] = [record(f"PYSEC-{i}", details=os.urandom(200).hex()) for i in range(300)]
    second = archive(b.members("PyPI"))
    b.get = get
    db("update", "--from", b.url, "--ecosystem", "PyPI")
    assert status(db)["ecosystems"][0]["records"] == 300


def test_a_killed_update_leaves_the_old_database(db, bucket):
    b = bucket(PyPI=[record("PYSEC-1")])
    db("update", "--from", b.url)
    before = db.file.read_bytes()
    touch(b.records["PyPI"][0])
    held = b.get

    def slow(path):
        if path == "PyPI/PYSEC-1.json":
            time.sleep(5)
        return held(path)
    b.get = slow
    for sig in (signal.SIGKILL, signal.SIGTERM):
        process = subprocess.Popen([TALLYMAN, "db", "update", "--from", b.url], stderr=subprocess.PIPE)
        time.sleep(0.5)
        # While one is at work, another is refused, and readers do not wait.
        assert "another update of the database is at work" in db("update", "--from", b.url, status=2).stderr
        assert status(db)["ecosystems"][0]["records"] == 1
        process.send_signal(sig)
        process.communicate(timeout=20)
        assert process.returncode != 0
        assert db.file.read_bytes() == before
    b.get = held
    db("update", "--from", b.url)
    assert db.file.read_bytes() != before
    assert sorted(p.name for p in db.file.parent.iterdir()) == ["downloads", "lock", "vulnerabilities.db"]


def test_a_full_disk(db, bucket):
    b = bucket(PyPI=[record(f"PYSEC-{i}") for i in range(3)])
    db("update", "--from", b.url)
    before = db.file.read_bytes()
    b.records["PyPI"] = [touch(record(f"PYSEC-{i}", details=os.urandom(300).hex())) for i in range(5000)]
    done = subprocess.run([TALLYMAN, "db", "update", "--from", b.url], capture_output=True, text=True,
                          preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                              resource.setrlimit(resource.RLIMIT_FSIZE, (200000, 200000))))
    assert done.returncode == 2 and "File too large" in done.stderr
    assert db.file.read_bytes() == before


def test_servers_that_fail(db, bucket):
    b = bucket(PyPI=[record("PYSEC-1")])
    b.files["PyPI/modified_id.csv"] = b"nonsense\n"
    assert "PyPI/modified_id.csv, line 1: expected 'time,identifier'" in db("update", "--from", b.url, status=2).stderr
    assert "not the layout of the OSV bucket" in db("update", "--from", b.url + "/elsewhere", status=2).stderr
    assert "expected a URL of http or https, or a directory" in db("update", "--from", "ftp://host/", status=2).stderr
    assert "can not be the name of an ecosystem" in db("update", "--from", b.url, "--ecosystem", "../x", status=2).stderr


KEV = {"catalogVersion": "2026.01.01", "vulnerabilities": [
    {"cveID": "CVE-2024-1", "dateAdded": "2024-05-06", "dueDate": "2024-06-07", "knownRansomwareCampaignUse": "Known"},
    {"cveID": "CVE-2024-2", "dateAdded": "2024-05-07", "dueDate": "2024-06-08", "knownRansomwareCampaignUse": "Unknown"}]}
EPSS = "#model_version:v2025.03.14,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1,0.94321,0.99999\nCVE-2024-3,1.0,1\n"


def test_lists(db, bucket, tmp_path):
    b = bucket(PyPI=[record("PYSEC-1", aliases=["CVE-2024-1"])])
    kev, epss = tmp_path / "kev.json", tmp_path / "epss.csv"
    kev.write_text(json.dumps(KEV))
    epss.write_text(EPSS)
    db("update", "--from", b.url, "--kev", str(kev), "--epss", str(epss))
    shown = db("show", "PYSEC-1").stdout
    assert "CVE-2024-1 is known to be exploited, listed 20240506, in ransomware campaigns" in shown
    assert "CVE-2024-1 0.94321, percentile 0.99999" in shown
    s = status(db)
    assert (s["kev"]["entries"], s["kev"]["label"], s["epss"]["entries"], s["epss"]["label"]) == (2, "2026.01.01", 2, "2026-01-02")
    # Without them they stay; from the publisher they are taken if it has them.
    db("update", "--from", b.url)
    assert status(db)["kev"]["entries"] == 2
    b.files["epss/epss_scores-current.csv.gz"] = gzip.compress(EPSS.encode() + b"CVE-2024-9,0.5,0.5\n")
    b.files["kev/known_exploited_vulnerabilities.json"] = json.dumps({**KEV, "vulnerabilities": KEV["vulnerabilities"][:1]}).encode()
    db("update", "--from", b.url)
    assert (status(db)["kev"]["entries"], status(db)["epss"]["entries"]) == (1, 3)


@pytest.mark.parametrize("line", ["CVE-2024-5,,0.5", "CVE-2024-5,x,0.5", "CVE-2024-5", "CVE-2024-5,2,0.5", "CVE-x,0.1,0.1", "CVE-2024-5,-1,0", "CVE-2024-5,0.,0"])
def test_bad_lines_of_epss(db, bucket, tmp_path, line):
    b = bucket(PyPI=[])
    epss = tmp_path / "epss.csv"
    epss.write_text(EPSS + line + "\nCVE-2024-6,0.1,0.1\n")
    done = db("update", "--from", b.url, "--epss", str(epss), status=3)
    assert "EPSS, line 5: skipped: expected a CVE identifier and two numbers from 0 to 1" in done.stderr
    assert status(db)["epss"]["entries"] == 3


def test_bad_lists_leave_the_old_database(db, bucket, tmp_path):
    b = bucket(PyPI=[record("PYSEC-1")])
    bad = tmp_path / "bad"
    db("update", "--from", b.url)
    before = db.file.read_bytes()
    for option, text in (("--kev", b"{}"), ("--kev", b"{"), ("--epss", gzip.compress(EPSS.encode() * 100)[:-20]), ("--epss", b"x" * 100000)):
        bad.write_bytes(text)
        assert str(bad) in db("update", "--from", b.url, option, str(bad), status=2).stderr
        assert db.file.read_bytes() == before
    assert "open '/nowhere'" in db("update", "--from", b.url, "--kev", "/nowhere", status=2).stderr


def test_export_and_import(db, bucket, tmp_path, monkeypatch):
    b = bucket(PyPI=[record(f"PYSEC-{i}") for i in range(100)])
    db("update", "--from", b.url)
    made = status(db)["made"]
    db("export", str(tmp_path / "out.db"))
    exported = (tmp_path / "out.db").read_bytes()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    db("status", status=2)
    db("import", str(tmp_path / "out.db"))
    assert status(db)["made"] == made
    assert len(show(db, "PYSEC-50")) == 1
    other = tmp_path / "other" / "tallyman" / "db" / "vulnerabilities.db"
    before = other.read_bytes()
    newer = bytearray(exported)
    newer[8] = 99
    damaged = bytearray(exported)
    damaged[len(exported) // 2] ^= 1
    for data, words in ((exported[:-1], "bytes where"), (b"", "no database"), (bytes(newer), "made by a newer tallyman"),
                        (bytes(damaged), "damaged"), (b"x" * 1000, "no database")):
        (tmp_path / "bad.db").write_bytes(data)
        assert words in db("import", str(tmp_path / "bad.db"), status=2).stderr
        assert other.read_bytes() == before


def test_a_damaged_database_is_told_and_made_anew(db, bucket):
    b = bucket(PyPI=[record(f"PYSEC-{i}") for i in range(100)])
    db("update", "--from", b.url)
    os.chmod(db.file, 0o600)
    data = bytearray(db.file.read_bytes())
    data[20] ^= 1
    db.file.write_bytes(data)
    assert "its header is damaged" in db("status", status=2).stderr
    done = db("update", "--from", b.url)
    assert "all read anew" in done.stdout and "everything is read anew: " in done.stderr
    assert status(db)["ecosystems"][0]["records"] == 100
    # A newer schema is told as such.
    os.chmod(db.file, 0o600)
    data = bytearray(db.file.read_bytes())
    data[8] = 2
    db.file.write_bytes(data)
    assert "made by a newer tallyman (this one reads 1)" in db("status", status=2).stderr


def test_a_database_that_others_can_write_is_not_used(db, bucket):
    b = bucket(PyPI=[record("PYSEC-1")])
    db("update", "--from", b.url)
    os.chmod(db.file, 0o666)
    assert "others can write it" in db("status", status=2).stderr


PROGRAM = os.path.abspath(os.environ.get("TALLYMAN_PLAIN_TEST_PROGRAM", "build-plain/tallyman"))  # a crash is a signal there


@pytest.mark.parametrize("parser", ["zip-stream", "osv", "kev", "epss"])
@pytest.mark.parametrize("deed, says", [("open", "openat"), ("socket", "socket"), ("exec", "execve"), ("crash", "killed by"), ("flood", "announced a message")])
def test_parsers_reach_nothing(db, bucket, tmp_path, parser, deed, says):
    """A parser that somebody else has taken over: the update fails, and the old database stays."""
    if not os.path.exists(PROGRAM):
        pytest.skip(f"no program with points to take over at {PROGRAM} (TALLYMAN_PLAIN_TEST_PROGRAM)")
    b = bucket(PyPI=[record("PYSEC-1")])
    b.files["kev/known_exploited_vulnerabilities.json"] = json.dumps(KEV).encode()
    b.files["epss/epss_scores-current.csv.gz"] = EPSS.encode()
    db("update", "--from", b.url)
    before = db.file.read_bytes()
    b.records["PyPI"] = [touch(record(f"PYSEC-{i}")) for i in range(70)]
    done = subprocess.run([PROGRAM, "db", "update", "--from", b.url], capture_output=True, text=True,
                          env={**os.environ, "TALLYMAN_HIJACK": f"{parser}:{deed}"})
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert db.file.read_bytes() == before


def test_single_records_are_confined_too(db, bucket):
    if not os.path.exists(PROGRAM):
        pytest.skip(f"no program with points to take over at {PROGRAM} (TALLYMAN_PLAIN_TEST_PROGRAM)")
    b = bucket(PyPI=[record("PYSEC-1")])
    db("update", "--from", b.url)
    touch(b.records["PyPI"][0])
    for deed, says in (("open", "openat"), ("crash", "killed by")):
        done = subprocess.run([PROGRAM, "db", "update", "--from", b.url], capture_output=True, text=True,
                              env={**os.environ, "TALLYMAN_HIJACK": f"osv:{deed}"})
        assert done.returncode == 2 and says in done.stderr, done.stderr


def test_the_whole_dump(db):
    osv = DATA / "osv"
    if not osv.is_dir():
        pytest.skip(f"no OSV dump in {osv} (TALLYMAN_SHARED_DATA names another place)")
    started = time.monotonic()
    done = db("update", "--from", str(osv), "--kev", str(DATA / "kev" / "known_exploited_vulnerabilities.json"),
              "--epss", str(DATA / "epss" / "epss_scores-SYNTHETIC.csv.gz"))
    took = time.monotonic() - started
    assert "skipped" not in done.stdout
    counts = {e["name"]: e["records"] for e in status(db)["ecosystems"]}
    for name, n in counts.items():
        assert n == sum(1 for line in (osv / name / "modified_id.csv").read_text().splitlines() if line)
    assert sum(counts.values()) > 57000
    assert db.file.stat().st_size < 1024 * sum(counts.values())
    assert took < 60, "twenty seconds are the aim, on a machine that does nothing else"
    assert "nothing new" in db("update", "--from", str(osv), "--ecosystem", "PyPI").stdout
    assert {r["id"] for r in show(db, "CVE-2021-44228")} >= {"DSA-5020-1", "DLA-2842-1"}
