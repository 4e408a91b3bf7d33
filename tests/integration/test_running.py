# SPDX-License-Identifier: Apache-2.0
"""What happens around a scan: the user interrupts it, its processes are killed, disks are full, things may not be read."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from scanning import (DONE, FAILED, INCOMPLETE, PROGRAM, check_left_behind, environment, living, make, scan, system_entries,
                      temporary_folder)
from test_hostile_layers import GIB, gzip_of_zeros

AS_ROOT = os.geteuid() == 0
NOBODY = 65534


@pytest.fixture
def store(tmp_path):
    return make.Store(tmp_path / "store")


@pytest.fixture
def image(store, tmp_path):
    made = store.image([store.layer_from_entries(system_entries())])
    make.write_oci_layout(tmp_path / "image", store, [(made.descriptor, None)])
    return tmp_path / "image"


@pytest.fixture
def slow(store, tmp_path):
    """An image that takes many seconds: a file of zeros."""
    info, _ = make.file("zeros")
    info.size = 32 * GIB
    head = subprocess.run(["gzip", "-c"], input=info.tobuf(), stdout=subprocess.PIPE, check=True).stdout
    blob = head + gzip_of_zeros(info.size)
    layer = make.Layer(store.add(blob), len(blob), make.OCI_LAYER, "sha256:" + "00" * 32, "gzip")
    good = store.layer_from_entries(system_entries())
    make.write_oci_layout(tmp_path / "slow", store, [(store.image([good, layer]).descriptor, None)])
    return tmp_path / "slow"


def hear_hangups():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup


def start(target, temporary, *options, program=PROGRAM, **how):
    return subprocess.Popen([program, "scan", "--limit", "ratio=1000000", *map(str, options), str(target)], env=environment(temporary),
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            start_new_session=True, preexec_fn=hear_hangups, **how)


def worker_at_work(process):
    """The pid of a worker that has computed for a while."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        for pid in living(process.pid):
            with contextlib.suppress(OSError):  # a short worker may have ended since it was listed
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                if pid != process.pid and int(fields[11]) > 20: # hundredths of a second in user mode
                    return pid
        time.sleep(0.02)
    raise AssertionError("no worker is at work")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_nothing_behind(number, slow, tmp_path):
    report = tmp_path / "report.json"
    report.write_text("the old one")
    with temporary_folder() as temporary:
        process = start(slow, temporary, "--output", report)
        worker_at_work(process)
        os.killpg(process.pid, number) # as a terminal does it: to all of them
        _, err = process.communicate(timeout=10)
        assert process.returncode == -number and "interrupted" in err
        check_left_behind(temporary, process)
    assert report.read_text() == "the old one"
    assert [p.name for p in tmp_path.glob("report*")] == ["report.json"]


def test_a_parent_that_is_killed_takes_its_workers_along(slow):
    with temporary_folder() as temporary:
        process = start(slow, temporary)
        worker_at_work(process)
        process.kill()
        process.communicate(timeout=10)
        check_left_behind(temporary, process)


def test_a_worker_that_is_killed_is_a_problem_of_its_layer(slow):
    with temporary_folder() as temporary:
        process = start(slow, temporary, "--format", "json")
        os.kill(worker_at_work(process), signal.SIGKILL)
        out, err = process.communicate(timeout=30)
        assert process.returncode == INCOMPLETE, err
        report = json.loads(out)
        assert any("layer 1" in p["where"] and "SIGKILL" in p["what"] for p in report["problems"])
        assert {p["name"] for p in report["packages"]} >= {"hello"}
        check_left_behind(temporary, process)


def test_a_full_disk_for_the_report(image, tmp_path):
    for output in ([], ["--output", "/dev/full"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([PROGRAM, "scan", "--no-cache", *output, image], stdout=full if not output else subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=20)
        assert done.returncode == FAILED and "No space left" in done.stderr


@pytest.fixture
def tiny_disk(tmp_path):
    if not AS_ROOT:
        pytest.skip("mounting a small disk takes root")
    disk = tmp_path / "tiny"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_for_what_is_remembered(image, tiny_disk):
    (tiny_disk / "fill").write_bytes(bytes(60 << 10))
    done = scan(image, cache=True, XDG_DATA_HOME=str(tiny_disk), expect=DONE)
    assert done.files["/etc/motd"] and "remembered" in done.stderr


def test_a_full_disk_for_temporary_files(store, tiny_disk, tmp_path):
    entries = system_entries() + [make.file(f"data/{i:05d}", b"x") for i in range(2000)]
    make.write_oci_layout(tmp_path / "many", store, [(store.image([store.layer_from_entries(entries)]).descriptor, None)])
    done = scan(tmp_path / "many", temporary=str(tiny_disk), expect=INCOMPLETE)
    assert done.says("No space left") and "image-attacks-scanner" not in done.rules
    assert os.listdir(tiny_disk) == []


def test_a_report_that_can_not_be_written_keeps_the_old_one(image, tiny_disk):
    report = tiny_disk / "report.json"
    report.write_text("the old one")
    (tiny_disk / "fill").write_bytes(bytes(56 << 10))
    done = subprocess.run([PROGRAM, "scan", "--no-cache", "--format", "json", "--files", "--output", report, image],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == FAILED and "No space left" in done.stderr
    assert report.read_text() == "the old one"
    assert sorted(os.listdir(tiny_disk)) == ["fill", "report.json"]


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


@pytest.fixture
def public(image):
    """The image where another user may come to it, and a program that the user may run."""
    if not AS_ROOT:
        pytest.skip("becoming another user takes root")
    with temporary_folder() as folder:
        os.chmod(folder, 0o755)
        shutil.copytree(image, folder + "/image")
        shutil.copy(PROGRAM, folder + "/tallyman")
        home = folder + "/home"
        os.mkdir(home)
        os.chown(home, NOBODY, NOBODY)
        yield pathlib.Path(folder)


def run_as_nobody(folder, *arguments, **env):
    return subprocess.run([folder / "tallyman", "scan", "--format", "json", *arguments], capture_output=True, text=True, timeout=20,
                          preexec_fn=as_nobody, env={"PATH": "/usr/bin:/bin", "HOME": str(folder / "home"), **env}, cwd="/")


def test_an_ordinary_user_scans_and_remembers(public):
    for _ in range(2):
        done = run_as_nobody(public, public / "image")
        assert done.returncode == DONE and not done.stderr
        assert json.loads(done.stdout)["packages"]
    assert list((public / "home/.local/share/tallyman/cache/layers").iterdir())


def test_an_ordinary_user_without_a_home(public):
    for env in ({"HOME": "/nowhere"}, {"HOME": ""}, {"HOME": "/proc"}):
        done = run_as_nobody(public, public / "image", **env)
        assert done.returncode == DONE and "nothing is remembered" in done.stderr
        assert done.stderr.count("\n") == 1


def test_what_may_not_be_read_is_said(public):
    os.chmod(public / "image/index.json", 0o600)
    done = run_as_nobody(public, public / "image")
    assert done.returncode == FAILED and "index.json" in done.stderr and "Permission denied" in done.stderr


def test_a_blob_that_may_not_be_read_is_a_problem(public):
    largest = max((public / "image/blobs/sha256").iterdir(), key=lambda p: p.stat().st_size)
    os.chmod(largest, 0o600)
    done = run_as_nobody(public, public / "image")
    assert done.returncode == INCOMPLETE
    assert any("Permission denied" in p["what"] for p in json.loads(done.stdout)["problems"])


def test_scans_share_a_cache(image, tmp_path):
    command = [PROGRAM, "scan", "--format", "json", "--files", str(image)]
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    running = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    prune = [subprocess.run([PROGRAM, "cache", "prune", "--all"], env=env, capture_output=True, text=True) for _ in range(4)]
    reports = [process.communicate(timeout=30) for process in running]
    assert all(process.returncode == DONE for process in running), reports
    assert len({out for out, _ in reports}) == 1
    assert all(done.returncode == DONE for done in prune), prune


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "a directory", "a fifo", "a link"])
def test_a_damaged_cache_is_not_believed(damage, image, tmp_path):
    env = {"XDG_DATA_HOME": str(tmp_path / "data")}
    first = scan(image, cache=True, expect=DONE, **env)
    for folder in ("layers", "images", "stamps"):
        for path in (tmp_path / "data/tallyman/cache" / folder).iterdir():
            data = bytearray(path.read_bytes())
            os.chmod(path, 0o600)
            path.unlink()
            if damage == "a directory":
                path.mkdir()
            elif damage == "a fifo":
                os.mkfifo(path)
            elif damage == "a link":
                path.symlink_to("/etc/passwd")
            else:
                data[len(data) // 2] ^= 0x40
                path.write_bytes({"truncated": data[: len(data) // 3], "flipped": data, "empty": b""}[damage])
    again = scan(image, cache=True, expect=DONE, **env)
    assert again.report == first.report
