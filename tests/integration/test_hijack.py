# SPDX-License-Identifier: Apache-2.0
"""Every parser is taken over in its middle: it tries what it must not, or dies, or turns on its parent. Whatever it does,
the scan goes on, and says what happened. Where the points are: base/hijack.h; what is done there: base/hijack.c."""
import functools
import os
import pathlib
import re
import subprocess

import pytest

from scanning import (DONE, FAILED, FINDINGS, INCOMPLETE, ROOT, SANITIZER_EXIT, check_sane, checked_program,  # makes tools/ known
                      environment, scan, temporary_folder)
import fixtures
import language_files
import make_image as make

CHECKED = checked_program()
PLAIN = os.path.abspath(os.environ.get("TALLYMAN_PLAIN_TEST_PROGRAM", str(ROOT / "build-plain/tallyman")))
PROGRAMS = [pytest.param(CHECKED, id="sanitized"), pytest.param(PLAIN, id="plain", marks=pytest.mark.skipif(
    not os.path.exists(PLAIN), reason="build-plain/ is not built: it has the tests' points, but no sanitizer"))]

EITHER = PLAIN if os.path.exists(PLAIN) else CHECKED # for what takes time

# As seccomp names what each deed asks for.
CALLS = {"open": "openat", "connect": "connect", "socket": "socket", "exec": "execve", "ptrace": "ptrace", "kill": "kill",
         "clone": "clone"}
RULE = "image-attacks-scanner"
IDLE_MS = 1000

# Where each parser is reached: (kind of source, what a problem's place begins with).
LAYER, DOCUMENTS, ARCHIVE = "layer ", "documents", "archive"
CASES = [
    ("apk", "oci-dir", LAYER), ("copyright", "oci-dir", LAYER), ("dpkg-files", "oci-dir", LAYER),
    ("dpkg-status", "oci-dir", LAYER), ("gzip", "oci-dir", LAYER), ("os-release", "oci-dir", LAYER),
    ("rpm-bdb", "oci-dir", LAYER), ("rpm-header", "oci-dir", LAYER), ("rpm-manifest", "oci-dir", LAYER),
    ("rpm-ndb", "oci-dir", LAYER), ("rpm-sqlite", "oci-dir", LAYER), ("tar", "oci-dir", LAYER), ("zstd", "oci-dir", LAYER),
    ("json", "oci-dir", DOCUMENTS), ("oci-config", "oci-dir", DOCUMENTS), ("oci-descriptor", "oci-dir", DOCUMENTS),
    ("docker-manifest", "docker-archive", DOCUMENTS), ("oci-descriptor", "docker-archive", DOCUMENTS),
    ("tar", "oci-archive", ARCHIVE), ("gzip", "oci-archive.gz", ARCHIVE), ("zstd", "oci-archive.zst", ARCHIVE),
    *((name, "oci-dir", LAYER) for name in (
        "cargo-auditable", "composer", "deflate", "dotnet-deps", "elf", "gemfile-lock", "gemspec", "go", "go-mod", "jar", "json-stream",
        "npm-lock", "npm-package", "nuget-lock", "pipfile-lock", "pnpm-lock", "pom", "python", "requirements", "toml", "toml-lock", "xml",
        "yarn-lock", "zip")),
    ("tree", "dir", "the root directory"), ("dpkg-status", "dir", "the root directory"), ("rpm-sqlite", "dir", "the root directory"),
]
# One of each worker.
WORKERS = [("tar", "oci-dir", "layer-tar"), ("tree", "dir", "layer-tree"), ("json", "oci-dir", "oci-document"),
           ("tar", "oci-archive", "oci-archive"), ("gzip", "oci-archive.gz", "oci-inflate")]


def ids(case):
    return f"{case[0]}-in-{case[1]}"


# ---- images ----

def layers():
    """Three, of every compression; each has packages of its own."""
    return [("gzip", [make.file("etc/os-release", fixtures.OS_RELEASE), *fixtures.dpkg_entries("hello", "world"),
                      *fixtures.status_d_entries("tiny")]),
            ("zstd", [*fixtures.apk_entries("busybox"), *fixtures.rpm_manifest_entries("distroless")]),
            ("none", [*fixtures.rpm_entries(), *language_files.installed_entries(), *language_files.declared_entries()])]


def write_tree(folder):
    for _, entries in layers():
        for info, data in entries:
            path = folder / info.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


@pytest.fixture(scope="session")
def targets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hijack")
    store = make.Store(folder / "store")
    image = store.image([store.layer_from_entries(fixtures.with_parents(entries), compression=compression)
                         for compression, entries in layers()])
    make.write_oci_layout(folder / "layout", store, [(image.descriptor, "1")])
    make.write_oci_archive(folder / "oci.tar", store, [(image.descriptor, "1")])
    make.write_docker_archive(folder / "docker.tar", store, [(image, "example:1")])
    subprocess.run(["gzip", "-k", folder / "oci.tar"], check=True)
    subprocess.run(["zstd", "-q", "-k", folder / "oci.tar"], check=True)
    write_tree(folder / "root")
    return {"oci-dir": f"oci-dir:{folder}/layout", "oci-archive": f"oci-archive:{folder}/oci.tar",
            "oci-archive.gz": f"oci-archive:{folder}/oci.tar.gz", "oci-archive.zst": f"oci-archive:{folder}/oci.tar.zst",
            "docker-archive": f"docker-archive:{folder}/docker.tar", "dir": f"dir:{folder}/root"}


@functools.lru_cache(maxsize=None)
def undisturbed(program, target):
    return scan(target, program=program, expect=DONE)


def hijacked(program, target, parser, deed, *options, expect=INCOMPLETE, **env):
    # A sanitizer would turn a crash into an orderly end with a report of its own.
    env["ASAN_OPTIONS"] = f"exitcode={SANITIZER_EXIT}:detect_leaks=1:handle_segv=0"
    return scan(target, *options, program=program, expect=expect, TALLYMAN_HIJACK=f"{parser}:{deed}", **env)


def attacks(done):
    return [f for f in done.report["findings"] if f["rule"] == RULE]


def what_was_found(done):
    """All of a report that does not tell of the hijack."""
    return {key: done.report[key] for key in ("target", "packages", "files", "checks")}


# ---- the points ----

def parsers_in_source():
    found = set()
    for path in (ROOT / "src").rglob("*.c"):
        found |= set(re.findall(r'HIJACK_POINT\("([^"]+)"\)', path.read_text()))
    return found


# Of rule files a worker parses the YAML (below); what stands in its tree, which is checked, the command reads itself, and
# recordings and signed files that its user names.
# What publishers of advisories offer is read by other workers: test_db.py takes these over.
OF_UPDATES = {"epss", "kev", "osv", "zip-stream"}
OF_THE_COMMAND = {"bundle", "condition", "dsse", "event-log", "policy", "rule-cases", "rules"}


def test_each_parser_has_a_case():
    assert {case[0] for case in CASES} | {"yaml"} == parsers_in_source() - OF_THE_COMMAND - OF_UPDATES


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("kind", sorted({case[1] for case in CASES}))
def test_no_parser_asks_for_a_refused_call_by_itself(targets, program, kind):
    done = undisturbed(program, targets[kind])
    assert done.report["complete"] and done.problems == [] and done.rules == []
    names = {p["name"] for p in done.report["packages"]}
    assert names == language_files.INSTALLED | language_files.DECLARED | {"hello", "world", "tiny", "busybox", "distroless", "in-sqlite", "in-ndb", "in-bdb"}
    assert what_was_found(scan(targets[kind], program=program, TALLYMAN_HIJACK="nobody:open", expect=DONE)) == \
        what_was_found(done), "a point that is not there was reached"


# ---- refused calls ----

@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("case", CASES, ids=ids)
def test_refused_calls_are_named(targets, program, case):
    parser, kind, place = case
    for deed, call in CALLS.items():
        done = hijacked(program, targets[kind], parser, deed)
        told = [p for p in done.report["problems"] if p["what"].endswith(f": {call}")]
        assert told, f"{deed}: {done.told()}"
        assert any(p["where"].startswith(place) for p in told), done.told()
        found = attacks(done)
        assert found and all(f["severity"] == "high" and call in f["message"] for f in found), found
        assert what_was_found(done) == what_was_found(undisturbed(program, targets[kind]))
    hijacked(program, targets[kind], parser, "open", "--fail-on", "high", expect=FINDINGS)
    hijacked(program, targets[kind], parser, "open", "--fail-on", "critical", expect=INCOMPLETE)


# ---- deaths and worse ----

def check_the_rest(done, whole):
    """Layers whose worker lived are as they were."""
    dead = {p["where"].split("(")[-1].rstrip(")") for p in done.report["problems"] if p["where"].startswith(LAYER)}
    for package in whole.report["packages"]:
        if dead and not any(package["layer"].startswith(d) for d in dead):
            assert package["name"] in {p["name"] for p in done.report["packages"]}
    assert all(c["state"] != "done" for c in done.report["checks"] if c["kind"] == "packages")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_crash_is_a_finding(targets, program, case):
    parser, kind, _ = case
    done = hijacked(program, targets[kind], parser, "crash")
    assert any("was killed by SIGSEGV" in f["message"] and f["severity"] == "high" for f in attacks(done)), done.told()
    if kind == "oci-dir" and parser not in ("json", "oci-config", "oci-descriptor", "tar"):
        check_the_rest(done, undisturbed(program, targets[kind]))
    hijacked(program, targets[kind], parser, "crash", "--fail-on", "high", expect=FINDINGS)


@pytest.mark.parametrize("worker", WORKERS, ids=lambda w: w[2])
@pytest.mark.parametrize("deed, says", [("sleep", "did nothing for 1 seconds"), ("silent", "was killed by SIGKILL"),
                                        ("flood", "announced a message of")])
def test_a_worker_that_turns_on_its_parent_is_a_finding(targets, worker, deed, says):
    parser, kind, _ = worker
    done = hijacked(EITHER, targets[kind], parser, deed, TALLYMAN_HIJACK_IDLE_MS=str(IDLE_MS))
    assert any(says in f["message"] and f["severity"] == "high" for f in attacks(done)), done.told()


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("parser, kind", [("tar", "oci-dir"), ("dpkg-status", "oci-dir"), ("tree", "dir")])
def test_a_layer_file_that_makes_no_sense_is_a_finding(targets, program, parser, kind):
    done = hijacked(program, targets[kind], parser, "stretch")
    assert any("what its worker wrote makes no sense" in f["message"] for f in attacks(done)), done.told()
    assert done.seconds < 10, "gigabytes of nothing were read"


@pytest.mark.parametrize("worker", WORKERS, ids=lambda w: w[2])
def test_an_endless_loop_ends_at_the_limit(targets, worker):
    parser, kind, name = worker
    known = name.startswith("layer-")
    done = hijacked(EITHER, targets[kind], parser, "hang", "--limit", "seconds=1", expect=INCOMPLETE if known else FAILED)
    assert done.says("more than 1 seconds of CPU time (--limit seconds=N raises this)" if known else
                     f"the worker '{name}' computed for more than 1 seconds"), done.told()


@pytest.mark.skipif(not os.path.exists(PLAIN), reason="build-plain/ is not built, and a sanitizer takes the memory limit away")
@pytest.mark.parametrize("worker", WORKERS, ids=lambda w: w[2])
def test_memory_ends_at_the_limit(targets, worker):
    parser, kind, name = worker
    before = pathlib.Path("/proc/meminfo").read_text()
    if int(re.search(r"MemAvailable:\s+(\d+)", before).group(1)) < 1536 << 10:
        pytest.skip("a worker may take 1 GiB, and this machine has hardly more")
    done = hijacked(PLAIN, targets[kind], parser, "memory", expect=None)
    assert done.status in (INCOMPLETE, FAILED), done.told()
    # libarchive ends the process where it has none.
    assert done.says("memory") or done.says("ended without a result"), done.told()


# ---- rule files ----

RULES = """- rule: %s
  desc: It has a name.
  source: image
  condition: image.reference exists
  output: "%%image.reference"
  priority: NOTICE
"""
CASES_FILE = "cases: [{name: a, source: image, fact: {image.reference: x}, expect: [], allow: ['*']}]\n"


@pytest.fixture(scope="module")
def rule_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "a.yaml").write_text(RULES % "A")
    (folder / "b.yaml").write_text(RULES % "B")
    (folder / "cases").write_text(CASES_FILE)
    return folder


def rules(program, *args, expect, hijack="nobody:open", **env):
    with temporary_folder() as temporary:
        done = subprocess.run([program, "rules", *map(str, args)], capture_output=True, text=True, timeout=60, env=environment(
            temporary, ASAN_OPTIONS=f"exitcode={SANITIZER_EXIT}:detect_leaks=1:handle_segv=0", TALLYMAN_HIJACK=hijack, **env))
    check_sane(done.returncode, done.stderr)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


DEEDS = [*((deed, f"was refused a system call: {call}") for deed, call in CALLS.items()), ("crash", "was killed by SIGSEGV"),
         ("flood", "announced a message of"), ("silent", "was killed by SIGKILL"), ("sleep", "did nothing for 1 seconds")]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("deed, says", DEEDS, ids=lambda d: d if d in dict(DEEDS) else "")
def test_a_rule_file_that_takes_its_parser_over_is_left_out(rule_files, program, deed, says):
    assert "2 rules loaded: 2 evaluable" in rules(program, "check", rule_files, expect=DONE)
    told = rules(program, "check", rule_files, expect=INCOMPLETE, hijack=f"yaml:{deed}", TALLYMAN_HIJACK_IDLE_MS=str(IDLE_MS))
    assert "0 rules loaded" in told and "2 errors" in told
    for name in ("a.yaml", "b.yaml"): # each has a parser of its own to take over, once the one before is gone
        assert re.search(rf"{name}: error: this text made its parser misbehave: .*{re.escape(says)}", told), told


@pytest.mark.parametrize("program", PROGRAMS)
def test_commands_that_need_all_of_their_files_fail(rule_files, program):
    says = "this text made its parser misbehave: the worker that parses YAML was refused a system call: openat"
    assert "1 passed, 0 failed" in rules(program, "test", "--rules", rule_files / "a.yaml", rule_files / "cases", expect=DONE)
    assert f"cases: {says}" in rules(program, "test", rule_files / "cases", expect=FAILED, hijack="yaml:open")
    assert f"a.yaml: {says}" in rules(program, "check", "--strict", rule_files / "a.yaml", expect=FAILED, hijack="yaml:open")


def test_a_rule_file_can_not_change_what_is_scanned(targets, rule_files):
    for program in (CHECKED, EITHER):
        done = hijacked(program, targets["oci-dir"], "yaml", "open", "--rules", rule_files / "a.yaml")
        assert done.says("a.yaml: the file's rules were left out: this text made its parser misbehave"), done.told()
        assert {key: done.report[key] for key in ("target", "packages", "files")} == \
            {key: undisturbed(program, targets["oci-dir"]).report[key] for key in ("target", "packages", "files")}


def test_stock_rules_are_parsed_in_place(rule_files):
    assert "Image runs as root" in rules(CHECKED, "list", expect=DONE, hijack="yaml:crash", TALLYMAN_FAKE_NO_SECCOMP="1")
    assert "seccomp" in rules(CHECKED, "list", rule_files, expect=FAILED, TALLYMAN_FAKE_NO_SECCOMP="1")


@pytest.mark.skipif(not os.path.exists(PLAIN), reason="build-plain/ is not built, and a sanitizer takes the memory limit away")
def test_memory_of_a_rule_file_ends_at_the_limit(rule_files):
    assert "MiB of memory that its worker may use" in rules(PLAIN, "check", rule_files, expect=INCOMPLETE, hijack="yaml:memory")


# ---- older kernels ----

@pytest.mark.parametrize("abi, says", [("0", "has no Landlock"), ("1", "not from TCP"), ("3", "not from TCP"),
                                       ("4", "not from signals"), ("5", "not from signals")])
def test_what_landlock_lacks_is_said_once(targets, abi, says):
    done = scan(targets["oci-dir"], "--log-level", "info", program=CHECKED, expect=DONE, TALLYMAN_FAKE_LANDLOCK_ABI=abi)
    assert done.stderr.count(": this kernel") == 1
    quiet = scan(targets["oci-dir"], program=CHECKED, expect=DONE, TALLYMAN_FAKE_LANDLOCK_ABI=abi).stderr
    assert quiet.count("tallyman: warning: this kernel") == (abi == "0" or "has no Landlock" in quiet)
    real = subprocess.run([CHECKED, "version"], capture_output=True, text=True, check=True).stdout
    if "not available" in real:
        says = "has no Landlock" # what is faked is never more than what is there
    assert says in done.stderr
    shown = subprocess.run([CHECKED, "version"], capture_output=True, text=True, check=True,
                           env={**os.environ, "TALLYMAN_FAKE_LANDLOCK_ABI": abi}).stdout
    assert says in shown


def test_older_landlock_still_confines(targets):
    for abi in ("0", "1", "2", "3", "4", "5"):
        done = hijacked(CHECKED, targets["oci-dir"], "tar", "open", TALLYMAN_FAKE_LANDLOCK_ABI=abi)
        assert done.says("openat") and attacks(done)


def test_nothing_is_scanned_without_seccomp(targets):
    for target in targets.values():
        done = scan(target, program=CHECKED, expect=FAILED, TALLYMAN_FAKE_NO_SECCOMP="1")
        assert "seccomp" in done.stderr and "nothing is parsed unconfined" in done.stderr
    shown = subprocess.run([CHECKED, "version"], capture_output=True, text=True, check=True,
                           env={**os.environ, "TALLYMAN_FAKE_NO_SECCOMP": "1"}).stdout
    assert "nothing can be scanned" in shown


def test_the_released_program_has_no_points():
    """The environment of a user must not be able to do any of this."""
    program = os.path.abspath(os.environ.get("TALLYMAN", str(ROOT / "build/tallyman")))
    data = pathlib.Path(program).read_bytes()
    assert b"TALLYMAN_HIJACK" not in data and b"TALLYMAN_FAKE" not in data
