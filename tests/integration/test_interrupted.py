# SPDX-License-Identifier: Apache-2.0
"""Ends at odd moments and places, beside those of test_running.py: nothing stays behind, and what happened is said."""
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

import scanning
from scanning import DONE, FAILED, FINDINGS, INCOMPLETE, PROGRAM, check_left_behind, living, make, scan, temporary_folder
from test_hostile_layers import GIB, gzip_of_zeros
from test_running import image, slow, start, store, worker_at_work  # noqa: F401 (fixtures)


def test_interrupted_twice(slow):
    with temporary_folder() as temporary:
        process = start(slow, temporary)
        worker_at_work(process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert process.returncode == -signal.SIGINT
        check_left_behind(temporary, process)


def test_interrupted_while_an_archive_is_inflated(tmp_path):
    (tmp_path / "a").write_bytes(gzip_of_zeros(32 * GIB))
    with temporary_folder() as temporary:
        process = start(tmp_path / "a", temporary)
        worker_at_work(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert process.returncode == -signal.SIGINT
        check_left_behind(temporary, process)


def test_interrupted_anywhere(store, tmp_path):
    """At many moments of a short scan, under the sanitizers."""
    layers = [store.layer_from_entries([make.file(f"usr/{n}/{i}", b"x" * 1000) for i in range(300)], "zstd") for n in range(4)]
    make.write_oci_layout(tmp_path / "a", store, [(store.image(layers).descriptor, None)])
    make.write_docker_archive(tmp_path / "b", store, [(store.image(layers), "a:1")])
    ends = set()
    for target in (tmp_path / "a", tmp_path / "b"):
        for n in range(25):
            with temporary_folder() as temporary:
                process = start(target, temporary, "--output", tmp_path / "report", program=scanning.checked_program())
                time.sleep(0.012 * n)
                process.send_signal(signal.SIGTERM)
                _, err = process.communicate(timeout=10)
                check_left_behind(temporary, process)
            assert process.returncode in (-signal.SIGTERM, DONE), err
            assert "Sanitizer" not in err and "runtime error" not in err
            assert not list(tmp_path.glob("report.*"))
            ends.add(process.returncode)
    assert -signal.SIGTERM in ends


def test_a_worker_that_dies_is_a_finding(slow):
    with temporary_folder() as temporary:
        process = start(slow, temporary, "--fail-on", "high")
        os.kill(worker_at_work(process), signal.SIGSEGV)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == FINDINGS and "SIGSEGV" in out
        check_left_behind(temporary, process)


def parent_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def test_the_workers_parent_is_killed(slow):
    with temporary_folder() as temporary:
        process = start(slow, temporary)
        worker_at_work(process)
        os.kill(next(pid for pid in living(process.pid) if parent_of(pid) == process.pid), signal.SIGKILL)
        _, err = process.communicate(timeout=30)
        assert process.returncode in (FAILED, INCOMPLETE) and (process.returncode == INCOMPLETE or err)
        check_left_behind(temporary, process)


def test_a_full_device_is_named(image):
    assert scan(image, "--output", "/dev/full", expect=FAILED).says("/dev/full: write: No space left on device")


def test_a_reader_that_went_away(image):
    """A closed pipe is an error that is said, as for any file."""
    ran = subprocess.run(["sh", "-c", '"$1" scan --no-cache --files "$2" | true', "sh", PROGRAM, image], stderr=subprocess.PIPE)
    assert ran.returncode == 0 and ran.stderr.count(b"\n") <= 1


def test_another_place_for_temporary_files(image):
    assert scan(image, TMPDIR="/nowhere/at/all", expect=DONE).problems == []


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


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to become another user")
def test_a_report_where_nobody_may_write(image, tmp_path):
    with temporary_folder() as folder:
        os.chmod(folder, 0o755)
        shutil.copytree(image, os.path.join(folder, "image"))
        shutil.copy(PROGRAM, folder)
        for output in ("/etc/passwd", "/etc/new", "/nowhere/x"):
            done = scan(os.path.join(folder, "image"), "--output", output, program=os.path.join(folder, "tallyman"), cwd="/",
                        preexec_fn=lambda: os.setuid(65534), expect=FAILED)
            assert done.says(output)
