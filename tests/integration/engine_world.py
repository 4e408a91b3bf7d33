# SPDX-License-Identifier: Apache-2.0
"""Real engines in a world of their own: namespaces for mounts and processes in which /run and /var/lib are empty, so that
engines that the machine has are neither used nor disturbed, and nothing outlives the test."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from scanning import ROOT, make

TALLYMAN = os.path.abspath(os.environ.get("TALLYMAN", ROOT / "build/tallyman"))
ENTERS = """
mount --make-rprivate / && mount -t proc proc /proc || exit 1
mount -t tmpfs -o mode=755 world /run && mount -t tmpfs -o mode=755 world /var/lib || exit 1
mkdir -p /run/lock /var/lib/docker /var/lib/containers
if [ "$1" = v2 ]; then umount -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup || exit 1; fi
echo ready
while :; do sleep 3600 & wait; done
"""
# Stands before runc: what is known just before a container's own program runs.
WRAPPER = """#!/bin/sh
for word; do
        [ "$word" = start ] && started=yes
        last=$word
done
[ -z "$started" ] || "{tallyman}" containers --format json >"{folder}/$last.json" 2>"{folder}/$last.err"
exec "{runc}" "$@"
"""


def need(*programs):
    for program in programs:
        if not shutil.which(program, path="/usr/local/sbin:/usr/sbin:/sbin:" + os.environ["PATH"]):
            pytest.skip(f"{program} is not installed here")


class World:
    def __init__(self, folder, pure_v2=False):
        need("unshare", "nsenter", "busybox")
        self.folder = pathlib.Path(folder)
        self.cgroups = set()
        self.log = (self.folder / "world.log").open("w")
        self.holder = subprocess.Popen(["unshare", "-m", "-p", "--fork", "--kill-child", "sh", "-c", ENTERS, "sh",
                                        "v2" if pure_v2 else ""],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        if self.holder.stdout.readline() != "ready\n":
            pytest.skip("no mount namespace of our own: " + self.holder.stderr.read().strip())
        self.init = pathlib.Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()[0]
        (self.folder / "bin").mkdir(exist_ok=True)
        if runc := shutil.which("runc", path="/usr/sbin:" + os.environ["PATH"]):
            wrapper = self.folder / "bin" / "runc"
            wrapper.write_text(WRAPPER.format(tallyman=TALLYMAN, folder=self.folder, runc=runc))
            wrapper.chmod(0o755)

    def env(self):
        return {**os.environ, "PATH": f"{self.folder}/bin:/usr/local/sbin:/usr/sbin:/sbin:{os.environ['PATH']}",
                "DOCKER_HOST": "unix:///run/docker.sock", "XDG_RUNTIME_DIR": "/run", "TMPDIR": str(self.folder)}

    def within(self, *command):
        return ["nsenter", f"--wd={self.folder}", "-m", "-p", "-t", self.init, "--", *map(str, command)]

    def run(self, *command, check=True, timeout=120, stdout=subprocess.PIPE):
        """Output of a command; what containers inherit must be no pipe that we wait for."""
        with (self.folder / "stderr").open("w+") as stderr:
            done = subprocess.run(self.within(*command), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, text=True,
                                  timeout=timeout, env=self.env())
            stderr.seek(0)
            done.stderr = stderr.read()
        if check:
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def spawn(self, *command):
        return subprocess.Popen(self.within(*command), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                env=self.env(), start_new_session=True)

    def told(self):
        return (self.folder / "world.log").read_text()

    def start(self, ready, *command):
        process = self.spawn(*command)
        for _ in range(300):
            if self.run(*ready, check=False).returncode == 0:
                return
            if process.poll() is not None:
                break
            time.sleep(0.1)
        pytest.skip(f"{command[0]} does not start here: " + self.told()[-300:])

    def containers(self):
        done = self.run(TALLYMAN, "containers", "--format", "json", check=False)
        assert done.returncode in (0, 3), done.stderr
        found = json.loads(done.stdout)["containers"]
        self.cgroups |= {c["cgroup"]["path"] for c in found if c["pid"]}
        return done.returncode, found

    def before_first_program(self, container_id):
        found = json.loads((self.folder / f"{container_id}.json").read_text())["containers"]
        return next(c for c in found if c["id"] == container_id)

    def close(self):
        self.holder.kill()  # and with the first process of the namespace all others
        self.holder.wait()
        self.log.close()
        for hierarchy in [pathlib.Path("/sys/fs/cgroup"), *pathlib.Path("/sys/fs/cgroup").iterdir()]:
            for path in sorted(self.cgroups, key=len, reverse=True):
                remove_cgroup(pathlib.Path(str(hierarchy) + path))


def remove_cgroup(path):
    for _ in range(20):
        with contextlib.suppress(OSError):
            path.rmdir()
        if not path.exists():
            return
        time.sleep(0.05)


def make_archive(folder):
    """A docker-archive of a static busybox, "shop/web:1"."""
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
    for name in ("sh", "sleep", "true"):
        (root / "bin" / name).symlink_to("busybox")
    (root / "proc").mkdir()
    store = make.Store(folder / "store")
    image = store.image([store.layer_from_tree(root)], config={"Cmd": ["/bin/sleep", "100000"]})
    make.write_docker_archive(folder / "web.tar", store, [(image, "docker.io/shop/web:1")])
    return folder / "web.tar", image


def make_bundle(folder, runtime_config):
    """A bundle for a runtime alone."""
    (folder / "rootfs" / "bin").mkdir(parents=True)
    for name in ("proc", "dev", "sys"):
        (folder / "rootfs" / name).mkdir()
    shutil.copy(shutil.which("busybox"), folder / "rootfs" / "bin" / "sleep")
    config = json.loads(runtime_config)
    config["process"].update(args=["/bin/sleep", "100000"], terminal=False)
    config["process"].pop("rlimits", None)
    config["annotations"] = {"app": "shop"}
    config["mounts"] = [m for m in config["mounts"] if m["destination"] == "/proc"]
    (folder / "config.json").write_text(json.dumps(config))
    return folder
