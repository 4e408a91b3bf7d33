# SPDX-License-Identifier: Apache-2.0
"""Inputs about known vulnerabilities: records, archives of them, the lists beside them, versions, CVSS vectors, a database."""
import gzip
import hashlib
import io
import json
import struct
import zipfile


def record(id="T-1", ecosystem="Debian:12", name="lib", events=({"introduced": "0"}, {"fixed": "2"}), **more):
    return {"id": id, "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00.123456Z", "summary": "what it is",
            "aliases": ["CVE-2024-7"], "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "references": [{"type": "ADVISORY", "url": "https://example.org/"}],
            "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}], **more}


def osv_inputs():
    go = record(ecosystem="Go", events=[{"introduced": "0"}])
    go["affected"][0]["ecosystem_specific"] = {"custom_ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.9.0"}]}]}
    suse = record(ecosystem="SUSE:Linux Enterprise Server 15 SP5")
    suse["affected"][0]["ecosystem_specific"] = {"binaries": [{"libx": "1-2", "x": "1-2"}]}
    listed = record(ecosystem="PyPI")
    listed["affected"][0]["versions"] = ["1.0", "1.1.dev1", "zzz"]
    listed["affected"][0]["ranges"].append({"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]})
    inputs = {
        "usual": record(), "go": go, "suse": suse, "listed": listed, "withdrawn": record(withdrawn="2026-01-01T00:00:00Z"),
        "stream": record("ALSA-1", "AlmaLinux:8", events=[{"introduced": "0"}, {"fixed": "1-1.module_el8"}], summary="Important: nodejs:18 security update"),
        "stream-in-name": record("RHSA-1", "Red Hat:enterprise_linux:8", "nodejs:18::nodejs"), "not-security": record("ALBA-1", aliases=[]),
        "odd": record(events=[{"introduced": "3"}, {"fixed": "1"}, {"limit": "*"}, {"last_affected": "x y"}, {}]),
        "no-package": {"id": "X", "affected": [{"ranges": []}]}, "wrong-types": {"id": "X", "aliases": [1, None, {}], "affected": [1, {"package": 2}]},
        "no-list": {"id": "X", "affected": {}}, "no-id": {}, "list": [],
        "ubuntu": record("UBUNTU-CVE-2024-7", "Ubuntu:Pro:18.04:LTS", severity=[{"type": "Ubuntu", "score": "medium"}]),
    }
    for name, value in inputs.items():
        yield name, json.dumps(value).encode()
    yield "not-json", b"{"


def archive(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_STORED)
    return out.getvalue()


def advisories_inputs():
    whole = archive([("T-1.json", json.dumps(record())), ("T-2.json", "{"), ("other.txt", "x"), ("a/T-3.json", json.dumps(record("T-3")))])
    yield "archive", b"\0" + whole
    yield "archive-cut", b"\0" + whole[:-30]
    yield "archive-empty", b"\0" + archive([])
    yield "archive-count", b"\0" + whole.replace(b"PK\5\6\0\0\0\0\4\0\4\0", b"PK\5\6\0\0\0\0\5\0\5\0")
    yield "archive-none", b"\0not a zip"
    kev = {"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-2024-7", "dateAdded": "2024-05-06", "dueDate": "2024-06-07",
                                                       "knownRansomwareCampaignUse": "Known"}, {"cveID": "x"}, 7]}
    yield "kev", b"\1" + json.dumps(kev).encode()
    yield "kev-none", b"\1{}"
    epss = b"#model_version:v1,score_date:2026-01-02T00:00:00Z\ncve,epss,percentile\nCVE-2024-7,0.91,1.0\nCVE-2024-8,x,0\nCVE-2024-9,0.5\n"
    yield "epss", b"\2" + epss
    yield "epss-gzip", b"\2" + gzip.compress(epss, mtime=0)
    yield "epss-long", b"\2" + b"x" * 5000


VERSIONS = ["1.0~rc1-1\n1.0-1\n1:0.1", "1.0^git1-1.el9\n1.0-1\n1.0a", "1.0_rc1-r1\n1.0_p1~abc\n1.01.1b", "1.0.0-alpha.1\n1.0.0+b\nv2", "1!1.0.post1.dev2+a.b\n1.0rc1\n1-1",
            "1.0-alpha-1\n1.ga\n1-sp.x-1", "1.0.a.1\n1.0-x\n2", "1.0.x-dev\nv1.0.0-RC1\n1.0.0-pl1", "1.0.0-Beta\n1.0\n1.0.0.1", "go1.21rc2\nv0.0.0-20200101-abc\n1.21.0-rc.2",
            "1.2.3-4\n1.2.3-rc1\n1.2.3", "1.2-3\n1.10\n1.2.3"]


def versions_inputs():
    yield "none", b"\0a\nb\nc"
    for i, text in enumerate(VERSIONS):
        yield f"order-{i + 1}", bytes([i + 1]) + text.encode()


def cvss_inputs():
    for name, text in {
            "v2": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "v2-in-parentheses": "(AV:L/AC:H/Au:M/C:C/I:N/A:N/E:POC/RL:OF/RC:C)", "v30": "CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:H",
            "v31": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N/E:P/MAV:L", "v4": "CVSS:4.0/AV:L/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:A/MAV:A/AU:N/R:A",
            "v4-none": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", "twice": "CVSS:3.1/AV:N/AV:N", "empty": ""}.items():
        yield name, text.encode()


# ---- a database, as src/vuln/db_format.h describes it ----

def number(v):
    out = b""
    while v >= 0x80:
        out += bytes([v & 0x7f | 0x80])
        v >>= 7
    return out + bytes([v])


def text(s):
    return number(len(s)) + s.encode()


def texts(*items):
    return number(len(items)) + b"".join(map(text, items))


def encoded(id, ecosystem, name, versions=()):
    events = b"\1" + text("0") + b"\2" + text("2")
    severity = number(1) + b"\2" + text("") + text("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
    affected = text(ecosystem) + text(name) + text("") + text("") + b"\0" + number(0) + number(1) + b"\2" + number(2) + events + texts(*versions) + number(0)
    head = b"\0" + text(id) + number(1) + number(1) + text("what") + texts("CVE-2024-7") + texts() + texts() + severity + texts()
    return head + number(1) + number(len(affected)) + affected, len(head) + 1


def hashed(s):
    return struct.unpack("<Q", hashlib.sha256(s.encode()).digest()[:8])[0]


def database(records, releases):
    body, packages, ids = b"", [], []
    for id, ecosystem, name in records:
        blob, at = encoded(id, ecosystem, name)
        place = len(body) // 8
        body += struct.pack("<IIQII", len(blob), 0, 1, 0, 0) + blob
        body += bytes(-len(body) % 8)
        packages.append((hashed(ecosystem.split(":")[0] + ":" + name), place, at))
        ids += [(hashed(id), place, 0), (hashed("CVE-2024-7"), place, 1)]
    string = lambda s: struct.pack("<I", len(s)) + s.encode()
    contents = struct.pack("<I", 1) + string("Debian") + string("x") + struct.pack("<QQ7I", 1, 1, *[1] * 7)
    contents += (string("x") + string("y") + struct.pack("<QII", 1, 1, 0)) * 2
    contents += struct.pack("<I", len(releases)) + b"".join(string(r) + struct.pack("<I", 1) for r in releases)
    cve = 2024 << 32 | 7
    sections = [body, *(b"".join(struct.pack("<QII", *e) for e in sorted(es)) for es in (packages, ids, [(cve, 91000, 99000)], [(cve, 20240102, 1 << 31)])), contents]
    header = b"TALLYVDB" + struct.pack("<IIQQ", 1, 0, 0, 1) + bytes(32)
    offset = 256
    for s in sections:
        header += struct.pack("<QQ", offset, len(s))
        offset += len(s)
    return header + bytes(256 - len(header)) + b"".join(sections)


def vulnerability_db_inputs():
    whole = database([("T-1", "Debian:12", "lib"), ("GHSA-1", "npm", "lib"), ("DEBIAN-CVE-2024-7", "Debian:12", "lib")], ["Debian:12", "npm"])
    yield "usual", whole
    yield "empty", database([], [])
    yield "cut", whole[:-40]
    yield "newer", whole[:8] + b"\2" + whole[9:]
    yield "nothing", b""


INPUTS = {"advisories": advisories_inputs, "cvss": cvss_inputs, "osv": osv_inputs, "versions": versions_inputs,
          "vulnerability-db": vulnerability_db_inputs}
