# SPDX-License-Identifier: Apache-2.0
"""The reports for other programs: SARIF by its schema, JUnit by a parser of XML, Markdown with nothing of the image in it."""
import json
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree as xml

import pytest

from scanning import DONE, INCOMPLETE, PROGRAM, ROOT, check_sane, environment, make, scan, system_entries, \
    temporary_folder

SCHEMA = pathlib.Path(os.environ.get("TALLYMAN_SHARED_DATA", ROOT.parent / "shared/data")) / "schemas/sarif-2.1.0.schema.json"
EVIL = "a|b`c``d<script>@all [x](http://e) {0} \x1b\n&\"'"
FORMATS = ("sarif", "junit", "markdown")


def make_image(folder, damaged=False):
    """An image with findings of several rules and severities, whose names say what they should not."""
    store = make.Store(folder / "store")
    entries = system_entries() + [make.file("usr/bin/" + EVIL, b"x", mode=0o4755),
                                  *(make.file(f"usr/bin/su{i}", b"x", mode=0o4755) for i in range(6))]
    layers = [store.layer_from_entries(entries), store.layer_from_entries([make.file("etc/more", b"x")])]
    config = {"User": EVIL, "Env": [EVIL + "_PASSWORD=x", "DB_PASSWORD=x"], "ExposedPorts": {"22/tcp": {}}}
    image = store.image(layers, config)
    make.write_oci_layout(folder / "image", store, [(image.descriptor, "latest")])
    if damaged:
        blob = folder / "image/blobs" / layers[1].digest.replace(":", "/")
        blob.write_bytes(blob.read_bytes()[:-9] + b"x")
    return folder / "image"


def render(target, form, *options):
    with temporary_folder() as temporary:
        done = subprocess.run([PROGRAM, "scan", "--no-cache", "--format", form, *options, target], capture_output=True,
                              timeout=60, env=environment(temporary))
    check_sane(done.returncode, done.stderr.decode())
    return done


@pytest.fixture(scope="module", params=["whole", "damaged"])
def case(request, tmp_path_factory):
    """(target, the JSON report of it, the text of each other format)"""
    folder = tmp_path_factory.mktemp(request.param)
    target = make_image(folder, request.param == "damaged")
    status = DONE if request.param == "whole" else INCOMPLETE
    known = scan(target, files=False, expect=status).report
    texts = {}
    for form in FORMATS:
        done = render(target, form)
        assert done.returncode == status
        texts[form] = done.stdout.decode("utf-8")
    return target, known, texts


# ---- SARIF ----

def test_sarif_is_valid(case):
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    if not SCHEMA.exists():
        pytest.skip(f"no {SCHEMA}; set TALLYMAN_SHARED_DATA")
    schema = json.loads(SCHEMA.read_text())
    assert "draft-04" in schema["$schema"]
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    document = json.loads(case[2]["sarif"])
    assert not [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(document)]
    document["runs"][0]["results"][0]["level"] = "bad"
    assert list(validator.iter_errors(document)), "the schema refuses nothing"


def test_sarif_has_what_code_scanning_needs(case):
    _, known, texts = case
    [run] = json.loads(texts["sarif"])["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({r["id"] for r in rules}) == len(rules)
    for rule in rules:
        assert all(0 < len(rule[k]["text"]) <= 1024 for k in ("shortDescription", "fullDescription")) and rule["help"]["text"]
        assert len(rule["properties"]["tags"]) <= 20
        assert re.fullmatch(r"\w+", rule["name"])
    assert [r["partialFingerprints"]["tallyman/v1"] for r in run["results"]] == [f["id"] for f in known["findings"]]
    for result, finding in zip(run["results"], known["findings"]):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding["rule"]
        assert result["kind"] == "fail" and result["level"] != "none"
        [location] = result["locations"]
        place = location["physicalLocation"]
        assert re.fullmatch(r"[\w.~%/-]+", place["artifactLocation"]["uri"]) and place["region"]["startLine"] >= 1
        assert not re.search(r"[\x00-\x1f]|\](?<!\\\])\(", result["message"]["text"])
    places = [r["locations"][0]["physicalLocation"]["artifactLocation"] for r in run["results"]]
    assert {"uri": "usr/bin/su1", "uriBaseId": "IMAGE"} in places
    assert any("%7Cb%60c" in p["uri"] for p in places)


def test_sarif_says_what_is_missing(case):
    _, known, texts = case
    [run] = json.loads(texts["sarif"])["runs"]
    [invocation] = run["invocations"]
    said = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] == known["complete"]
    ids = [n["id"] for n in run["tool"]["driver"]["notifications"]]
    assert all(ids[n["descriptor"]["index"]] == n["descriptor"]["id"] for n in said)
    assert len(said) == len(known["problems"]) + sum(c["state"] != "done" for c in known["checks"])


# ---- JUnit ----

def test_junit_counts_and_names(case):
    _, known, texts = case
    root = xml.fromstring(texts["junit"].encode())
    names = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error", "skipped": "testcase/skipped"}
    for suite in root:
        for attribute, path in names.items():
            assert int(suite.get(attribute)) == len(suite.findall(path)), suite.get("name")
        tests = [(t.get("classname"), t.get("name")) for t in suite]
        assert len(set(tests)) == len(tests)
    for attribute, path in list(names.items())[:3]:
        assert int(root.get(attribute)) == len(root.findall("testsuite/" + path))
    assert len(root.findall("testsuite/testcase/failure")) == len(known["findings"])
    assert [s.get("name") for s in root] == ["checks", *sorted({f["source"] for f in known["findings"]})]


def test_junit_shows_checks(case):
    _, known, texts = case
    checks = {t.get("name"): t for t in xml.fromstring(texts["junit"].encode()).find("testsuite[@name='checks']")}
    for check in known["checks"]:
        assert (checks[check["kind"]].find("skipped") is None) == (check["state"] == "done")
    error = checks["completeness"].find("error")
    assert (error is None) == known["complete"]
    if error is not None:
        assert all(p["what"] in error.text for p in known["problems"])


# ---- Markdown ----

def without_code(line):
    return re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", line)


def test_markdown_lets_nothing_in(case):
    _, known, texts = case
    text = texts["markdown"]
    assert len(text) < 65536
    for line in text.splitlines():
        plain = without_code(line)
        assert not re.search(r"[\[\]@&{}\\\x00-\x1f]|http", plain), line
        assert not re.sub(r"</?(details|summary)>|<br>", "", plain).count("<"), line
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 4, line
    assert ("**Incomplete:**" in text) != known["complete"]
    assert "clean" not in text


def test_markdown_says_what_there_is(case):
    _, known, texts = case
    text = texts["markdown"]
    counts = known["summary"]["findings_by_severity"]
    assert ", ".join(f"**{n}** {severity}" for severity, n in counts.items() if n) + ".\n" in text
    assert re.search(r"^\| low \| File runs as its owner \(7\) \| .*<br>and 4 more \|$", text, re.M)
    assert "Not checked: " in text and "vulnerabilities" in text


# ---- all ----

@pytest.mark.parametrize("form", FORMATS)
def test_an_image_without_findings_is_no_empty_report(form, tmp_path):
    store = make.Store(tmp_path / "store")
    image = store.image([store.layer_from_entries(system_entries())],
                        {"User": "1000:1000", "Healthcheck": {"Test": ["CMD", "true"]}},
                        edit_config=lambda config: config.update(created="0001-01-01T00:00:00Z"))
    make.write_oci_layout(tmp_path / "image", store, [(image.descriptor, None)])
    done = render(tmp_path / "image", form, "--output", tmp_path / "out")
    assert done.returncode == DONE
    text = (tmp_path / "out").read_text()
    if form == "sarif":
        assert json.loads(text)["runs"][0]["results"] == []
    elif form == "junit":
        root = xml.fromstring(text)
        assert int(root.get("tests")) > 4 and root.get("failures") == root.get("errors") == "0"
    else:
        assert "Nothing was found by the checks that were made." in text
