# SPDX-License-Identifier: Apache-2.0
"""Container engines that tests really run, and an image with nothing in it but busybox and our acts."""
import contextlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time

import pytest

from scanning import ROOT

ACT = os.environ.get("TALLYMAN_ACT", ROOT / "build-asan/tests/tools/act")
IMAGE = "tallyman-test/acts:1"
BUSYBOX = "sh cat ls cp chmod ln grep touch nc true mount echo sleep id env".split()
ACTS = "nginx sshd ssh shred debugfs apk curl".split()
FILES = {
    "etc/passwd": b"root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:/bin/false\n", "etc/shadow": b"root:*:\n", "etc/group": b"root:x:0:\n",
    "root/.ssh/id_ed25519": b"not a key\n", "root/.ssh/id_ed25519.pub": b"not a key\n", "var/log/syslog": b"a line\n",
}


def skip_unless_root():
    if os.geteuid() != 0:
        pytest.skip("only root can watch")


def image_tar(busybox):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for folder in ("bin", "etc", "tmp", "opt", "mnt", "root", "root/.ssh", "var", "var/log", "dev", "proc", "sys"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(info)
        for name, path in (("bin/busybox", busybox), ("bin/act", ACT)):
            info = tarfile.TarInfo(name)
            info.size, info.mode = os.path.getsize(path), 0o755
            with open(path, "rb") as file:
                tar.addfile(info, file)
        for name, target in [(n, "busybox") for n in BUSYBOX] + [(n, "act") for n in ACTS]:
            info = tarfile.TarInfo("bin/" + name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def static_busybox():
    path = shutil.which("busybox")
    if not path or b"not a dynamic" not in subprocess.run(["ldd", path], capture_output=True).stderr + b"not a dynamic" * (
            subprocess.run(["ldd", path], capture_output=True).returncode != 0):
        pytest.skip("there is no static busybox (the package busybox-static has one)")
    return path


def answers(*command):
    return subprocess.run(command, capture_output=True, timeout=30).returncode == 0


@contextlib.contextmanager
def docker():
    """Docker with the image; its daemon is started if none runs, and ended again."""
    if not shutil.which("dockerd"):
        pytest.skip("Docker is not installed (the package docker.io has it)")
    daemon, log = None, tempfile.TemporaryFile()
    if not answers("docker", "info"):
        daemon = subprocess.Popen(["dockerd"], stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            if answers("docker", "info") or (daemon and daemon.poll() is not None):
                break
            time.sleep(0.1)
        if not answers("docker", "info"):
            log.seek(0)
            pytest.skip("Docker does not start here: " + log.read().decode(errors="replace").strip().rpartition("\n")[2])
        subprocess.run(["docker", "import", "-", IMAGE], input=image_tar(static_busybox()), check=True, capture_output=True)
        yield
    finally:
        if daemon:
            daemon.terminate()
            daemon.wait(30)
