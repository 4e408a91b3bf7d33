# SPDX-License-Identifier: Apache-2.0
"""Tests that authors of rules write: `tallyman rules test`."""
import re
import subprocess

import pytest

from scanning import DONE, FAILED, FINDINGS, ROOT, checked_program
from test_replay import MAKE_LOG
from test_rules import STOCK, run

RULES = """
- macro: shell
  condition: proc.name in (bash, sh)
- rule: Shell starts
  desc: A shell starts.
  condition: evt.type = execve and shell
  output: "shell %proc.name of %proc.pname"
  priority: NOTICE
- rule: Never on
  desc: It is off.
  condition: evt.type = execve
  output: "x"
  priority: NOTICE
  enabled: false
- rule: Image has no owner
  desc: Nobody answers for it.
  source: image
  condition: not image.label[owner] exists
  applies: image.os = linux
  output: "%image.reference"
  priority: ERROR
"""


def cases(tmp_path, text, rules="rules: rules.yaml\n", *options):
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "cases.yaml").write_text(rules + "cases:\n" + text)
    return run("rules", "test", *options, tmp_path / "cases.yaml")


HOLD = """
- name: a shell
  fact: {evt.type: execve, proc.name: bash, proc.pname: sshd}
  expect: [{rule: Shell starts, output: shell bash of sshd}]
- name: no shell
  fact: {evt.type: execve, proc.name: ls}
  expect: []
- name: one of several
  facts: [{evt.type: execve, proc.name: ls}, {evt.type: execve, proc.name: sh}]
  expect: Shell starts
- name: nobody
  source: image
  fact: {image.os: linux, 'image.label[other]': x}
  expect: [Image has no owner]
- name: somebody
  source: image
  fact: {image.os: linux, 'image.label[owner]': me}
  expect: []
- name: who knows
  source: image
  fact: {image.os: linux, 'image.label[owner]': unknown}
  expect: [{rule: Image has no owner, verdict: undetermined}]
- name: of another system
  source: image
  fact: {image.os: windows}
  expect: [{rule: Image has no owner, verdict: not-applicable}]
"""


def test_cases_that_hold(tmp_path):
    done = cases(tmp_path, HOLD)
    assert (done.returncode, done.stdout) == (DONE, "7 passed, 0 failed\n")


def test_passed_cases_are_named_when_asked(tmp_path):
    done = cases(tmp_path, HOLD, "rules: [rules.yaml]\n", "--verbose")
    assert done.stdout.count("passed: ") == 7


@pytest.mark.parametrize("case, said", [
    ("fact: {evt.type: execve, proc.name: ls}\n  expect: [Shell starts]", "did not come: 'Shell starts': its condition does not hold"),
    ("fact: {evt.type: execve, proc.name: sh}\n  expect: []", "not expected: 'Shell starts' fails: shell sh of <NA>"),
    ("fact: {evt.type: execve, proc.name: sh}\n  expect: [{rule: Shell starts, output: x}]", "says something else: shell sh of <NA>"),
    ("fact: {evt.type: execve, proc.name: sh}\n  expect: [Never on]\n  allow: Shell*", "it is disabled"),
    ("fact: {evt.type: execve}\n  expect: [Shel starts]", "did you mean 'Shell starts'?"),
    ("fact: {evt.type: execve}\n  expect: [Image has no owner]", "it is of source 'image', the fact is of 'syscall'"),
    ("source: image\n  fact: {image.os: linux, 'image.label[owner]': unknown}\n  expect: []", "can not be decided"),
])
def test_cases_that_do_not_hold_say_why(case, said, tmp_path):
    done = cases(tmp_path, f"- name: the case\n  {case}\n")
    assert done.returncode == FINDINGS
    assert "cases.yaml:3: the case\n" in done.stdout
    assert said in done.stdout
    assert done.stdout.endswith("0 passed, 1 failed\n")


@pytest.mark.parametrize("text, said", [
    ("- name: x\n  fact: {proc.nmae: x}\n  expect: []", "cases.yaml:4:10: there is no field 'proc.nmae' in source 'syscall', did you mean"),
    ("- name: x\n  fact: {proc.pid: x}\n  expect: []", "'x' is no number"),
    ("- name: x\n  source: imag\n  fact: {image.os: x}\n  expect: []", "did you mean 'image'?"),
    ("- name: x\n  fact: {a: b}\n  facts: [{a: b}]\n  expect: []", "either 'fact', 'facts' or 'recording'"),
    ("- name: x\n  fact: {evt.type: open}", "'expect' is missing"),
    ("- fact: {evt.type: open}\n  expect: []", "'name' is missing"),
    ("- name: x\n  fact: [a]\n  expect: []", "a mapping of fields to values"),
    ("- name: x\n  fact: {}\n  expct: []", "did you mean 'expect'?"),
    ("- name: x\n  fact: {evt.type: open}\n  expect: [{rule: x, verdict: good}]", "a verdict is"),
    ("- name: x\n  fact: {evt.type: open, evt.type: open}\n  expect: []", "cases.yaml:4:"),
    ("[", "cases.yaml:"),
    ("- x", "a case is expected to be a mapping"),
])
def test_what_is_wrong_is_named_with_its_place(text, said, tmp_path):
    done = cases(tmp_path, text)
    assert done.returncode == FAILED
    assert said in done.stderr
    assert done.stdout == ""


def test_rules_that_can_not_be_loaded(tmp_path):
    done = cases(tmp_path, HOLD, "rules: none.yaml\n")
    assert done.returncode == FAILED
    assert "none.yaml" in done.stderr
    (tmp_path / "bad.yaml").write_text("- rule: x\n")
    done = cases(tmp_path, HOLD, "rules: [rules.yaml, bad.yaml]\n")
    assert done.returncode == FAILED
    assert "bad.yaml:1:" in done.stderr


def test_rules_of_the_command_line_and_the_stock_rules(tmp_path):
    done = cases(tmp_path, "- name: x\n  source: image\n  fact: {image.kind: oci-dir, image.runs_as_root: true}\n"
                 "  expect: [Image runs as root]\n", "")
    assert done.returncode == DONE
    done = cases(tmp_path, "- name: x\n  source: image\n  fact: {image.kind: dir, image.runs_as_root: true}\n"
                 "  expect: [Image runs as root]\n", "")
    assert "it does not apply" in done.stdout
    done = cases(tmp_path, HOLD, "", "--rules", str(tmp_path / "rules.yaml"))
    assert done.stdout == "7 passed, 0 failed\n"


def test_falcos_rules(tmp_path):
    if not STOCK.exists():
        pytest.skip(f"Falco's rules are not at {STOCK}")
    done = cases(tmp_path, """
- name: a shell with a terminal
  fact: {evt.type: execve, proc.name: bash, proc.tty: 34816, container.id: 3f2a1b4c5d6e, proc.vpid: 5}
  expect: Terminal shell in container
  allow: "*"
- name: the same on the host
  fact: {evt.type: execve, proc.name: bash, proc.tty: 34816, container.id: host, proc.vpid: 5}
  expect: []
""", f"rules: {STOCK}/falco_rules.yaml\n")
    assert done.stdout == "2 passed, 0 failed\n"


def test_hostile_files_are_refused_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr("test_rules.PROGRAM", checked_program())
    for text in ("&a [" * 1000, "- &a {x: [*a, *a]}", "\xff", "- name: x\n  fact: {evt.type: " + "x" * 1000000 + "}\n  expect: []"):
        done = cases(tmp_path, text, "")
        assert done.returncode == FAILED
        assert len(done.stderr) < 20000


CASES = ROOT / "tests/data/rules/cases/syscall.yaml"


def test_the_stock_rules_for_processes_hold_their_cases():
    done = run("rules", "test", CASES)
    assert done.returncode == DONE, done.stdout


def test_each_stock_rule_for_processes_has_a_case_and_a_twin():
    text = CASES.read_text()
    rules = [line.split(":", 1)[1].strip() for line in (ROOT / "rules/syscall.yaml").read_text().splitlines() if line.startswith("- rule:")]
    assert len(rules) > 20
    for rule in rules:
        assert f'- name: "{rule}"' in text and f'- name: "twin: {rule}"' in text and f'- name: "on the host: {rule}"' in text, rule


def test_recorded_events(tmp_path):
    (tmp_path / "events.yaml").write_text("- {evt.type: execve, proc.name: bash, proc.pname: sshd}\n- {evt.type: openat, proc.name: bash}\n")
    subprocess.run([MAKE_LOG, tmp_path / "events.yaml", tmp_path / "day.log"], check=True)
    text = "- name: that day\n  recording: day.log\n  expect: [{rule: Shell starts, output: shell bash of sshd}]\n"
    assert cases(tmp_path, text).stdout == "1 passed, 0 failed\n"
    done = cases(tmp_path, "- name: that day\n  recording: day.log\n  expect: []\n")
    assert done.returncode == FINDINGS and "not expected: 'Shell starts'" in done.stdout
    done = cases(tmp_path, "- name: that day\n  recording: none.log\n  expect: []\n")
    assert done.returncode == FAILED and "none.log" in done.stderr


def test_the_examples_of_the_documentation(tmp_path):
    rules, example = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/rules.md").read_text(), re.S)
    (tmp_path / "image.yaml").write_text(rules)
    (tmp_path / "cases.yaml").write_text(example)
    (tmp_path / "events.yaml").write_text("- {evt.type: openat, proc.name: x}\n")
    subprocess.run([MAKE_LOG, tmp_path / "events.yaml", tmp_path / "day.log"], check=True)
    assert run("rules", "test", tmp_path / "cases.yaml").stdout == "4 passed, 0 failed\n"
