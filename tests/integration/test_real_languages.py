# SPDX-License-Identifier: Apache-2.0
"""What this machine has of packages of languages, held against the languages' own tools."""
import importlib.metadata
import json
import pathlib
import shutil
import subprocess

import pytest

from scanning import scan  # makes tools/ known


def installed(done, kind):
    return {(p["name"], p["version"]) for p in done.report["packages"] if (p["type"], p["evidence"]) == (kind, "installed")}


def all_of(dependencies):
    """What `npm ls --json` lists, at any depth; an alias by the name of what it stands for is left to the other side."""
    for name, entry in (dependencies or {}).items():
        if "version" in entry and not entry.get("missing"):
            yield name, entry["version"]
        yield from all_of(entry.get("dependencies"))


def test_npm_packages_are_those_that_npm_lists(tmp_path):
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    root = pathlib.Path(subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=True).stdout.strip())
    if root.name != "node_modules" or not root.is_dir() or not any(root.iterdir()):
        pytest.skip(f"npm has no global packages in {root}")
    # npm's own list of what is installed, whose exit status tells of packages that others miss.
    listed = set(all_of(json.loads(subprocess.run(["npm", "ls", "-g", "--all", "--json"], capture_output=True, text=True).stdout)
                        .get("dependencies")))
    shutil.copytree(root, tmp_path / "lib/node_modules", symlinks=True)
    found = installed(scan(f"dir:{tmp_path}", files=False, timeout=120), "npm")
    assert listed and listed <= found, listed - found


def test_python_packages_are_those_that_python_lists(tmp_path):
    folder = pathlib.Path("/usr/lib/python3/dist-packages")
    listed = {(d.metadata["Name"], d.version) for d in importlib.metadata.distributions(path=[str(folder)])}
    if not listed:
        pytest.skip(f"no Python packages in {folder}")
    to = tmp_path / folder.relative_to("/")
    for path in [*folder.glob("*.dist-info"), *folder.glob("*.egg-info")]:
        if path.is_dir():
            shutil.copytree(path, to / path.name)
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to)
    found = installed(scan(f"dir:{tmp_path}", files=False), "pypi")
    assert found == listed


def test_gems_are_those_that_gem_lists(tmp_path):
    if not shutil.which("gem"):
        pytest.skip("gem is not installed")
    paths = subprocess.run(["gem", "environment", "gempath"], capture_output=True, text=True, check=True).stdout.strip().split(":")
    listed = {line.split(" ")[0] for line in subprocess.run(["gem", "list", "--local", "--no-verbose"], capture_output=True, text=True,
                                                            check=True).stdout.splitlines() if line.endswith(")")}
    for number, path in enumerate(map(pathlib.Path, paths)):
        if (path / "specifications").is_dir():
            shutil.copytree(path / "specifications", tmp_path / str(number) / "specifications")
    found = {name for name, _ in installed(scan(f"dir:{tmp_path}", files=False), "gem")}
    assert listed <= found, listed - found
