# SPDX-License-Identifier: Apache-2.0
"""Scans of root directories against databases made here: what is found, how it is told, and what fails a run."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import time
import zipfile

import pytest

from bucket import Bucket, record, touch

TALLYMAN = os.path.abspath(os.environ.get("TALLYMAN", "build/tallyman"))
DATA = pathlib.Path(os.environ.get("TALLYMAN_SHARED_DATA", pathlib.Path(__file__).resolve().parents[2] / ".." / "shared" / "data"))
KEV = {"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2024-2", "dateAdded": "2024-05-06", "dueDate": "2024-06-07"}]}
EPSS = "#model_version:v1,score_date:2026-01-02T00:00:00Z\ncve,epss,percentile\nCVE-2024-1,0.50000,0.97000\n"
HIGH = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]}
LOW = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def debian(place, packages, release="12", id="debian", name="root"):
    """A root directory; packages: (name, version) or (name, version, source, source version)."""
    root = place / name
    shutil.rmtree(root, ignore_errors=True)
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text(f'ID={id}\nVERSION_ID="{release}"\nNAME="{id} {release}"\n')
    (root / "var/lib/dpkg").mkdir(parents=True)
    stanzas = []
    for package, version, *source in packages:
        text = f"Package: {package}\nStatus: install ok installed\nVersion: {version}\nArchitecture: amd64\n"
        if source:
            text += f"Source: {source[0]}" + (f" ({source[1]})" if len(source) > 1 else "") + "\n"
        stanzas.append(text)
    (root / "var/lib/dpkg/status").write_text("\n".join(stanzas))
    return root


def update(bucket, *args):
    subprocess.run([TALLYMAN, "db", "update", "--from", bucket.url, *args], check=True, capture_output=True)


def scan(root, *args, status=None, fmt="json"):
    done = subprocess.run([TALLYMAN, "scan", "--no-cache", "--format", fmt, *args, f"dir:{root}"], capture_output=True, text=True)
    if status is not None:
        assert done.returncode == status, (done.returncode, done.stdout[-2000:], done.stderr)
    return json.loads(done.stdout) if fmt == "json" and done.stdout else done


def found(report):
    return {(f["fields"]["package.name"], f["fields"]["vuln.id"]): f for f in report["findings"] if f["source"] == "vulnerability"}


def check(report):
    return {c["kind"]: (c["state"], c["why"]) for c in report["checks"]}["vulnerabilities"]


@pytest.fixture
def bucket():
    b = Bucket({"Debian": [
        record("DEBIAN-CVE-2024-1", "openssl", "Debian:12", [{"introduced": "0"}, {"fixed": "3.0.2-1"}], upstream=["CVE-2024-1"], **HIGH),
        record("DEBIAN-CVE-2024-2", "openssl", "Debian:12", [{"introduced": "0"}], upstream=["CVE-2024-2"], **LOW),
        record("DSA-9-1", "openssl", "Debian:12", [{"introduced": "0"}, {"fixed": "3.0.2-1"}], upstream=["CVE-2024-1", "CVE-2024-3"]),
        record("DEBIAN-CVE-2024-9", "bash", "Debian:11", [{"introduced": "0"}], upstream=["CVE-2024-9"]),
    ]})
    b.files["kev/known_exploited_vulnerabilities.json"] = json.dumps(KEV).encode()
    b.files["epss/epss_scores-current.csv.gz"] = EPSS.encode()
    yield b
    b.close()


def test_what_is_found(place, bucket):
    root = debian(place, [("libssl3", "3.0.1-1", "openssl"), ("openssl", "3.0.1-1+b1", "openssl", "3.0.1-1"), ("bash", "5.2-1"), ("fine", "1")])
    report = scan(root, status=0)
    assert check(report) == ("no-data", "there is no database of vulnerabilities yet: run 'tallyman db update', or 'tallyman db import'")
    update(bucket)
    report = scan(root, status=0)
    assert check(report) == ("done", None)
    got = found(report)
    assert set(got) == {(p, c) for p in ("libssl3", "openssl") for c in ("CVE-2024-1", "CVE-2024-2", "CVE-2024-3")}
    f = got["openssl", "CVE-2024-1"]
    fields = f["fields"]
    assert (fields["vuln.fixed"], fields["vuln.cvss"], fields["vuln.epss"], fields["vuln.kev"]) == ("3.0.2-1", "7.5", "0.50000", False)
    assert fields["vuln.aliases"] == ["DEBIAN-CVE-2024-1", "DSA-9-1"]
    assert (fields["package.type"], fields["package.version"]) == ("deb", "3.0.1-1+b1")
    assert (f["severity"], f["rule"], f["verdict"]) == ("high", "Package has a known vulnerability", "fail")
    e = f["evidence"]
    assert (e["compared.version"], e["compared.order"], e["range.introduced"], e["range.fixed"]) == ("3.0.1-1", "dpkg", "0", "3.0.2-1")
    assert {e["record"], e["record[2]"]} == {"DEBIAN-CVE-2024-1", "DSA-9-1"}
    assert f["remediation"] == "Upgrade openssl to 3.0.2-1."
    # Exploited goes before severe.
    kev = got["openssl", "CVE-2024-2"]
    assert kev["fields"]["vuln.kev"] is True and "vuln.fixed" not in kev["fields"]
    assert kev["rank"] > f["rank"] and "known to be exploited (KEV)" in kev["evidence"]["rank.reasons"]
    assert len({x["id"] for x in report["findings"]}) == len(report["findings"])
    # Upgraded: only what has no fix stays.
    root = debian(place, [("libssl3", "3.0.2-1", "openssl")])
    assert set(found(scan(root))) == {("libssl3", "CVE-2024-2")}


def test_table(place, bucket):
    update(bucket)
    root = debian(place, [(f"libssl{i}", "3.0.1-1", "openssl") for i in range(5)])
    text = scan(root, fmt="table", status=0).stdout
    assert "Vulnerabilities (3)\n  1 high, 1 low, 1 unknown; 2 can be fixed, 1 known to be exploited\n" in text
    rows = [line for line in text.splitlines() if "CVE-2024-" in line]
    assert len(rows) == 3 and "CVE-2024-2" in rows[0] and "EXPLOITED: " in rows[0]
    assert "libssl0, libssl1 +3" in rows[1] and "3.0.2-1" in rows[1]


@pytest.mark.parametrize("options, status", [
    (["high"], 1), (["critical"], 0), (["high,fixable"], 1), (["critical", "kev"], 1), (["kev,fixable"], 0), (["kev", ], 1),
    (["critical,kev"], 0), (["low,kev"], 1), (["medium,kev"], 0), (["fixable"], 1), ([], 0)])
def test_fail_on(place, bucket, options, status):
    update(bucket)
    root = debian(place, [("openssl", "3.0.1-1")])
    scan(root, *[a for o in options for a in ("--fail-on", o)], status=status)


def test_fail_on_words(place):
    for text, says in (("hihg", "expected low, medium"), ("fixabel", "did you mean 'fixable'?"), ("high,low", "more than one severity"), ("", "expected low"), ("high,", "expected low")):
        done = subprocess.run([TALLYMAN, "scan", "--fail-on", text, "x"], capture_output=True, text=True)
        assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1


def test_stale(place, bucket):
    update(bucket)
    root = debian(place, [("openssl", "3.0.2-1")])
    time.sleep(2.2)
    report = scan(root, "--max-db-age", "1s", status=3)
    assert check(report)[0] == "stale" and "Debian is 0 days old" in check(report)[1]
    assert check(scan(root, status=0))[0] == "done"
    assert check(scan(root, "--max-db-age", "0s", status=0))[0] == "done"


def test_no_data_and_unsupported(place, bucket):
    update(bucket)
    report = scan(debian(place, [("openssl", "1")], release="13"), status=3)
    assert check(report) == ("no-data", "the database has nothing of Debian:13, which 1 packages need: tallyman db update")
    assert found(report) == {}
    report = scan(debian(place, [("openssl", "1")], id="kali", release="2024.1"), status=3)
    assert check(report)[0] == "no-data"
    report = scan(debian(place, [("bash", "1")], release="11"), status=3)
    assert check(report)[0] == "unsupported" and "no free security support since" in check(report)[1]
    assert set(found(report)) == {("bash", "CVE-2024-9")}, "what is known is told nevertheless"
    root = debian(place, [("bash", "1")])
    (root / "etc/os-release").unlink()
    assert check(scan(root, status=3))[0] == "no-data"


def test_other_repositories_packages_are_not_judged(place, bucket):
    update(bucket)
    root = debian(place, [("openssl", "3.0.1-1.pgdg120+1")])
    report = scan(root, status=0)
    assert found(report) == {}
    assert any("1 packages come from other repositories" in p["what"] for p in report["problems"])


def test_what_the_distribution_ships_is_judged_by_its_data(place, bucket):
    bucket.records["PyPI"] = [record("PYSEC-1", "django", "PyPI", [{"introduced": "0"}, {"fixed": "4"}])]
    update(bucket)
    root = debian(place, [("python3-django", "3:3.2-1")])
    for folder in ("usr/lib/python3/dist-packages", "usr/local/lib/python3.11/site-packages"):
        (root / folder / "Django-3.2.dist-info").mkdir(parents=True)
        (root / folder / "Django-3.2.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: Django\nVersion: 3.2\n")
    (root / "var/lib/dpkg/info").mkdir()
    (root / "var/lib/dpkg/info/python3-django.list").write_text("/usr/lib/python3/dist-packages/Django-3.2.dist-info/METADATA\n")

    def paths():
        return {f["location"]["path"] for f in found(scan(root)).values()}
    ours = "/usr/local/lib/python3.11/site-packages/Django-3.2.dist-info/METADATA"
    assert paths() == {ours}
    # Another repository's package is known to nobody: what it ships is judged as if nobody had.
    text = (root / "var/lib/dpkg/status").read_text().replace("3:3.2-1", "3:3.2-1.pgdg12+1")
    (root / "var/lib/dpkg/status").write_text(text)
    shutil.rmtree(root / "usr/local")
    assert paths() == {ours.replace("local/lib/python3.11/site-packages", "lib/python3/dist-packages")}


def test_exceptions_and_gates_of_the_policy(place, bucket):
    update(bucket)
    root = debian(place, [("openssl", "3.0.1-1")])
    (place / ".tallyman.yaml").write_text("version: 1\nexceptions:\n  - rule: Package has a known vulnerability\n    where:\n      key: CVE-2024-1\n    reason: not reachable\n    owner: team\n    expires: 2099-01-01\n")
    report = scan(root, "--fail-on", "high", status=0)
    assert found(report)["openssl", "CVE-2024-1"]["status"] == "excepted"
    assert found(report)["openssl", "CVE-2024-2"]["status"] == "open"


def test_rules_of_ones_own(place, bucket):
    update(bucket)
    (place / "mine.yaml").write_text("""
- rule: Exploited and likely
  desc: d
  condition: vuln.kev = true or vuln.epss_permille >= 500 and vuln.cvss_tenths > 70
  output: "%vuln.id %package.name"
  priority: CRITICAL
  source: vulnerability
""")
    report = scan(debian(place, [("openssl", "3.0.1-1")]), "--rules", str(place / "mine.yaml"))
    mine = {f["key"] if "key" in f else f["fields"]["vuln.id"]: f for f in report["findings"] if f["rule"] == "Exploited and likely"}
    assert set(mine) == {"CVE-2024-1", "CVE-2024-2"}
    assert {f["severity"] for f in mine.values()} == {"critical"}


def test_other_formats(place, bucket):
    update(bucket)
    root = debian(place, [("openssl", "3.0.1-1")])
    for fmt in ("sarif", "junit", "markdown"):
        assert "CVE-2024-1" in scan(root, fmt=fmt, status=0).stdout


def test_a_damaged_database_is_a_gap(place, bucket):
    update(bucket)
    file = place / "state/tallyman/db/vulnerabilities.db"
    os.chmod(file, 0o600)
    data = bytearray(file.read_bytes())
    data[30] ^= 1
    file.write_bytes(data)
    report = scan(debian(place, [("openssl", "3.0.1-1")]), status=3)
    assert check(report)[0] == "no-data" and "damaged" in check(report)[1]


def test_scans_go_on_while_an_update_does(place, bucket):
    update(bucket)
    root = debian(place, [("openssl", "3.0.1-1")])
    held = bucket.get

    def slow(path):
        if path.endswith(".json") and path.startswith("Debian"):
            time.sleep(3)
        return held(path)
    bucket.get = slow
    touch(bucket.records["Debian"][0])
    process = subprocess.Popen([TALLYMAN, "db", "update", "--from", bucket.url], stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    started = time.monotonic()
    scans = [subprocess.Popen([TALLYMAN, "scan", "--no-cache", f"dir:{root}"], stdout=subprocess.DEVNULL) for _ in range(10)]
    assert all(s.wait(timeout=20) == 0 for s in scans)
    assert process.poll() is None or time.monotonic() - started > 2
    assert process.wait(timeout=30) == 0


# ---- against an independent computation over the real dump ----

def below(a, b, known={}):
    """dpkg's own answer."""
    if (a, b) not in known:
        known[a, b] = subprocess.run(["dpkg", "--compare-versions", a, "lt", b], stderr=subprocess.DEVNULL).returncode == 0
    return known[a, b]


def expected(records, release, source, version):
    """Identifiers of all records that say that this source package is affected."""
    ids = set()
    for entry in records:
        for affected in entry.get("affected", []):
            if affected["package"]["ecosystem"] != release or affected["package"]["name"] != source:
                continue
            for r in affected["ranges"]:
                begin = next(e["introduced"] for e in r["events"] if "introduced" in e)
                fixed = [e["fixed"] for e in r["events"] if "fixed" in e]
                assert begin == "0" and len(fixed) <= 1
                if not fixed or below(version, fixed[0]):
                    ids.add(entry["id"])
    return ids


@pytest.mark.parametrize("release, id, number", [("Debian:11", "debian", "11"), ("Ubuntu:18.04:LTS", "ubuntu", "18.04")])
def test_the_dump_against_dpkg(place, release, id, number):
    osv = DATA / "osv"
    if not osv.is_dir():
        pytest.skip(f"no OSV dump in {osv} (TALLYMAN_SHARED_DATA names another place)")
    if not shutil.which("dpkg"):
        pytest.skip("no dpkg here to compare with")
    ecosystem = release.split(":")[0]
    with zipfile.ZipFile(osv / ecosystem / "all.zip") as z:
        records = [json.loads(z.read(n)) for n in z.namelist()]
    records = [r for r in records if "withdrawn" not in r]
    versions = {}
    for entry in records:
        for a in entry.get("affected", []):
            if a["package"]["ecosystem"] == release:
                fixed = versions.setdefault(a["package"]["name"], ["0~", "99999:1"])
                fixed += [e["fixed"] for r in a["ranges"] for e in r["events"] if "fixed" in e]
    chance = random.Random(6)
    names = sorted(versions, key=lambda n: (-len(versions[n]), n))
    names = [n for n in names if len(versions[n]) < 60][:40] + chance.sample(names, 40)
    packages, wanted = [], {}
    for i, name in enumerate(sorted(set(names))):
        version = chance.choice(versions[name])
        version = chance.choice([version, version + "+b1", version + "~bpo1"])
        packages.append((f"p{i}", "7", name, version))
        wanted[f"p{i}"] = expected([r for r in records if any(a["package"]["name"] == name for a in r.get("affected", []))], release, name, version)
    done = subprocess.run([TALLYMAN, "db", "update", "--from", str(osv), "--ecosystem", ecosystem], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    got = {}
    for (package, _), f in found(scan(debian(place, packages, release=number, id=id))).items():
        got.setdefault(package, set()).update(v for k, v in f["evidence"].items() if k.split("[")[0] == "record")
    assert sum(map(len, wanted.values())) > 100
    for package, ids in wanted.items():
        assert got.get(package, set()) == ids, (package, packages[int(package[1:])])
