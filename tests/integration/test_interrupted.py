# SPDX-License-Identifier: Apache-2.0
"""Scans that are interrupted, lose a worker, find no room or no permission: an orderly end, and nothing left behind."""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

import scanning
from scanning import DONE, FAILED, FINDINGS, INCOMPLETE, PROGRAM, make, scan, system_entries

MIB, GIB = 1 << 20, 1 << 30
need_root = pytest.mark.skipif(os.geteuid() != 0, reason="it takes root")


@pytest.fixture
def store(tmp_path):
    return make.Store(tmp_path / "store")


def write_layout(store, to, *layers):
    base = store.layer_from_entries(system_entries())
    make.write_oci_layout(to, store, [(store.image([base, *layers]).descriptor, "1")])
    return to


@pytest.fixture
def large(store, tmp_path):
    """An image that takes seconds to read: a layer of 3 GiB, which the disk holds as a hole."""
    to = write_layout(store, tmp_path / "large", store.layer_from_bytes(make.tar_of([make.file("usr/a", b"1")]), "none"))
    size = 3 * GIB
    header = bytearray(make.tar_of([make.file("usr/zeros", b"")])[:512])
    header[124:136] = b"%011o\0" % (size - 512)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    digest = "sha256:" + "ef" * 32
    layer = make.Layer(digest, size, make.OCI_LAYER, digest, "none")
    path = to / "blobs" / digest.replace(":", "/")
    with open(path, "wb") as out:
        out.write(header)
        out.truncate(size)
    image = store.image([store.layer_from_entries(system_entries()), layer])
    make.write_oci_layout(to, store, [(image.descriptor, "1")])
    return to


class Running:
    """A scan that runs, and what is asserted when it has ended."""

    def __init__(self, *arguments, program=PROGRAM, **env):
        self.temporary = tempfile.mkdtemp(prefix="tallyman-test-")
        self.process = subprocess.Popen([program, "scan", "--no-cache", *map(str, arguments)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                                        env=scanning.environment(self.temporary, **env))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        shutil.rmtree(self.temporary)

    def workers(self):
        """Processes below the program and the workers' parent."""
        return [pid for pid in scanning.living(self.process.pid) if parent_of(parent_of(pid)) == self.process.pid]

    def wait_for_a_worker(self, busy_for=0.2):
        """A worker that has worked for a while: it is in the middle of the large layer."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for pid in self.workers():
                if cpu_of(pid) > busy_for:
                    return pid
            time.sleep(0.01)
        raise AssertionError("no worker works")

    def ended(self, within=5):
        began = time.monotonic()
        out, err = self.process.communicate(timeout=scanning.HANGS_AFTER)
        assert time.monotonic() - began < within
        scanning.check_left_behind(self.temporary, self.process)
        return self.process.returncode, out, err.decode()


def stat_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
        return stat.read().rsplit(")", 1)[1].split()


def parent_of(pid):
    try:
        return int(stat_of(pid)[1])
    except OSError:
        return 0


def cpu_of(pid):
    try:
        return sum(map(int, stat_of(pid)[11:13])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0


# ---- signals ----

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_in_the_middle(number, large, tmp_path):
    with Running("--output", tmp_path / "report", large) as running:
        running.wait_for_a_worker()
        running.process.send_signal(number)
        status, out, err = running.ended()
    assert status == -number and not out
    assert "interrupted" in err and err.count("\n") == 1
    assert not [name for name in os.listdir(tmp_path) if name.startswith("report")]


def test_interrupted_by_the_terminal(large, tmp_path):
    """Ctrl-C goes to every process of the group at once."""
    (tmp_path / "report").write_text("the old one")
    with Running("--output", tmp_path / "report", large) as running:
        running.wait_for_a_worker()
        os.killpg(running.process.pid, signal.SIGINT)
        status, _, err = running.ended()
    assert status == -signal.SIGINT and err.count("\n") == 1
    assert (tmp_path / "report").read_text() == "the old one"
    assert [name for name in os.listdir(tmp_path) if name.startswith("report")] == ["report"]


def test_interrupted_twice(large):
    with Running(large) as running:
        running.wait_for_a_worker()
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGINT)
        assert running.ended()[0] == -signal.SIGINT


def test_interrupted_anywhere(store, tmp_path):
    """At many moments of a short scan, under the sanitizers."""
    layers = [store.layer_from_entries([make.file(f"usr/{n}/{i}", b"x" * 1000) for i in range(300)], "zstd") for n in range(4)]
    write_layout(store, tmp_path / "a", *layers)
    make.write_docker_archive(tmp_path / "b", store, [(store.image(layers), "a:1")])
    program = scanning.checked_program()
    ends = set()
    for target in (tmp_path / "a", tmp_path / "b"):
        for n in range(30):
            with Running("--output", tmp_path / "report", target, program=program) as running:
                time.sleep(0.01 * n)
                running.process.send_signal(signal.SIGTERM)
                status, _, err = running.ended()
            assert status in (-signal.SIGTERM, DONE), err
            assert "Sanitizer" not in err and "runtime error" not in err
            ends.add(status)
            assert [name for name in os.listdir(tmp_path) if name.startswith("report.")] == []
    assert -signal.SIGTERM in ends


def test_interrupted_while_an_archive_is_inflated(store, tmp_path):
    member = subprocess.run(["gzip", "-c1"], input=bytes(64 * MIB), stdout=subprocess.PIPE, check=True).stdout
    (tmp_path / "a").write_bytes(member * 200)
    with Running("--limit", "ratio=100000", tmp_path / "a") as running:
        running.wait_for_a_worker()
        running.process.send_signal(signal.SIGINT)
        assert running.ended()[0] == -signal.SIGINT


# ---- workers that go ----

def test_a_worker_is_killed(large):
    with Running("--format", "json", large) as running:
        os.kill(running.wait_for_a_worker(), signal.SIGKILL)
        status, out, err = running.ended(within=10)
    assert status == INCOMPLETE and b"was killed by SIGKILL" in out and b'"name": "hello"' in out, err
    assert b'"image-attacks-scanner"' in out


def test_a_worker_is_killed_with_fail_on(large):
    with Running("--fail-on", "high", large) as running:
        os.kill(running.wait_for_a_worker(), signal.SIGSEGV)
        assert running.ended(within=10)[0] == FINDINGS


def test_the_workers_parent_is_killed(large):
    with Running(large) as running:
        running.wait_for_a_worker()
        zygotes = [pid for pid in scanning.living(running.process.pid) if parent_of(pid) == running.process.pid]
        os.kill(zygotes[0], signal.SIGKILL)
        status, _, err = running.ended(within=10)
    assert status in (FAILED, INCOMPLETE) and (status == INCOMPLETE or err)


def test_the_program_is_killed(large):
    """Its workers go with it."""
    with Running(large) as running:
        running.wait_for_a_worker()
        running.process.kill()
        assert running.ended()[0] == -signal.SIGKILL


# ---- no room ----

@contextlib.contextmanager
def small_disk(folder, size):
    os.mkdir(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def image(store, tmp_path):
    return write_layout(store, tmp_path / "image")


def test_a_full_device(image):
    done = scan(image, "--output", "/dev/full", expect=FAILED)
    assert done.says("No space left on device") and done.says("/dev/full")
    with open("/dev/full", "wb") as full:
        for form in ("json", "table"):
            ran = subprocess.run([PROGRAM, "scan", "--no-cache", "--files", "--format", form, image], stdout=full, stderr=subprocess.PIPE)
            assert ran.returncode == FAILED and b"No space left" in ran.stderr


def test_a_reader_that_went_away(image):
    """A closed pipe is an error that is said, as for any file."""
    ran = subprocess.run(["sh", "-c", '"$1" scan --no-cache --files "$2" | true; exit 0', "sh", PROGRAM, image], stderr=subprocess.PIPE)
    assert ran.returncode == 0 and ran.stderr.count(b"\n") <= 1


@need_root
def test_no_room_for_the_report(image, tmp_path):
    with small_disk(tmp_path / "disk", "8k") as disk:
        report = disk / "report"
        report.write_text("the old one")
        done = scan(image, "--output", report, expect=FAILED)
        assert done.says("No space left on device") and done.says(str(report))
        assert report.read_text() == "the old one" and os.listdir(disk) == ["report"]


@need_root
def test_no_room_for_temporary_files(store, image, tmp_path):
    many = write_layout(store, tmp_path / "many", store.layer_from_entries([make.file(f"usr/{i}", b"1") for i in range(3000)]))
    archive = tmp_path / "a"
    make.write_oci_archive(tmp_path / "plain", store, [(store.image([store.layer_from_bytes(os.urandom(1 * MIB), "none")]).descriptor, None)])
    with open(archive, "wb") as out:
        subprocess.run(["gzip", "-c", tmp_path / "plain"], stdout=out, check=True)
    with small_disk(tmp_path / "disk", "64k") as disk:
        for target in (many, archive):
            done = scan(target, temporary=disk)
            assert done.status in (FAILED, INCOMPLETE) and done.says("No space left on device"), done.told()
            assert done.rules == [], "a full disk is no attack"
            assert os.listdir(disk) == []


@need_root
def test_no_room_for_the_cache(store, tmp_path):
    """Then nothing is remembered, which is said; the result is the same."""
    many = write_layout(store, tmp_path / "many", store.layer_from_entries([make.file(f"usr/{i}", b"1") for i in range(3000)]))
    whole = scan(many, expect=DONE)
    with small_disk(tmp_path / "disk", "64k") as disk:
        done = scan(many, cache=True, XDG_DATA_HOME=str(disk), expect=DONE)
    assert done.files == whole.files and done.says("remembered")


def test_no_place_for_temporary_files(image):
    done = scan(image, temporary=None, TMPDIR="/nowhere/at/all", expect=DONE)
    assert done.problems == [], "another place is taken"


# ---- no permission ----

@contextlib.contextmanager
def for_everyone(source):
    """A copy of a folder where another user may reach it, with the program."""
    folder = tempfile.mkdtemp(prefix="tallyman-test-", dir="/var/tmp")
    os.chmod(folder, 0o755)
    try:
        shutil.copytree(source, os.path.join(folder, "image"))
        shutil.copy(PROGRAM, os.path.join(folder, "tallyman"))
        os.mkdir(os.path.join(folder, "tmp"))
        os.chmod(os.path.join(folder, "tmp"), 0o1777)
        yield folder
    finally:
        shutil.rmtree(folder)


def become_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def as_nobody(folder, target, *options):
    temporary = os.path.join(folder, "tmp")
    return scan(target, *options, program=os.path.join(folder, "tallyman"), preexec_fn=become_nobody, cwd="/", temporary=temporary,
                XDG_DATA_HOME=temporary)


@need_root
def test_as_another_user(image):
    with for_everyone(image) as folder:
        target = os.path.join(folder, "image")
        assert as_nobody(folder, target).status == DONE
        blobs = os.path.join(target, "blobs/sha256")
        layer = max(os.listdir(blobs), key=lambda name: open(os.path.join(blobs, name), "rb").read(2) == b"\x1f\x8b")
        os.chmod(os.path.join(blobs, layer), 0o600)
        done = as_nobody(folder, target)
        assert done.status == INCOMPLETE and done.says("Permission denied") and done.says("layer 0")
        os.chmod(os.path.join(target, "index.json"), 0)
        done = as_nobody(folder, target)
        assert done.status == FAILED and done.says("Permission denied")
        os.chmod(target, 0)
        for name in (target, f"oci-dir:{target}", f"dir:{target}"):
            done = as_nobody(folder, name)
            assert done.status == FAILED and done.says("Permission denied")


@need_root
def test_as_another_user_an_archive(store, image, tmp_path):
    make.write_oci_archive(image / "a.tar", store, [(store.image([store.layer_from_entries(system_entries())]).descriptor, None)])
    with for_everyone(image) as folder:
        archive = os.path.join(folder, "image/a.tar")
        assert as_nobody(folder, archive).status == DONE
        os.chmod(archive, 0o600)
        assert as_nobody(folder, archive).says("Permission denied")
        os.chmod(archive, 0o644)
        for output in ("/etc/passwd", "/etc/new", "/nowhere/x"):
            done = as_nobody(folder, archive, "--output", output)
            assert done.status == FAILED and done.says(output)


# ---- the report ----

def test_the_report_is_replaced_when_it_is_complete(image, tmp_path):
    report = tmp_path / "report"
    report.write_text("the old one")
    report.chmod(0o640)
    inode = report.stat().st_ino
    for target in (tmp_path / "nothing", f"{image}:no-such-tag"):
        scan(target, "--output", report, expect=FAILED)
        assert report.read_text() == "the old one" and report.stat().st_ino == inode
    assert scan(image, "--output", report).report is None
    assert report.read_text().startswith("{") and report.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["image", "report", "store"]


def test_a_report_in_odd_places(image, tmp_path):
    (tmp_path / "folder").mkdir()
    assert scan(image, "--output", tmp_path / "folder", expect=FAILED).says("it is a directory")
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    scan(image, "--output", tmp_path / "link", expect=DONE)
    (tmp_path / "dangling").symlink_to("nowhere/at/all")
    scan(image, "--output", tmp_path / "dangling")
    assert not [name for name in os.listdir(tmp_path) if "." in name]
