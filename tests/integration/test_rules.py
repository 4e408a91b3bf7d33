# SPDX-License-Identifier: Apache-2.0
"""Rules from outside: what the stock rules say of images, and the commands for authors of rules."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

from scanning import DONE, FAILED, FINDINGS, INCOMPLETE, PROGRAM, ROOT, make, scan, stanza, system_entries, dpkg_status

STOCK = pathlib.Path(os.environ.get("TALLYMAN_SHARED_DATA", ROOT.parent / "shared/data")) / "falco-rules"


@pytest.fixture
def store(tmp_path):
    return make.Store(tmp_path / "store")


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60)


def scan_image(store, tmp_path, entries=(), config=None, edit=None, tag=None, *options, **how):
    image = store.image([store.layer_from_entries(list(entries) or system_entries())], config, edit_config=edit)
    make.write_oci_layout(tmp_path / "image", store, [(image.descriptor, tag)])
    return scan(tmp_path / "image", *options, **how)


def messages(done, rule):
    return [f["message"] for f in done.report["findings"] if f["rule"] == rule]


GOOD = {"User": "1000:1000", "Healthcheck": {"Test": ["CMD", "true"]}}


def test_an_image_made_well_has_no_findings(store, tmp_path):
    def fresh(config):
        config["created"] = "0001-01-01T00:00:00Z"
    done = scan_image(store, tmp_path, config=GOOD, edit=fresh, expect=DONE)
    assert done.report["findings"] == []
    assert done.checks["configuration"] == "done"


@pytest.mark.parametrize("rule, config", [
    ("Image runs as root", {}), ("Image runs as root", {"User": "0"}), ("Image runs as root", {"User": "root:users"}),
    ("Image without health check", {"User": "1"}), ("Image without health check", {"Healthcheck": {"Test": ["NONE"]}}),
    ("Image names a secret in its environment", {"Env": ["A=b", "DB_PASSWORD=x"]}),
    ("Image names a secret in its environment", {"Env": ["github_token=x"]}),
    ("Image exposes SSH", {"ExposedPorts": {"80/tcp": {}, "22/tcp": {}}}),
])
def test_settings(rule, config, store, tmp_path):
    assert messages(scan_image(store, tmp_path, config=config, expect=DONE), rule)


@pytest.mark.parametrize("rule, config", [
    ("Image runs as root", {"User": "1000"}), ("Image runs as root", {"User": "app"}),
    ("Image without health check", GOOD), ("Image names a secret in its environment", {"Env": ["DB_PASSWORD=", "PATH=/bin"]}),
    ("Image exposes SSH", {"ExposedPorts": {"2222/tcp": {}}}),
])
def test_settings_that_are_fine(rule, config, store, tmp_path):
    assert not messages(scan_image(store, tmp_path, config=config, expect=DONE), rule)


def test_history_tag_and_age(store, tmp_path):
    def edit(config):
        config["created"] = "2020-01-01T00:00:00Z"
        config["history"] = [{"created_by": "RUN curl -sSf https://example.org/x | sh"}]
    done = scan_image(store, tmp_path, edit=edit, tag="latest", expect=DONE)
    assert messages(done, "Image was built from what the network gave")
    assert messages(done, "Image has a mutable tag")
    [age] = messages(done, "Image is old")
    assert int(re.search(r"(\d+) days", age)[1]) > 2000


def test_distribution_past_its_end(store, tmp_path):
    entries = [make.directory("etc"), make.file("etc/os-release", b"ID=debian\nVERSION_ID=9\n")]
    done = scan_image(store, tmp_path, entries, expect=DONE)
    [said] = messages(done, "Distribution is past its end of life")
    assert "debian 9" in said
    [finding] = [f for f in done.report["findings"] if f["rule"] == "Distribution is past its end of life"]
    assert finding["severity"] == "high" and finding["remediation"] and "CIS-Docker-4.2" in finding["controls"]
    assert finding["verdict"] == "fail" and finding["source"] == "image" and len(finding["id"]) == 16


def test_packages_and_files(store, tmp_path):
    entries = system_entries()[:-3] + [
        dpkg_status(stanza("sudo", "1.9"), stanza("gcc", "4:12")), make.file("usr/bin/sudo", b"x", mode=0o4755),
        make.file("usr/bin/tool", b"x", mode=0o757), make.directory("root"), make.file("root/id_rsa", b"key", mode=0o600),
        make.file("root/.netrc", b""), make.entry("dev-null", kind=b"3", devmajor=1, devminor=3), make.symlink("link", "usr/bin/sudo")]
    done = scan_image(store, tmp_path, entries, expect=DONE)
    assert messages(done, "Package changes users") == ["sudo 1.9"]
    assert messages(done, "Package builds programs") == ["gcc 4:12"]
    assert messages(done, "File runs as its owner") == ["/usr/bin/sudo has mode 4755 and owner 0"]
    assert messages(done, "File that everybody may change is executed") == ["/usr/bin/tool has mode 0757"]
    assert messages(done, "File is named like a private key") == ["/root/id_rsa"]
    assert messages(done, "File is a device") == ["/dev-null"]
    [finding] = [f for f in done.report["findings"] if f["rule"] == "Package changes users"]
    assert finding["location"]["package"].startswith("pkg:deb/debian/sudo@1.9")
    assert finding["location"]["path"] == "/var/lib/dpkg/status"
    [finding] = [f for f in done.report["findings"] if f["rule"] == "File runs as its owner"]
    assert finding["location"]["path"] == "/usr/bin/sudo"
    assert finding["location"]["layer"] == done.target["layers"][0]["digest"]


def test_a_root_directory_has_no_settings_to_judge(tmp_path):
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    done = scan(f"dir:{root}", expect=DONE)
    assert not [f for f in done.report["findings"] if f["source"] == "image"]
    assert done.checks["configuration"] == "no-data"


def test_what_could_not_be_read_is_undetermined(store, tmp_path):
    image = store.image([store.layer_from_entries(system_entries())])
    store.path(image.config_digest).write_bytes(b"{")
    make.write_oci_layout(tmp_path / "image", store, [(image.descriptor, None)])
    done = scan(tmp_path / "image", expect=INCOMPLETE)
    verdicts = {f["verdict"] for f in done.report["findings"] if f["rule"] == "Image runs as root"}
    assert verdicts == {"undetermined"} and done.checks["configuration"] == "no-data"


def test_fail_on(store, tmp_path):
    assert scan_image(store, tmp_path, (), {"User": "1", "Env": ["SECRET=x"]}, None, None, "--fail-on", "high",
                      expect=FINDINGS).status == FINDINGS
    (tmp_path / "again").mkdir()
    assert scan_image(store, tmp_path / "again", (), GOOD, None, None, "--fail-on", "medium", expect=DONE).status == DONE


def test_findings_of_one_rule_are_limited(store, tmp_path):
    entries = system_entries() + [make.file(f"s/{i:04d}", b"x", mode=0o4755) for i in range(1500)]
    done = scan_image(store, tmp_path, entries, expect=DONE)
    told = messages(done, "File runs as its owner")
    assert len(told) == 1001 and "500 more, which are not listed" in told
    assert done.says("found 500 more")
    # An exception for the places that are listed does not cover those that are not.
    (tmp_path / "p.yaml").write_text("version: 1\nexceptions: [{rule: File runs as its owner, where: {path: '/s/0*'}, reason: r, owner: o, "
                                     "expires: never}]\n")
    done = scan(tmp_path / "image", "--policy", tmp_path / "p.yaml", "--fail-on", "low", expect=FINDINGS)
    [rest] = [f for f in done.report["findings"] if f["message"] == "500 more, which are not listed"]
    assert rest["status"] == "open"


# ---- commands for authors of rules ----

def test_stock_rules_are_ready():
    listed = run("rules", "list")
    assert listed.returncode == DONE and not listed.stderr
    assert all(line.endswith(" ready") for line in listed.stdout.splitlines()[1:])
    files = sorted((ROOT / "rules").glob("*.yaml"))
    checked = run("rules", "check", *files)
    assert checked.returncode == DONE and "error" not in checked.stdout and " 0 not evaluable" in checked.stdout
    names = set(re.findall(r"^- rule: (.*)$", "".join(f.read_text() for f in files), re.M))
    assert len(names) == len(listed.stdout.splitlines()) - 1
    for name in names:
        shown = run("rules", "explain", name)
        assert shown.returncode == DONE and "Condition" in shown.stdout and "Remediation" in shown.stdout


def test_falco_rules_load():
    if not STOCK.exists():
        pytest.skip(f"Falco's rules are not at {STOCK}")
    done = run("rules", "check", *sorted(STOCK.glob("*.yaml")))
    assert done.returncode == DONE
    assert "141 rules loaded: 81 evaluable, 0 not evaluable, 12 disabled, 0 skipped, 48 of source k8s_audit" in done.stdout
    assert " error: " not in done.stdout


def test_errors_have_a_place(tmp_path):
    good, bad = tmp_path / "a.yaml", tmp_path / "b.yaml"
    good.write_text("- rule: fine\n  desc: d\n  condition: image.kind = dir\n  output: o\n  priority: INFO\n  source: image\n")
    bad.write_text("- rule: x\n  desc: d\n  condition: image.usr = root\n  output: o\n  priority: INFO\n  source: image\n")
    done = run("rules", "check", tmp_path)
    assert done.returncode == INCOMPLETE
    assert f"{bad}:3:14: error: " in done.stdout and "image.user" in done.stdout
    assert "1 rules loaded: 1 evaluable" in done.stdout
    strict = run("rules", "check", "--strict", tmp_path)
    assert strict.returncode == FAILED and strict.stderr.count("\n") == 1


@pytest.mark.parametrize("args, says", [
    (["check", "/nowhere"], "/nowhere"), (["explain", "Image runs as rot"], "did you mean 'Image runs as root'"),
    (["fields", "imag"], "expected one of image"), (["check"], "needs FILE"),
])
def test_what_can_not_be_done(args, says):
    done = run("rules", *args)
    assert done.returncode == FAILED and says in done.stderr and not done.stdout


def test_fields_are_listed():
    done = run("rules", "fields")
    assert done.returncode == DONE
    for name in ("image.user", "package.name", "file.is_setuid", "proc.aname", "evt.type", "fd.sip"):
        assert re.search(rf"^  {re.escape(name)}\b", done.stdout, re.M), name
    assert run("rules", "fields", "package").stdout in done.stdout


def test_the_table_of_fields_is_true():
    if not STOCK.exists():
        pytest.skip(f"Falco's rules are not at {STOCK}")
    made = subprocess.run([sys.executable, ROOT / "tests/tools/stock_fields.py", PROGRAM, STOCK], check=True,
                          capture_output=True, text=True).stdout
    assert made.count("\n| `") >= 90
    assert "None" not in made
    assert made == (ROOT / "docs/stock-fields.md").read_text()


OWN = """
- rule: Image has no owner
  desc: Nobody answers for it.
  source: image
  condition: not image.label[owner] exists
  output: "%image.kind is nobody's"
  priority: ERROR
- rule: File of a package
  desc: It has an owner.
  source: file
  condition: file.path = /usr/bin/tool and file.package startswith pkg:deb/
  output: "%file.path is of %file.package"
  priority: NOTICE
"""


def test_own_rules_judge_an_image_too(store, tmp_path):
    (tmp_path / "own.yaml").write_text(OWN)
    done = scan_image(store, tmp_path, (), GOOD, None, None, "--rules", tmp_path / "own.yaml", expect=DONE)
    assert messages(done, "Image has no owner") == ["oci-dir is nobody's"]
    found = next(f for f in done.report["findings"] if f["rule"] == "Image has no owner")
    assert found["severity"] == "high" and found["fields"] == {"image.kind": "oci-dir"}
    scan_image(store, tmp_path, (), GOOD, None, None, "--rules", tmp_path / "own.yaml", "--fail-on", "high", expect=FINDINGS)


def test_any_value_of_the_configuration_can_be_read(store, tmp_path):
    (tmp_path / "own.yaml").write_text("""
- rule: Shell is set
  desc: d
  source: image
  condition: jevt.value[/config/Shell/0] = /bin/sh and jevt.value[/config/Labels/a~1b] = c and not jevt.value[/none] exists
  output: "%jevt.value[/config/Shell]"
  priority: NOTICE
""")
    config = {**GOOD, "Shell": ["/bin/sh", "-e"], "Labels": {"a/b": "c"}}
    done = scan_image(store, tmp_path, (), config, None, None, "--rules", tmp_path / "own.yaml", expect=DONE)
    assert messages(done, "Shell is set") == ['["/bin/sh","-e"]']


def test_a_rule_file_left_out_makes_the_scan_incomplete(store, tmp_path):
    (tmp_path / "bad.yaml").write_text("- rule: x\n  desc: y\n")
    done = scan_image(store, tmp_path, (), GOOD, None, None, "--rules", tmp_path / "bad.yaml", expect=INCOMPLETE)
    assert any("bad.yaml" in p and "left out" in p for p in done.problems)
    done = run("scan", "--rules", tmp_path / "none.yaml", tmp_path / "image")
    assert done.returncode == FAILED and "none.yaml" in done.stderr


def test_files_that_can_not_be_read_do_not_stop_the_others(tmp_path):
    good = tmp_path / "a.yaml"
    good.write_text("- rule: Good\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: INFO\n")
    with open(tmp_path / "b.yaml", "w") as large:
        large.truncate(40 << 20)
    (tmp_path / "d.yaml").mkdir()
    for asked in ([tmp_path], [good, tmp_path / "b.yaml"]):
        done = run("rules", "check", *asked)
        assert done.returncode == INCOMPLETE
        assert "1 rules loaded: 1 evaluable" in done.stdout and "b.yaml" in done.stdout
    done = run("rules", "list", good, tmp_path / "b.yaml")
    assert done.returncode == INCOMPLETE and "Good" in done.stdout and "b.yaml" in done.stderr
    assert run("rules", "check", "--strict", good, tmp_path / "b.yaml").returncode == FAILED


def test_what_a_scan_passes_over_is_said(store, tmp_path):
    (tmp_path / "own.yaml").write_text("- rule: R\n  desc: d\n  source: imge\n  condition: x = y\n  output: o\n  priority: INFO\n")
    done = scan_image(store, tmp_path, (), GOOD, None, None, "--rules", tmp_path / "own.yaml")
    assert any("'R' was skipped" in p and "imge" in p for p in done.problems)
