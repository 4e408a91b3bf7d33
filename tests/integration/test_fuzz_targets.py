# SPDX-License-Identifier: Apache-2.0
"""Every parser has a fuzz target, every target a corpus that its script still makes."""
import ast
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FUZZ = ROOT / "tests" / "fuzz"


def table(name):
    """A dictionary of meson.build: its lists and strings are Python's too; dependencies are bare words there."""
    text = (FUZZ / "meson.build").read_text()
    body = re.search(rf"^{name} = (\{{.*?^\}})", text, re.M | re.S).group(1)
    return ast.literal_eval(re.sub(r"\b(\w+_dep)\b", r"'\1'", body))


def targets():
    return {**table("fuzz_targets"), **table("fuzz_detectors")}


def parsers_in_source():
    found = set()
    for path in (ROOT / "src").rglob("*.c"):
        found |= set(re.findall(r'HIJACK_POINT\("([^"]+)"\)', path.read_text()))
    return found


def test_each_parser_is_reached_by_a_target():
    reached = {parser for target in targets().values() for parser in target[2]}
    parsers = parsers_in_source()
    assert parsers
    assert not parsers - reached, "no fuzz target in tests/fuzz/meson.build reaches these parsers"
    assert not reached - parsers, "these parsers are no longer in src/"


def test_each_target_has_a_corpus():
    folders = {p.name for p in (FUZZ / "corpus").iterdir()}
    assert folders == set(targets())
    for folder in folders:
        assert any((FUZZ / "corpus" / folder).iterdir()), folder


def test_the_corpus_is_what_its_script_makes():
    done = subprocess.run([sys.executable, FUZZ / "make_corpus.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
