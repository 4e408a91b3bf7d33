# SPDX-License-Identifier: Apache-2.0
"""The sensor's tests again in virtual machines, with the kernels of other Debian releases."""
import os
import pathlib
import platform
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNELS = pathlib.Path(os.environ.get("TALLYMAN_KERNELS", ROOT / "build-kernels"))
PLAIN = pathlib.Path(os.environ.get("TALLYMAN_PLAIN_TEST_PROGRAM", ROOT / "build-plain" / "tallyman")).resolve().parent
TEST = PLAIN / "tests" / "unit" / "test_sensor"


@pytest.mark.parametrize("release, version, arguments", [
    ("bullseye", "5.10.", []), ("bookworm", "6.1.", []), ("bookworm", "6.1.", ["preempt=full"]), ("trixie", "6.12.", []),
    ("trixie", "6.12.", ["preempt=full"])])
def test_the_sensor_on(release, version, arguments):
    if platform.machine() != "x86_64":
        pytest.skip("the kernels are for x86-64")
    for tool in ("qemu-system-x86_64", "busybox", "cpio", "xz", "apt-get", "dpkg"):
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}")
    if not TEST.exists():
        pytest.skip(f"needs {TEST}, built without sanitizers")
    done = subprocess.run([ROOT / "tests" / "vm" / "boot", KERNELS, release, TEST, *arguments], capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"\nkernel {version}" in "\n" + done.stdout
    assert "[  PASSED  ] " in done.stdout
    skipped = set(re.findall(r"SKIPPED  *\] (test_\w+)", done.stdout))
    # the tracepoint that sees what io_uring is asked for is younger
    assert skipped <= ({"test_uring"} if release in ("bullseye", "bookworm") else set()), done.stdout
