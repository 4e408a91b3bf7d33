# SPDX-License-Identifier: Apache-2.0
"""Bills of materials: valid by their schemas, complete, and the same bytes for the same image."""
import json
import os
import pathlib
import subprocess

import pytest

from scanning import DONE, FAILED, INCOMPLETE, ROOT, checked_program, environment, temporary_folder  # makes tools/ known
import fixtures
import language_files as files
import make_image as make

CHECKED = checked_program()
SCHEMAS = pathlib.Path(os.environ.get("TALLYMAN_SHARED_DATA", ROOT.parent / "shared/data")) / "schemas"
FORMATS = ("cyclonedx", "spdx")


def run(*args, expect=DONE, **env):
    with temporary_folder() as own:
        done = subprocess.run([CHECKED, *map(str, args)], capture_output=True, env=environment(own, **env))
    assert done.returncode == expect, done.stderr
    return done.stdout if expect != FAILED else done.stderr.decode()


def sbom(target, *options, **more):
    return json.loads(run("sbom", "--no-cache", *options, target, **more))


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sbom")
    store = make.Store(folder / "store")
    odd = b"Name: odd\nVersion: 1\nLicense: Do What You \x01 Like\nLicense: MIT OR Apache-2.0\n"
    layers = [[make.file("etc/os-release", fixtures.OS_RELEASE), *fixtures.dpkg_entries("hello", "world"), *fixtures.rpm_entries()],
              [*files.installed_entries(), *files.declared_entries(), make.file("x/odd-1.dist-info/METADATA", odd)]]
    image = store.image([store.layer_from_entries(fixtures.with_parents(entries), compression=compression)
                         for entries, compression in zip(layers, ("gzip", "zstd"))])
    make.write_oci_layout(folder / "layout", store, [(image.descriptor, "1")])
    make.write_oci_archive(folder / "oci.tar", store, [(image.descriptor, "1")])
    make.write_docker_archive(folder / "docker.tar", store, [(image, "example:1")])
    (folder / "root/app/node_modules/a").mkdir(parents=True)
    (folder / "root/app/node_modules/a/package.json").write_text('{"name":"a","version":"1"}')
    return {"oci-dir": f"oci-dir:{folder}/layout", "oci-archive": f"oci-archive:{folder}/oci.tar",
            "docker-archive": f"docker-archive:{folder}/docker.tar", "dir": f"dir:{folder}/root"}


@pytest.fixture(scope="module")
def validators():
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    if not SCHEMAS.is_dir():
        pytest.skip(f"no {SCHEMAS}; set TALLYMAN_SHARED_DATA")
    # Its messages of version 4.10 sort what may not be sorted: the verdict does not need them.
    internal = getattr(jsonschema, "_validators", None)
    if internal and hasattr(internal, "extras_msg"):
        internal.extras_msg = lambda extras: ("", "were")
    known = {f"http://cyclonedx.org/schema/{path.name}": json.loads(path.read_text()) for path in (SCHEMAS / "cyclonedx").iterdir()}
    cyclonedx = known["http://cyclonedx.org/schema/bom-1.6.schema.json"]
    resolver = jsonschema.RefResolver.from_schema(cyclonedx, store=known)
    spdx = json.loads((SCHEMAS / "spdx-2.3.schema.json").read_text())
    return {"cyclonedx": jsonschema.Draft7Validator(cyclonedx, resolver=resolver), "spdx": jsonschema.Draft7Validator(spdx)}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["oci-dir", "dir"])
def test_they_are_valid(targets, validators, format, kind):
    document = sbom(targets[kind], "--format", format)
    wrong = [f"{list(e.path)}: {e.message}" for e in validators[format].iter_errors(document)]
    assert not wrong, wrong[:5]
    broken = dict(document)
    del broken["specVersion" if format == "cyclonedx" else "SPDXID"]
    assert not validators[format].is_valid(broken), "the validator takes anything"


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_image_gives_the_same_bytes_from_everywhere(targets, format):
    texts = {run("sbom", "--no-cache", "--format", format, targets[kind], TZ=zone)
             for kind in ("oci-dir", "oci-archive", "docker-archive") for zone in ("UTC", "Asia/Tokyo")}
    assert len(texts) == 1
    assert texts == {run("scan", "--no-cache", "--format", format, targets["oci-dir"])}
    assert run("sbom", "--no-cache", "--format", format, targets["dir"]) not in texts


def names(document, format):
    if format == "cyclonedx":
        return {(c["name"], c.get("version")) for c in document["components"] if c["type"] == "library"}
    return {(p["name"], p.get("versionInfo")) for p in document["packages"] if p["primaryPackagePurpose"] == "LIBRARY"}


@pytest.mark.parametrize("format", FORMATS)
def test_every_package_is_in_it(targets, format):
    report = json.loads(run("scan", "--no-cache", "--format", "json", targets["oci-dir"]))
    document = sbom(targets["oci-dir"], "--format", format)
    assert names(document, format) == {(p["name"], p["version"]) for p in report["packages"]}
    text = json.dumps(document)
    assert all(json.dumps(p["purl"]) in text for p in report["packages"])


def test_what_cyclonedx_says_of_a_package(targets):
    document = sbom(targets["oci-dir"])
    found = {c["name"]: c for c in document["components"]}
    facts = {p["name"]: p["value"] for p in found["in-npm"]["properties"]}
    assert found["in-npm"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert found["in-npm"]["evidence"]["occurrences"] == [{"location": "/app/node_modules/in-npm/package.json"}]
    assert facts["tallyman:package:evidence"] == "installed" and facts["tallyman:package:layer"].startswith("sha256:")
    assert (found["in-npm"]["scope"], found["of-npm"]["scope"]) == ("required", "optional")
    assert {"license": {"name": "Do What You \x01 Like"}} in found["odd"]["licenses"]
    assert document["metadata"]["component"]["name"].startswith("sha256:")
    assert document["metadata"]["timestamp"] == "2024-01-01T00:00:00Z"
    assert found["debian"]["type"] == "operating-system"
    references = [c["bom-ref"] for c in document["components"]]
    assert len(set(references)) == len(references)


def test_what_spdx_says_of_a_package(targets):
    document = sbom(targets["oci-dir"], "--format", "spdx")
    found = {p["name"]: p for p in document["packages"]}
    assert found["in-npm"]["licenseDeclared"] == "MIT"
    text = {x["licenseId"]: x["extractedText"] for x in document["hasExtractedLicensingInfos"]}
    declared = found["odd"]["licenseDeclared"].split(" AND ")
    assert text[declared[0]] == "Do What You \x01 Like" and declared[1] == "(MIT OR Apache-2.0)"
    facts = json.loads(found["of-npm"]["annotations"][0]["comment"])
    assert facts["evidence"] == "declared" and facts["path"] == "/src/package-lock.json"
    kinds = {(r["spdxElementId"], r["relatedSpdxElement"]): r["relationshipType"] for r in document["relationships"]}
    assert kinds["SPDXRef-DOCUMENT", "SPDXRef-Image"] == "DESCRIBES"
    assert kinds["SPDXRef-Image", found["in-npm"]["SPDXID"]] == "CONTAINS"
    assert kinds["SPDXRef-Image", found["of-npm"]["SPDXID"]] == "DEPENDS_ON"
    ids = [p["SPDXID"] for p in document["packages"]]
    assert len(set(ids)) == len(ids)


def test_name_and_time(targets):
    document = sbom(targets["oci-dir"], "--name", "registry.example/app:1", SOURCE_DATE_EPOCH="86400")
    assert document["metadata"]["component"]["name"] == "registry.example/app:1"
    assert document["metadata"]["timestamp"] == "1970-01-02T00:00:00Z"
    assert document["serialNumber"] != sbom(targets["oci-dir"])["serialNumber"]
    for wrong in ("yesterday", "-1", "999999999999999"):
        assert "SOURCE_DATE_EPOCH" in run("sbom", targets["oci-dir"], expect=FAILED, SOURCE_DATE_EPOCH=wrong)
    assert sbom(targets["dir"])["metadata"]["timestamp"] == "1970-01-01T00:00:00Z"


def test_an_incomplete_scan_says_so(tmp_path):
    (tmp_path / "node_modules/a").mkdir(parents=True)
    (tmp_path / "node_modules/a/package.json").write_text("{")
    document = sbom(f"dir:{tmp_path}", expect=INCOMPLETE)
    assert document["compositions"][0]["aggregate"] == "incomplete"
    assert "incomplete" in sbom(f"dir:{tmp_path}", "--format", "spdx", expect=INCOMPLETE)["comment"]
