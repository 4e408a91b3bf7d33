# SPDX-License-Identifier: Apache-2.0
"""The command line from outside. TALLYMAN names the program (default build/tallyman)."""
import glob
import json
import os
import shutil
import subprocess

import pytest

TALLYMAN = os.path.abspath(os.environ.get("TALLYMAN", "build/tallyman"))
COMMANDS = ["scan", "sbom", "policy check", "watch", "containers", "replay", "events", "rules test", "rules bundle", "rules check", "rules explain", "rules fields", "rules list",
            "key generate", "key show", "key sign", "key verify", "cache prune", "db update", "db status", "db show", "db export", "db import",
            "db compare", "version", "help", "completion"]


def run(*args, **kwargs):
    return subprocess.run([TALLYMAN, *args], stdout=kwargs.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
                          text=True, timeout=60, **kwargs)


def test_help_is_grouped():
    done = run("--help")
    assert done.returncode == 0 and not done.stderr
    assert done.stdout.index("Implementation:") < done.stdout.index("General:")
    assert done.stdout.index("Initiation:") < done.stdout.index("Implementation:")
    assert "Design:" not in done.stdout  # nothing in it yet
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(command):
    asked = run(*command.split(), "--help")
    assert asked.returncode == 0 and not asked.stderr
    assert asked.stdout.startswith(f"Usage: tallyman {command}")
    assert run("help", *command.split()).stdout == asked.stdout


@pytest.mark.parametrize("args, says", [
    (["--formt"], "unknown option"),
    (["scan", "--formt", "x"], "did you mean '--format'"),
    (["scan"], "needs TARGET"),
    (["scan", "--policy", "x", "--no-policy", "x"], "give one of them"),
    (["scan", "--fail-on", "worst", "x"], "expected low, medium, high or critical, fixable, kev"),
    (["scan", "--limit", "nothing=1", "x"], "there is no limit 'nothing'"),
    (["scan", "--limit", "files=0", "x"], "at least 1"),
    (["scan", "--limit", "files", "x"], "NAME=VALUE"),
    (["scan", "/nowhere/at/all"], "/nowhere/at/all"),
    (["scan", "--output", "/nowhere/at/all", "/"], "/nowhere/at/all"),
    (["cache"], "needs a command"),
    (["cache", "prune"], "--max-size"),
    (["cache", "prune", "--older-than", "30"], "not an age"),
    (["help", "nothing"], "no command 'nothing'"),
    ([], "no command"),
])
def test_what_can_not_be_done_is_status_2_and_one_line(args, says):
    done = run(*args)
    assert done.returncode == 2
    assert not done.stdout
    assert says in done.stderr and done.stderr.count("\n") == 1


def test_messages_as_json():
    done = run("--log-format", "json", "scan", "--formt")
    assert done.returncode == 2
    assert json.loads(done.stderr)["level"] == "error"


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["version"], ["completion", "bash"]])
def test_a_full_disk_is_status_2(args):
    with open("/dev/full", "w") as full:
        done = run(*args, stdout=full)
    assert done.returncode == 2 and "No space left" in done.stderr


def test_version_names_what_confines_workers():
    done = run("version")
    assert done.returncode == 0
    assert "seccomp" in done.stdout and "Landlock" in done.stdout
    assert run("--version").stdout == done.stdout.split("\n")[0] + "\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_valid(shell, tmp_path):
    script = tmp_path / "script"
    script.write_text(run("completion", shell).stdout)
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr


@pytest.mark.parametrize("words, expected", [
    (["sc"], {"scan"}),
    (["cache", ""], {"prune"}),
    (["scan", "--form"], {"--format"}),
    (["scan", "--format", ""], {"table", "json", "sarif", "junit", "markdown", "cyclonedx", "spdx"}),
    (["scan", "--format", "=", "j"], {"json", "junit"}),
    (["completion", "f"], {"fish"}),
])
def test_bash_completes(words, expected, tmp_path):
    script = tmp_path / "script"
    script.write_text(run("completion", "bash").stdout)
    quoted = " ".join(f"'{w}'" for w in words)
    done = subprocess.run(["bash", "-c", f"source {script}; COMP_WORDS=(tallyman {quoted}); COMP_CWORD={len(words)};"
                           " _tallyman; printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, text=True)
    assert set(done.stdout.split()) == expected and not done.stderr


def test_man_pages_are_there_and_without_fault():
    pages = glob.glob(os.path.join(os.path.dirname(TALLYMAN), "src", "cmd", "*.1"))
    if not pages:
        pytest.skip("no man pages beside the program")
    names = {"tallyman.1"} | {"tallyman-" + c.replace(" ", "-") + ".1" for c in COMMANDS}
    assert {os.path.basename(p) for p in pages} == names
    if not shutil.which("mandoc"):
        pytest.skip("no mandoc here")
    for page in pages:
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
