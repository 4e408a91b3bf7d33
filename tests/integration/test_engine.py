# SPDX-License-Identifier: Apache-2.0
"""`tallyman containers` against real engines: name, image and digest are known before a container's first program runs."""
import json
import os
import shutil
import subprocess
import time

import pytest

from engine_world import TALLYMAN, World, make_archive, make_bundle, need

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="engines are started as root")
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1000:1000")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    need("busybox")
    return make_archive(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def containerd(world, image):
    need("containerd", "ctr", "runc")
    world.start(("ctr", "version"), "containerd")
    return world


@pytest.fixture(scope="module")
def docker(containerd, image):
    need("dockerd", "docker")
    containerd.start(("docker", "version"), "dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false",
                     "--containerd=/run/containerd/containerd.sock", "-H", "unix:///run/docker.sock")
    containerd.run("docker", "load", "-i", image[0])
    return containerd


@pytest.fixture(scope="module")
def registry(world, image, tmp_path_factory):
    """A registry with the image; only what was in one has a digest."""
    need("docker-registry", "skopeo", "curl")
    folder = tmp_path_factory.mktemp("registry")
    port = 5000 + os.getpid() % 1000
    (folder / "config.yml").write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
                                       f"http: {{addr: '127.0.0.1:{port}'}}\n")
    world.start(("curl", "-sf", f"http://127.0.0.1:{port}/v2/"), "docker-registry", "serve", folder / "config.yml")
    name = f"127.0.0.1:{port}/shop/web:1"
    world.run("skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", f"docker-archive:{image[0]}",
              f"docker://{name}")
    told = world.run("skopeo", "inspect", "--tls-verify=false", f"docker://{name}").stdout
    return name, json.loads(told)["Digest"]


def one(world, container_id):
    status, found = world.containers()
    assert [c for c in found if c["id"] == container_id], found
    return status, next(c for c in found if c["id"] == container_id)


def check_both(world, container_id, check):
    """What is known before the first program is what is known later; the process is then the program's."""
    before = world.before_first_program(container_id)
    check(before)
    status, later = one(world, container_id)
    check(later)
    assert later["pid"] > 0 and later["pid"] == before["pid"]
    assert before["root"]["device"] == later["root"]["device"] is not None


def device_as_the_container_sees_it(world, pid):
    for line in world.run("cat", f"/proc/{pid}/mountinfo").stdout.splitlines():
        words = line.split()
        if words[4] == "/":
            return words[2]


def test_docker(docker, image):
    done = docker.run("docker", "run", "-d", "--name", "web", "--label", "app=shop", "-v", "/usr/share:/data:ro", "shop/web:1")
    container_id = done.stdout.strip()

    def check(c):
        assert (c["name"], c["engine"]) == ("web", "docker")
        assert c["image"]["name"] == "shop/web:1"
        assert c["image"]["repository"] == "shop/web" and c["image"]["tag"] == "1"
        assert c["image"]["digest"] is None and "was made here" in c["image"]["whyNoDigest"]
        assert c["privileged"] is False and c["privilegedFrom"] == "engine"
        assert {"name": "app", "value": "shop"} in c["labels"]
        assert c["mounts"] == [{"source": "/usr/share", "destination": "/data", "mode": "ro", "writable": False,
                                "propagation": "rprivate"}]
        assert c["hostPid"] is c["hostNetwork"] is c["hostIpc"] is False
        assert len(c["root"]["lower"]) == 2 and c["whyIncomplete"] is None

    check_both(docker, container_id, check)
    _, c = one(docker, container_id)
    told = json.loads(docker.run("docker", "inspect", "web").stdout)[0]
    assert c["pid"] == told["State"]["Pid"]
    assert c["image"]["id"] == told["Image"]
    assert c["started"][:16] == told["State"]["StartedAt"][:16]
    assert c["root"]["device"] == device_as_the_container_sees_it(docker, c["pid"])
    assert c["root"]["upper"] == told["GraphDriver"]["Data"]["UpperDir"]
    assert c["root"]["lower"] == told["GraphDriver"]["Data"]["LowerDir"].split(":")
    docker.run("docker", "rm", "-f", "web")
    assert container_id not in [c["id"] for c in docker.containers()[1]]


def test_docker_host_namespaces(docker):
    done = docker.run("docker", "run", "-d", "--pid=host", "--ipc=host", "--net=host", "shop/web:1")
    c = docker.before_first_program(done.stdout.strip())
    assert c["hostPid"] is c["hostNetwork"] is c["hostIpc"] is True
    assert c["name"]  # Docker makes one up
    docker.run("docker", "rm", "-f", c["id"])


def test_docker_digest(docker, registry):
    name, digest = registry
    docker.run("docker", "pull", name)
    container_id = docker.run("docker", "run", "-d", name).stdout.strip()
    c = docker.before_first_program(container_id)
    assert c["image"]["digest"] == digest and c["image"]["name"] == name
    assert c["image"]["repository"] == name.rsplit(":", 1)[0]
    docker.run("docker", "rm", "-f", container_id)


def test_docker_by_image_id(docker):
    image_id = docker.run("docker", "image", "inspect", "-f", "{{.Id}}", "shop/web:1").stdout.strip()
    container_id = docker.run("docker", "run", "-d", image_id).stdout.strip()
    c = docker.before_first_program(container_id)
    assert c["image"]["id"] == image_id and c["image"]["name"].endswith("shop/web:1")
    docker.run("docker", "rm", "-f", container_id)


def test_containerd(containerd, image):
    containerd.run("ctr", "images", "import", "--base-name", "docker.io/shop/web", image[0])
    line = [x for x in containerd.run("ctr", "images", "ls").stdout.splitlines() if "shop/web:1" in x][0].split()
    containerd.run("ctr", "run", "-d", "--label", "app=shop", line[0], "c1")

    def check(c):
        assert (c["name"], c["engine"], c["engineNamespace"]) == ("c1", "containerd", "default")
        assert c["image"]["name"] == "docker.io/shop/web:1" and c["image"]["digest"] == line[2]
        assert c["image"]["id"].startswith("sha256:")
        assert {"name": "app", "value": "shop"} in c["labels"]
        assert c["privileged"] is False and c["privilegedFrom"] == "bundle"
        assert c["whyIncomplete"] is None

    check_both(containerd, "c1", check)
    containerd.run("ctr", "run", "-d", "--privileged", line[0], "c2")
    assert containerd.before_first_program("c2")["privileged"] is True
    for name in ("c1", "c2"):
        containerd.run("ctr", "task", "rm", "-f", name, check=False)
        containerd.run("ctr", "container", "rm", name)


def test_kubernetes_names(containerd, image):
    """containerd's annotations, as its CRI part writes them; the pod's labels are those of its sandbox."""
    ctr = ("ctr", "--namespace", "k8s.io")
    sandbox, container = "5" * 64, "c" * 64
    containerd.run(*ctr, "images", "import", "--base-name", "docker.io/shop/web", image[0])
    about = {"container-type": "container", "container-name": "app", "image-name": "docker.io/shop/web:1", "sandbox-id": sandbox,
             "sandbox-name": "web-0", "sandbox-namespace": "shop", "sandbox-uid": "0-1"}
    annotations = [w for k, v in about.items() for w in ("--annotation", f"io.kubernetes.cri.{k}={v}")]
    containerd.run(*ctr, "run", "-d", "--label", "io.cri-containerd.kind=sandbox", "--label", "tier=front",
                   "docker.io/shop/web:1", sandbox)
    done = containerd.run(*ctr, "run", "-d", *annotations, "docker.io/shop/web:1", container, check=False)
    if "flag provided but not defined" in done.stderr:
        pytest.skip("this ctr knows no annotations")
    c = containerd.before_first_program(container)
    assert (c["name"], c["engine"], c["engineNamespace"]) == ("app", "containerd", "k8s.io")
    assert c["image"]["name"] == "docker.io/shop/web:1" and c["image"]["digest"]
    assert {k: c["pod"][k] for k in ("name", "namespace", "uid", "sandboxId")} == {
        "name": "web-0", "namespace": "shop", "uid": "0-1", "sandboxId": sandbox}
    assert {"name": "tier", "value": "front"} in c["pod"]["labels"]
    for name in (container, sandbox):
        containerd.run(*ctr, "task", "rm", "-f", name, check=False)
        containerd.run(*ctr, "container", "rm", name)


def test_containerd_that_hangs(containerd, image):
    """A socket that accepts and says nothing costs half a second, and the container is still listed."""
    containerd.run("ctr", "images", "import", "--base-name", "docker.io/shop/web", image[0])
    containerd.run("ctr", "run", "-d", "docker.io/shop/web:1", "c3")
    containerd.run("sh", "-c", "kill -STOP $(busybox pidof containerd)")
    try:
        status, c = one(containerd, "c3")
    finally:
        containerd.run("sh", "-c", "kill -CONT $(busybox pidof containerd)")
    assert status == 3 and "did not answer in time" in c["whyIncomplete"]
    assert c["engine"] == "containerd" and c["pid"] > 0
    containerd.run("ctr", "task", "rm", "-f", "c3", check=False)
    containerd.run("ctr", "container", "rm", "c3")


def run_podman(world, *args):
    done = world.run("podman", "--cgroup-manager=cgroupfs", "--runtime", world.folder / "bin" / "runc", "run", "-d",
                     "--network=none", *LIMITS, *args, check=False)
    if done.returncode != 0:
        pytest.skip("podman can not run a container here: " + done.stderr.strip()[-300:])
    return done.stdout.strip()


def test_podman(world, image):
    need("podman", "runc")
    name = world.run("podman", "load", "-i", image[0]).stdout.split("Loaded image: ")[1].strip()
    container_id = run_podman(world, "--name", "pweb", name)
    told = json.loads(world.run("podman", "image", "inspect", name).stdout)[0]

    def check(c):
        assert (c["name"], c["engine"]) == ("pweb", "podman")
        assert c["image"]["name"] == name
        assert c["image"]["id"] == "sha256:" + told["Id"] and c["image"]["digest"] == told["Digest"]
        assert c["privileged"] is False and c["privilegedFrom"] == "engine"
        assert c["root"]["lower"] and c["whyIncomplete"] is None

    check_both(world, container_id, check)
    world.run("podman", "rm", "-f", "-t", "0", "pweb")


def test_podman_digest(world, registry):
    need("podman", "runc")
    name, digest = registry
    world.run("podman", "rmi", "-a", "-f")  # the digest is that under which an image first came
    world.run("podman", "pull", "--tls-verify=false", name)
    container_id = run_podman(world, name)
    c = world.before_first_program(container_id)
    assert c["image"]["digest"] == digest and c["image"]["name"] == name
    world.run("podman", "rm", "-f", "-t", "0", container_id)


def check_alone(world, name, engine, bundle):
    _, c = one(world, name)
    assert (c["name"], c["engine"]) == (name, engine) and c["whyIncomplete"] is None
    assert c["image"]["name"] is None and "runtime alone" in c["image"]["whyNoName"]
    assert {"name": "app", "value": "shop"} in c["labels"]
    assert c["root"]["path"] == str(bundle / "rootfs") and c["pid"] > 0
    assert c["privileged"] is False and c["privilegedFrom"] == "bundle"


def test_runc_alone(world, tmp_path):
    need("runc")
    world.run("runc", "spec", "--bundle", tmp_path)
    bundle = make_bundle(tmp_path / "bundle", (tmp_path / "config.json").read_text())
    done = world.run("runc", "create", "--bundle", bundle, "bare-runc", check=False, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        pytest.skip("runc can not run a container here: " + done.stderr.strip())
    check_alone(world, "bare-runc", "runc", bundle)
    world.run("runc", "start", "bare-runc")
    check_alone(world, "bare-runc", "runc", bundle)
    world.run("runc", "delete", "-f", "bare-runc")


@pytest.fixture(scope="module")
def world_v2(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("world"), pure_v2=True)
    yield made
    made.close()


def test_crun_alone(world_v2, tmp_path):
    """In a user namespace where this machine takes away what crun needs for limits of memory that it locks."""
    need("crun")
    world_v2.run("sh", "-c", f"cd {tmp_path} && crun spec")
    bundle = make_bundle(tmp_path / "bundle", (tmp_path / "config.json").read_text())
    crun = ("crun", "--cgroup-manager=cgroupfs")
    for prefix in ((), ("unshare", "-U", "--map-root-user")):
        done = world_v2.run(*prefix, *crun, "create", "--bundle", bundle, "bare-crun", check=False, stdout=subprocess.DEVNULL)
        if done.returncode == 0:
            break
    else:
        pytest.skip("crun can not run a container here: " + done.stderr.strip())
    check_alone(world_v2, "bare-crun", "crun", bundle)
    world_v2.run(*prefix, *crun, "start", "bare-crun")
    check_alone(world_v2, "bare-crun", "crun", bundle)
    world_v2.run(*prefix, *crun, "delete", "-f", "bare-crun", check=False)


ROOTLESS = """
home=/var/lib/ann; cgroup=/sys/fs/cgroup/user.slice/user-1234.slice/user@1234.service
if [ ! -d $home ]; then
        mkdir -p $home /run/user/1234 $cgroup/own
        cp /etc/passwd /run/passwd && cp /etc/group /run/group
        echo "ann:x:1234:1234::$home:/bin/sh" >>/run/passwd; echo 'ann:x:1234:' >>/run/group
        for file in subuid subgid; do [ -f /etc/$file ] || exit 77; echo ann:200000:65536 >/run/$file; done
        for file in passwd group subuid subgid; do mount --bind /run/$file /etc/$file; done
        cp "$1" $home/web.tar; chown -R 1234:1234 $home /run/user/1234 $cgroup; chmod 700 /run/user/1234
fi
shift; cd $home; echo $$ >$cgroup/own/cgroup.procs
export HOME=$home XDG_RUNTIME_DIR=/run/user/1234 USER=ann TMPDIR=$home
exec setpriv --reuid=1234 --regid=1234 --clear-groups podman --cgroup-manager=cgroupfs --runtime runc "$@"
"""


def test_podman_rootless(world_v2, image):
    """Of a user's own engine, found through the part of the tree of cgroups that is the user's."""
    need("podman", "runc", "setpriv", "newuidmap")

    def podman(*args):
        done = world_v2.run("sh", "-c", ROOTLESS, "sh", image[0], *args, check=False)
        if done.returncode != 0:
            pytest.skip("podman does not work for users here: " + done.stderr.strip()[-300:])
        return done.stdout

    slices = ["/user.slice", "/user-1234.slice", "/user@1234.service", "/own"]
    world_v2.cgroups |= {"".join(slices[:n]) for n in range(1, 5)}
    name = podman("load", "-i", "web.tar").split("Loaded image: ")[1].strip()
    container_id = podman("run", "-d", "--network=none", *LIMITS, "--name", "mine", name).strip()
    told = json.loads(podman("image", "inspect", name))[0]
    if not any(container_id in path for path, _, _ in os.walk("/sys/fs/cgroup")):
        pytest.skip("the runtime made no cgroup for a user's container here")
    _, c = one(world_v2, container_id)
    assert (c["name"], c["engine"], c["uid"]) == ("mine", "podman", 1234)
    assert c["image"]["name"] == name and c["image"]["digest"] == told["Digest"]
    assert c["image"]["id"] == "sha256:" + told["Id"] and c["whyIncomplete"] is None
    podman("rm", "-f", "-t", "0", "mine")


def test_nested_cgroups_and_forged_names(world, tmp_path):
    """A cgroup that a container made below its own is that container's, whatever it is called."""
    need("runc")
    world.run("runc", "spec", "--bundle", tmp_path)
    bundle = make_bundle(tmp_path / "bundle", (tmp_path / "config.json").read_text())
    done = world.run("runc", "create", "--bundle", bundle, "outer", check=False, stdout=subprocess.DEVNULL)
    if done.returncode != 0:
        pytest.skip("runc can not run a container here: " + done.stderr.strip())
    _, c = one(world, "outer")
    hierarchy = json.loads(world.run(TALLYMAN, "containers", "-f", "json", check=False).stdout)["hierarchy"]
    inner = f"{hierarchy}{c['cgroup']['path']}/docker-{'a' * 64}.scope"
    os.mkdir(inner)
    try:
        assert os.stat(f"{hierarchy}{c['cgroup']['path']}").st_ino == c["cgroup"]["id"]
        assert [x["id"] for x in world.containers()[1] if x["cgroup"]["path"].startswith(c["cgroup"]["path"])] == ["outer"]
    finally:
        os.rmdir(inner)
        world.run("runc", "delete", "-f", "outer")


FIRST_PROGRAM = """
- rule: First program
  desc: every program that starts in a container
  condition: evt.type in (execve, execveat) and container.id != host
  output: "program=%proc.exepath"
  priority: WARNING
"""
FIELDS = ("container.type", "container.name", "container.image", "container.image.digest")


@pytest.fixture
def watched(docker):
    """Runs `tallyman watch` in the world; gives what the first event of each container said of it."""
    rules, log = docker.folder / "first.yaml", docker.folder / "first.log"
    rules.write_text(FIRST_PROGRAM)
    docker.folder.chmod(0o755)
    process = docker.spawn(TALLYMAN, "watch", "--no-stock", "--all", "--rules", rules, "--record", log, "--log-level", "info",
                           "--output", "text:/dev/null")
    for _ in range(200):
        if "watching: " in docker.told():
            break
        if process.poll() is not None:
            pytest.skip("nothing can be watched here: " + docker.told()[-300:])
        time.sleep(0.05)

    def stop():
        time.sleep(1)
        docker.run("sh", "-c", "kill -INT $(busybox pidof tallyman)")
        process.wait(30)
        show = " ".join("%" + field for field in FIELDS)
        told = docker.run(TALLYMAN, "events", "--format", "json", "--show", show, "--where",
                          "evt.type in (execve, execveat)", log)
        first = {}
        for line in told.stdout.splitlines():
            event = json.loads(line)
            first.setdefault(event.get("container.name"), event)
        return first

    yield stop
    if process.poll() is None:
        process.kill()


def test_first_event(docker, containerd, image, watched, tmp_path):
    """What rules see of the first program in a container, of whatever engine, through an engine process without rights."""
    containerd.run("ctr", "images", "import", "--base-name", "docker.io/shop/web", image[0])
    digest = [x for x in containerd.run("ctr", "images", "ls").stdout.splitlines() if "shop/web:1" in x][0].split()[2]
    docker.run("docker", "run", "-d", "--net=host", "--name", "first-docker", "shop/web:1")
    containerd.run("ctr", "run", "-d", "docker.io/shop/web:1", "first-ctr")
    containerd.run("runc", "spec", "--bundle", tmp_path)
    bundle = make_bundle(tmp_path / "bundle", (tmp_path / "config.json").read_text())
    containerd.run("runc", "run", "-d", "--bundle", bundle, "first-runc", stdout=subprocess.DEVNULL)
    pulled = json.loads(docker.run("docker", "image", "inspect", "shop/web:1").stdout)[0]["RepoDigests"]
    of_docker = pulled[0].split("@")[1] if pulled else None  # by another test
    expected = {"first-docker": ("docker", "shop/web:1", of_docker), "first-ctr": ("containerd", "docker.io/shop/web:1", digest),
                "first-runc": ("runc", None, None)}
    if shutil.which("podman"):
        name = docker.run("podman", "load", "-i", image[0]).stdout.split("Loaded image: ")[1].strip()
        run_podman(docker, "--name", "first-podman", name)
        told = json.loads(docker.run("podman", "image", "inspect", name).stdout)[0]
        expected["first-podman"] = ("podman", name, told["Digest"])
    docker.containers()  # so that their cgroups are removed
    first = watched()
    for name, (engine, image_name, image_digest) in expected.items():
        event = first[name]
        assert tuple(event.get(f) for f in FIELDS) == (engine, name, image_name, image_digest), event


def test_table(world):
    done = world.run(TALLYMAN, "containers", check=False)
    assert done.returncode in (0, 3)
    assert done.stdout.splitlines()[0].split() == ["ID", "NAME", "ENGINE", "IMAGE", "DIGEST", "PID", "STARTED", "PRIVILEGED"]


def test_not_root():
    user = shutil.which("setpriv")
    if not user:
        pytest.skip("no setpriv here")
    done = subprocess.run([user, "--reuid=65534", "--regid=65534", "--clear-groups", TALLYMAN, "containers"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 3) and not done.stderr
