# SPDX-License-Identifier: Apache-2.0
"""Packages of languages: what is installed, what is declared, and who ships it."""
import json
import shutil
import subprocess
import time

import pytest

from scanning import DONE, INCOMPLETE, checked_program, scan  # makes tools/ known
import fixtures
import language_files as files
import make_image as make

CHECKED = checked_program()


def image(folder, *layers, name="layout"):
    store = make.Store(folder / f"{name}-store")
    made = store.image([store.layer_from_entries(fixtures.with_parents(entries)) for entries in layers])
    make.write_oci_layout(folder / name, store, [(made.descriptor, "1")])
    return f"oci-dir:{folder / name}"


def tree(folder, entries):
    for info, data in entries:
        path = folder / info.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(info.mode)
    return f"dir:{folder}"


def by_name(done):
    return {p["name"]: p for p in done.report["packages"]}


@pytest.mark.parametrize("program", [CHECKED], ids=["sanitized"])
def test_installed_is_told_from_declared(tmp_path, program):
    entries = [*files.installed_entries(), *files.declared_entries()]
    for target in (image(tmp_path, entries), tree(tmp_path / "root", entries)):
        done = scan(target, program=program, expect=DONE)
        evidence = {p["name"]: p["evidence"] for p in done.report["packages"]}
        assert evidence == {**dict.fromkeys(files.INSTALLED, "installed"), **dict.fromkeys(files.DECLARED, "declared")}
        assert by_name(done)["in-npm"]["licenses"] == ["MIT"]
        assert by_name(done)["in-npm"]["path"] == "/app/node_modules/in-npm/package.json"
        purls = {p["purl"] for p in done.report["packages"]}
        assert {"pkg:npm/in-npm@1.0.0", "pkg:pypi/in-python@1.0", "pkg:golang/in-go@v1.0.0", "pkg:golang/stdlib@1.22.3",
                "pkg:cargo/in-rust@1.0.0", "pkg:maven/org.example/in-jar@1.0", "pkg:gem/in-gem@1.0",
                "pkg:composer/in/composer@1.0", "pkg:nuget/in-nuget@1.0"} <= purls


def test_what_a_package_of_the_distribution_ships_is_owned_by_it(tmp_path):
    path = "usr/lib/python3/dist-packages/six-1.egg-info"
    text = b"Name: six\nVersion: 1.0\n"
    target = image(tmp_path, [make.file("etc/os-release", fixtures.OS_RELEASE), *fixtures.dpkg_entries("python3-six"),
                              make.file("var/lib/dpkg/info/python3-six.list", f"/.\n/usr\n/{path}\n".encode()),
                              make.file(path, text), make.file("opt/own/six-1.egg-info", text.replace(b"six", b"own"))])
    for options in ((), ("--files",)):
        found = by_name(scan(target, *options, program=CHECKED, files=False, expect=DONE))
        assert found["six"]["owned_by"] == "pkg:deb/debian/python3-six@1.0-1?arch=amd64&distro=debian-12"
        assert found["own"]["owned_by"] is None
        assert found["python3-six"]["owned_by"] is None


def test_layers_replace_and_remove_packages(tmp_path):
    def module(name, version):
        return make.file(f"app/node_modules/{name}/package.json", files.document({"name": name, "version": version}))
    target = image(tmp_path, [module("a", "1.0.0"), module("b", "1.0.0"), module("c", "1.0.0")],
                   [module("a", "2.0.0")], [make.whiteout("app/node_modules/b")])
    done = scan(target, program=CHECKED, expect=DONE)
    layers = [layer["digest"] for layer in done.target["layers"]]
    assert {(p["name"], p["version"], p["layer"]) for p in done.report["packages"]} == \
        {("a", "2.0.0", layers[1]), ("c", "1.0.0", layers[0])}


def test_the_second_name_of_a_module_is_no_gap(tmp_path):
    first = make.file("a/node_modules/m/package.json", b'{"name":"m","version":"1"}')
    second = make.hardlink("b/node_modules/m/package.json", "a/node_modules/m/package.json")
    other = make.hardlink("node_modules/n/package.json", "x")
    assert scan(image(tmp_path, [first, second]), program=CHECKED, expect=DONE).problems == []
    done = scan(image(tmp_path, [make.file("x", b"{}"), other], name="gap"), program=CHECKED, expect=INCOMPLETE)
    assert done.says("was not searched")


def test_programs_of_any_size_are_searched(tmp_path):
    """In memory, in the temporary file, and handed over open."""
    program = files.go_program(files.go_modules(("mod", "large", "v1.0.0", "")))
    large = program + bytes(9 << 20)
    entries = [make.file("bin/large", large, mode=0o755), make.file("lib/plugin.so", program.replace(b"large", b"small"))]
    for target in (image(tmp_path, entries), tree(tmp_path / "root", entries)):
        assert {"large", "small", "stdlib"} == set(by_name(scan(target, program=CHECKED, expect=DONE)))


def test_damage_is_a_gap_and_the_rest_is_read(tmp_path):
    entries = [*files.installed_entries(), make.file("node_modules/bad/package.json", b'{"name":'),
               make.file("app/bad.jar", b"PK no archive"), make.file("bin/bad", files.elf(".dep-v0", b"x"), mode=0o755)]
    done = scan(image(tmp_path, entries), program=CHECKED, expect=INCOMPLETE)
    assert set(by_name(done)) == files.INSTALLED
    for text in ("node_modules/bad/package.json", "app/bad.jar", "bin/bad"):
        assert any(text in problem for problem in done.problems), done.told()


# ---- sizes ----

def peak(command):
    """Seconds, and the most memory that one of the processes had, in MiB."""
    began = time.monotonic()
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *command], capture_output=True, text=True)
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    return seconds, int(done.stderr.split()[-1]) / 1024, json.loads(done.stdout)


needs_time = pytest.mark.skipif(not shutil.which("time", path="/usr/bin"), reason="/usr/bin/time is not installed")


@needs_time
def test_a_lockfile_of_200_megabytes_takes_little_memory(tmp_path):
    from scanning import PROGRAM
    (tmp_path / "src").mkdir()
    with open(tmp_path / "src/package-lock.json", "wb") as out:
        out.write(b'{"lockfileVersion":3,"packages":{')
        for i in range(20000):
            out.write(b'"node_modules/p%d":{"version":"1.0.%d","integrity":"%s"},' % (i, i, b"x" * 10000))
        out.write(b'"":{}}}')
    _, memory, report = peak([PROGRAM, "scan", "--no-cache", "--format", "json", f"dir:{tmp_path}/src"])
    assert report["summary"]["packages"] == 20000
    assert memory < 200


@needs_time
def test_500_jars_three_deep(tmp_path):
    from scanning import PROGRAM
    import random
    random.seed(1)
    inner = [files.zip_archive(files.pom_properties("org.example", f"lib{i}", "1.0"),
                               *((f"c/{n}.class", random.randbytes(2000)) for n in range(20)), stored=False) for i in range(500)]
    middle = [files.zip_archive(*((f"lib/lib{i}-1.0.jar", inner[i]) for i in range(at, at + 50)), stored=False)
              for at in range(0, 500, 50)]
    outer = files.zip_archive(*((f"WEB-INF/lib/m{i}-1.0.jar", data) for i, data in enumerate(middle)), stored=False)
    target = image(tmp_path, [make.file("app/app-1.0.war", outer)])
    seconds, memory, report = peak([PROGRAM, "scan", "--no-cache", "--format", "json", target])
    assert report["summary"]["packages"] == 511
    assert seconds < 10 and memory < 150  # two seconds on a machine that has nothing else to do
    print(f"{seconds:.2f} s, {memory:.0f} MiB")
