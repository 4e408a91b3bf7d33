# SPDX-License-Identifier: Apache-2.0
"""Gates, exceptions and owners from outside."""
import datetime
import os
import re
import subprocess

import pytest

from scanning import DONE, FAILED, FINDINGS, PROGRAM, ROOT, make, scan, system_entries
from test_rules import run

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
YESTERDAY, SOON, LATER, FAR = (str(TODAY + datetime.timedelta(days=days)) for days in (-1, 5, 300, 400))


def exception(rule="Image runs as root", expires=LATER, extra=""):
    return f"exceptions:\n- rule: \"{rule}\"\n  reason: because\n  owner: me@example.org\n  expires: {expires}\n{extra}"


@pytest.fixture
def image(tmp_path):
    store = make.Store(tmp_path / "store")
    made = store.image([store.layer_from_entries(system_entries())], {})
    make.write_oci_layout(tmp_path / "image", store, [(made.descriptor, None)])
    return tmp_path / "image"


def scan_with(image, policy, *options, expect=None):
    file = image.parent / "policy.yaml"
    file.write_text("version: 1\n" + policy)
    return scan(image, "--policy", file, *options, expect=expect)


def found(done, rule):
    return [f for f in done.report["findings"] if f["rule"] == rule]


def test_an_excepted_finding_stays_in_the_report_and_fails_nothing(image):
    done = scan_with(image, exception(), "--fail-on", "medium", expect=DONE)
    [finding] = found(done, "Image runs as root")
    assert finding["status"] == "excepted"
    assert finding["exception"] == {"reason": "because", "owner": "me@example.org", "expires": LATER,
                                    "file": str(image.parent / "policy.yaml"), "line": 3}
    assert done.report["summary"]["findings_excepted"] == 1
    assert done.report["policy"].endswith("policy.yaml")
    assert scan(image, "--fail-on", "medium", expect=FINDINGS).report["policy"] is None


@pytest.mark.parametrize("expires", [str(TODAY), LATER, "never"])
def test_an_exception_holds_to_the_end_of_its_last_day(expires, image):
    assert found(scan_with(image, exception(expires=expires)), "Image runs as root")[0]["status"] == "excepted"


def test_an_expired_exception_is_a_finding(image):
    done = scan_with(image, exception(expires=YESTERDAY), "--fail-on", "medium", expect=FINDINGS)
    assert found(done, "Image runs as root")[0]["status"] == "open"
    [finding] = found(done, "exception-expired")
    assert finding["severity"] == "medium" and finding["owner"] == "me@example.org" and finding["location"]["line"] == 3
    [finding] = found(scan_with(image, exception("No such rule", YESTERDAY)), "exception-expired")
    assert finding["severity"] == "low"


def test_an_exception_by_id(image):
    identity = found(scan(image), "Image runs as root")[0]["id"]
    policy = f"exceptions:\n- id: {identity}\n  reason: r\n  owner: o\n  expires: never\n"
    assert found(scan_with(image, policy), "Image runs as root")[0]["exception"]["expires"] is None


@pytest.mark.parametrize("where, holds", [
    ("image: \"*image\"", True), ("image: other", False), ("source: image", True), ("source: package", False), ("path: /etc/*", False),
])
def test_where(where, holds, image):
    done = scan_with(image, exception(extra=f"  where: {{{where}}}\n"))
    assert (found(done, "Image runs as root")[0]["status"] == "excepted") == holds


@pytest.mark.parametrize("gate, status", [
    ("severity: medium", FINDINGS), ("severity: high", DONE), ('rule: "Image runs as *"', FINDINGS), ('rule: "Image runs as"', DONE),
    ("{severity: low, source: file}", DONE), ("{severity: low, source: image}", FINDINGS),
    ("{severity: low, source: [file, image]}", FINDINGS),
])
def test_gates(gate, status, image):
    done = scan_with(image, f"gates:\n- {gate}\n", expect=status)
    assert bool(re.search(r"reach(es)? the gate at .*policy\.yaml:3: ", done.stderr)) == (status == FINDINGS)


def test_what_fails_a_run_is_said(image):
    done = scan(image, "--fail-on", "medium", expect=FINDINGS)
    assert "1 finding is what --fail-on names" in done.stderr
    assert "--fail-on" not in scan(image, "--fail-on", "high", expect=DONE).stderr
    done = scan_with(image, "gates: [{severity: high}]\n", "--fail-on", "medium", expect=FINDINGS) # it adds to the gates
    assert "--fail-on" in done.stderr


def test_owners(image):
    done = scan_with(image, "owners:\n- {source: file, owner: other}\n- {rule: \"Image *\", owner: app}\n- {source: image, owner: last}\n")
    assert found(done, "Image runs as root")[0]["owner"] == "app"


def test_paths(tmp_path):
    """As reports show them, with the slash."""
    for name in ("usr/bin/passwd", "opt/app/tool"):
        (tmp_path / "root" / name).parent.mkdir(parents=True)
        (tmp_path / "root" / name).touch()
        (tmp_path / "root" / name).chmod(0o4755)
    (tmp_path / "p.yaml").write_text("version: 1\n" + exception("File runs as its owner", extra="  where: {path: /usr/bin/*}\n") +
                                     "owners: [{path: /opt/app/**, owner: app}]\n")
    done = scan(f"dir:{tmp_path}/root", "--policy", tmp_path / "p.yaml", expect=DONE)
    assert {f["location"]["path"]: (f["status"], f["owner"]) for f in found(done, "File runs as its owner")} == {
        "/usr/bin/passwd": ("excepted", None), "/opt/app/tool": ("open", "app")}


def test_exceptions_that_nothing_needs_are_told_of(image):
    policy = exception("No such rule") + "".join(
        f"- {{rule: \"Rule {i}\", reason: r, owner: o, expires: never}}\n" for i in range(30))
    assert "excepts nothing" not in scan_with(image, policy).stderr
    told = scan_with(image, policy, "--log-level", "info", expect=DONE).stderr
    assert "policy.yaml:3: this exception excepts nothing here" in told and "11 more exceptions" in told
    assert told.count("this exception excepts nothing") == 20


def test_an_exception_for_more_than_a_year_is_warned_of(image):
    assert "policy.yaml:3: this exception holds for more than a year" in scan_with(image, exception(expires=FAR), expect=DONE).stderr
    assert "year" not in scan_with(image, exception(expires=LATER)).stderr


def test_ten_thousand_exceptions(image):
    many = "".join(f"- {{rule: \"Rule {i}\", reason: r, owner: o, expires: never}}\n" for i in range(10000))
    done = scan_with(image, exception() + many, expect=DONE)
    assert found(done, "Image runs as root")[0]["status"] == "excepted"
    assert done.seconds < 5


def scan_here(folder, *options, **how):
    return subprocess.run([PROGRAM, "scan", "--format", "json", *options, folder / "image"], cwd=folder, capture_output=True, text=True,
                          timeout=60, **how)


def test_the_policy_of_the_working_directory(image):
    folder = image.parent
    (folder / ".tallyman.yaml").write_text("version: 1\ngates: [{severity: medium}]\n")
    assert scan_here(folder).returncode == FINDINGS
    assert scan_here(folder, "--no-policy").returncode == DONE
    (folder / "other.yaml").write_text("version: 1\n")
    assert scan_here(folder, "--policy", "other.yaml").returncode == DONE


def test_a_policy_that_others_could_have_written_is_refused(image):
    folder = image.parent
    (folder / ".tallyman.yaml").write_text("version: 1\n")
    (folder / ".tallyman.yaml").chmod(0o666)
    done = scan_here(folder)
    assert done.returncode == FAILED and "written by others" in done.stderr
    assert scan_here(folder, "--policy", ".tallyman.yaml").returncode == DONE
    (folder / ".tallyman.yaml").unlink()
    os.mkfifo(folder / ".tallyman.yaml")
    done = scan_here(folder)
    assert done.returncode == FAILED and "is no file" in done.stderr
    (folder / ".tallyman.yaml").unlink()
    (folder / "elsewhere.yaml").write_text("version: 1\n")
    (folder / ".tallyman.yaml").symlink_to("elsewhere.yaml")
    done = scan_here(folder)
    assert done.returncode == FAILED and "is no file" in done.stderr
    assert subprocess.run([PROGRAM, "policy", "check"], cwd=folder, capture_output=True).returncode == FAILED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_root_is_told_of_a_policy_of_somebody_else(image):
    (image.parent / ".tallyman.yaml").write_text("version: 1\n")
    os.chown(image.parent / ".tallyman.yaml", 12345, 12345)
    done = scan_here(image.parent)
    assert done.returncode == FAILED and "written by others" in done.stderr
    assert scan_here(image.parent, "--no-policy").returncode == DONE


@pytest.mark.parametrize("text, said", [
    ("", "one document is expected"), ("gates: []", "'version: 1' is expected"), ("version: 2", "'version: 1' is expected"),
    ("version: 1\ngate: []", "2:1: the policy has no key 'gate', did you mean 'gates'?"),
    ("version: 1\ngates: [{}]", "what fails"), ("version: 1\ngates: [{severity: hihg}]", "2:20: 'hihg' is not a severity"),
    ("version: 1\ngates: {}", "a sequence"),
    ("version: 1\nexceptions: [{rule: x, owner: o, expires: never}]", "'reason' is missing"),
    ("version: 1\nexceptions: [{rule: x, reason: r, expires: never}]", "'owner' is missing"),
    ("version: 1\nexceptions: [{rule: x, reason: r, owner: o}]", "'expires' is missing"),
    ("version: 1\nexceptions: [{reason: r, owner: o, expires: never}]", "name a finding's 'id'"),
    ("version: 1\nexceptions: [{rule: x, reason: '', owner: o, expires: never}]", "reason is expected to say something"),
    ("version: 1\nexceptions: [{rule: x, reason: r, owner: o, expires: 2027-02-30}]", "there is no day '2027-02-30'"),
    ("version: 1\nexceptions: [{rule: x, reason: r, owner: o, expires: tomorrow}]", "expected YYYY-MM-DD"),
    ("version: 1\nexceptions: [{rule: x, where: {pth: y}, reason: r, owner: o, expires: never}]", "did you mean 'path'?"),
    ("version: 1\nowners: [{path: x}]", "'owner' is missing"),
    ("version: 1\ngates: [", "3:1"), ("- x", "the policy is expected to be a mapping"),
])
def test_what_is_wrong_is_named_with_its_place(text, said, tmp_path):
    (tmp_path / "p.yaml").write_text(text)
    done = run("policy", "check", tmp_path / "p.yaml")
    assert done.returncode == FAILED and done.stdout == ""
    assert said in done.stderr and "p.yaml" in done.stderr


def test_policy_check(tmp_path):
    (tmp_path / "p.yaml").write_text("version: 1\r\ngates: [{severity: high}]\r\n" + exception(expires=LATER))
    done = run("policy", "check", tmp_path / "p.yaml")
    assert (done.returncode, done.stdout) == (DONE, "1 gates, 1 exceptions (0 expired), 0 owners\n")
    (tmp_path / "p.yaml").write_text("version: 1\n" + exception(expires=SOON))
    assert f"p.yaml:3: expires soon, on {SOON}: rule Image runs as root (me@example.org)" in run("policy", "check", tmp_path / "p.yaml").stdout
    (tmp_path / "p.yaml").write_text("version: 1\n" + exception(expires=FAR))
    assert f"warning: holds for more than a year, until {FAR}: " in run("policy", "check", tmp_path / "p.yaml").stdout
    (tmp_path / "p.yaml").write_text("version: 1\n" + exception(expires="never"))
    assert "p.yaml:3: never expires: rule Image runs as root" in run("policy", "check", tmp_path / "p.yaml").stdout
    (tmp_path / "p.yaml").write_text("version: 1\n" + exception(expires=YESTERDAY))
    assert run("policy", "check", tmp_path / "p.yaml").returncode == FINDINGS
    done = subprocess.run([PROGRAM, "policy", "check"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == FAILED and ".tallyman.yaml" in done.stderr


def test_the_example_of_the_documentation(tmp_path):
    [example] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/policy.md").read_text(), re.S)
    (tmp_path / "p.yaml").write_text(example)
    done = run("policy", "check", tmp_path / "p.yaml")
    assert done.returncode in (DONE, FINDINGS) and "3 gates, 2 exceptions" in done.stdout


def test_excepted_findings_stand_apart_in_the_table(image):
    (image.parent / "p.yaml").write_text("version: 1\n" + exception())
    text = run("scan", "--policy", image.parent / "p.yaml", image).stdout
    assert "\nExcepted (1)\n  medium   Image runs as root" in text
    assert f"until {LATER}, by me@example.org: because" in text
    assert "Image runs as root" not in text.split("Excepted (1)")[0]


@pytest.mark.parametrize("gate, said", [
    ('rule: "Image runs as roo"', "there is no rule 'Image runs as roo'"), ("source: pakage", "there is no source 'pakage'"),
    ('rule: "Image runs as root"', None), ("{severity: high, source: [image, vulnerability]}", None), ("rule: image-integrity", None),
    ('rule: "Image runs as roo*"', None),
])
def test_a_gate_that_nothing_can_reach_is_warned_of(gate, said, image):
    done = scan_with(image, f"gates:\n- {gate}\n")
    assert (said in done.stderr and "policy.yaml:3" in done.stderr) if said else "there is no" not in done.stderr
