# SPDX-License-Identifier: Apache-2.0
"""Running `tallyman scan` from outside, with an eye on what it leaves behind, and images to run it on."""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import make_image as make  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("TALLYMAN", ROOT / "build/tallyman"))
DONE, FINDINGS, FAILED, INCOMPLETE = 0, 1, 2, 3
SANITIZER_EXIT = 99
HANGS_AFTER = 20  # seconds
SKIPPED = ("vulnerabilities", "secrets", "malware", "signatures")
ABOUT_BYTES = ("image-integrity", "image-attacks-scanner")


def checked_program():
    """The program with sanitizers where there is one."""
    known = os.environ.get("TALLYMAN_TEST_PROGRAM", str(ROOT / "build-asan/tallyman"))
    return os.path.abspath(known) if os.path.exists(known) else PROGRAM


@dataclasses.dataclass
class Scan:
    status: int
    report: dict
    stderr: str
    seconds: float

    @property
    def target(self):
        return self.report["target"]

    @property
    def problems(self):
        return [f"{p['where']}: {p['what']}" for p in self.report["problems"]] if self.report else []

    @property
    def rules(self):
        """Of findings about the image's bytes; what the stock rules find is test_rules.py's matter."""
        return [f["rule"] for f in self.report["findings"] if f["rule"] in ABOUT_BYTES]

    @property
    def files(self):
        return {f["path"]: f for f in self.report["files"]}

    @property
    def checks(self):
        return {c["kind"]: c["state"] for c in self.report["checks"]}

    def says(self, text):
        """Whether the message or a problem does."""
        return text in self.stderr or any(text in p for p in self.problems)

    def told(self):
        return self.stderr + "".join(f"{p}\n" for p in self.problems)


def environment(temporary, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("TALLYMAN_", "XDG_"))}
    env.update(TMPDIR=str(temporary), XDG_DATA_HOME=str(temporary) + ".data", LC_ALL="C.UTF-8",
               ASAN_OPTIONS=f"exitcode={SANITIZER_EXIT}:detect_leaks=1",
               UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    return {**env, **more}


def living(group):
    """Processes of a group that have not ended (one that has may wait for init to notice)."""
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError, ValueError):
            fields = pathlib.Path("/proc", str(int(entry)), "stat").read_text().rsplit(")", 1)[1].split()
            if int(fields[2]) == group and fields[0] not in "ZX":
                found.append(int(entry))
    return found


def group_is_gone(group, within=5.0):
    """Whether no process of a group is left: the workers' parent ends just after the program."""
    end = time.monotonic() + within
    while living(group):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def check_left_behind(temporary, process):
    assert os.listdir(temporary) == [], "temporary files were left behind"
    assert group_is_gone(process.pid), "processes were left behind"


def check_sane(done_status, stderr):
    for word in ("Sanitizer", "runtime error:", "Assertion"):
        assert word not in stderr, stderr
    assert done_status in (DONE, FINDINGS, FAILED, INCOMPLETE), f"status {done_status}: {stderr}"


@contextlib.contextmanager
def temporary_folder():
    """On the disk's own file system, short-lived."""
    path = tempfile.mkdtemp(prefix="tallyman-test-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(path + ".data", ignore_errors=True)


def scan(target, *options, program=PROGRAM, files=True, cache=False, expect=None, timeout=HANGS_AFTER, cwd=None,
         temporary=None, preexec_fn=None, **env):
    """Scans, and asserts what holds for every scan whatever it is given."""
    command = [program, "scan", "--format", "json", *(["--files"] if files else []), *([] if cache else ["--no-cache"]),
               *map(str, options), "--", str(target)]
    with temporary_folder() as own:
        temporary = temporary or own
        began = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd,
                              env=environment(temporary, **env), start_new_session=True, preexec_fn=preexec_fn) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        seconds = time.monotonic() - began
        check_left_behind(temporary, process)
    stderr = err.decode("utf-8", "surrogateescape")
    check_sane(process.returncode, stderr)
    if process.returncode == FAILED:
        assert stderr.startswith("tallyman: "), stderr
        assert not out, "there is a report though nothing could be done"
    done = Scan(process.returncode, json.loads(out) if out else None, stderr, seconds)
    if done.report:
        check_report(done)
    assert expect is None or done.status == expect, f"status {done.status}, expected {expect}: {done.told()}"
    return done


def check_report(done):
    """What is true of every report."""
    report = done.report
    assert report["schema"] == "tallyman/scan/v1"
    assert report["complete"] == (done.status == DONE) or done.status == FINDINGS
    if not report["complete"]:
        assert report["problems"], "incomplete, but no problem is named"
    assert report["summary"]["packages"] == len(report["packages"])
    assert report["summary"]["layers"] == len(report["target"]["layers"])
    if "files" in report:
        paths = [f["path"] for f in report["files"]]
        assert len(set(paths)) == len(paths), "a path stands in the merged view twice"
        assert report["summary"]["files"] == len(paths)
        known = set(paths)
        for path in paths:
            assert path == "/" or (os.path.dirname(path) in known), f"{path} has no directory"


def plain(files):
    """Files without what differs between kinds of source."""
    return {path: {k: v for k, v in f.items() if k != "layer"} for path, f in files.items()}


# ---- packages to find ----

OS_RELEASE = b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n' \
             b'VERSION_CODENAME=bookworm\nID=debian\n'


def stanza(name, version, **fields):
    lines = [f"Package: {name}", "Status: install ok installed", "Architecture: amd64", f"Version: {version}"]
    return "\n".join(lines + [f"{k}: {v}" for k, v in fields.items()]) + "\n"


def dpkg_status(*stanzas):
    return make.file("var/lib/dpkg/status", "\n".join(stanzas).encode())


def system_entries():
    """A small Debian-like base layer."""
    return [
        make.directory("etc"), make.file("etc/os-release", OS_RELEASE), make.file("etc/motd", b"welcome\n"),
        make.directory("usr"), make.directory("usr/bin"), make.file("usr/bin/hello", b"#!/bin/sh\necho hello\n", mode=0o755),
        make.directory("usr/share"), make.directory("usr/share/doc"), make.directory("usr/share/doc/hello"),
        make.file("usr/share/doc/hello/copyright",
                  b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
                  b"Files: *\nCopyright: 2024\nLicense: GPL-3+\n"),
        make.directory("var"), make.directory("var/lib"), make.directory("var/lib/dpkg"),
        dpkg_status(stanza("hello", "2.10-3", Source="hello-src (2.10)"), stanza("libthing", "1:2-1")),
        make.directory("var/lib/dpkg/info"), make.file("var/lib/dpkg/info/hello.list", b"/.\n/usr\n/usr/bin\n/usr/bin/hello\n"),
    ]
