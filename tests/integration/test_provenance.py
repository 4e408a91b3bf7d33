# SPDX-License-Identifier: Apache-2.0
"""Where the programs of real containers are from, as alerts and events say it."""
import pathlib
import shutil
import subprocess

import pytest

import engines
from scanning import dpkg_status, make, scan, stanza
from watching import Watch

IMAGE = "tallyman-test/provenance:1"
PREFIX = "tally-prov-"
RULE = """
- rule: Curl runs
  desc: It is watched for.
  condition: evt.type in (execve, execveat) and evt.rawres >= 0 and proc.exepath = /usr/bin/curl
  output: "%proc.exepath %image.file.state %image.file.layer %image.file.package"
  priority: NOTICE
"""
ACTS = """
/usr/bin/curl
cp /bin/busybox /tmp/ls && /tmp/ls /
cp /bin/busybox /tmp/rm && exec 5< /tmp/rm && rm /tmp/rm && /proc/self/fd/5
chmod 700 /usr/bin/wget && sleep 0.1 && /usr/bin/wget
cp /usr/bin/ssh /tmp/same && cat /tmp/same > /usr/bin/ssh && sleep 0.1 && /usr/bin/ssh
echo >> /usr/bin/nc && /usr/bin/nc
/data/cat /etc/os-release
true
"""
CURL = {"path": "/usr/bin/curl", "state": "unmodified", "layer": "1", "package": "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12"}


def program(name, path):
    return make.file(name, pathlib.Path(path).read_bytes(), mode=0o755)


def layers():
    applets = [make.symlink("bin/" + name, "busybox") for name in ("sh", "cat", "cp", "rm", "ls", "chmod", "sleep", "true")]
    base = [make.directory("bin"), program("bin/busybox", engines.static_busybox()), *applets, make.directory("tmp", mode=0o1777),
            make.directory("etc"), make.file("etc/os-release", b"ID=debian\nVERSION_ID=12\n"), make.directory("usr"), make.directory("usr/bin"),
            make.file("usr/bin/gone", b"")]
    names = ("curl", "wget", "ssh", "nc")
    owned = [make.file(f"var/lib/dpkg/info/{name}.list", f"/.\n/usr\n/usr/bin\n/usr/bin/{name}\n".encode()) for name in names]
    database = [make.directory("var"), make.directory("var/lib"), make.directory("var/lib/dpkg"), make.directory("var/lib/dpkg/info"),
                dpkg_status(*(stanza(name, "7.88.1-10") for name in names)), *owned]
    return [base, [program("usr/bin/" + name, engines.ACT) for name in names] + database + [make.whiteout("usr/bin/gone")]]


def start(name, *command, options=()):
    return subprocess.run(["docker", "run", "--network", "none", "--name", PREFIX + name, *options, IMAGE, *command], check=True,
                          capture_output=True, text=True, timeout=60).stdout


class Seen:
    pass


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    engines.skip_unless_root()
    folder, found = tmp_path_factory.mktemp("provenance"), Seen()
    found.archive, data, volume = folder / "image.tar", folder / "data", folder / "volume"
    store = make.Store(folder / "store")
    image = store.image([store.layer_from_entries(entries) for entries in layers()])
    make.write_docker_archive(found.archive, store, [(image, IMAGE)])
    volume.mkdir()
    shutil.copy(engines.static_busybox(), volume / "cat")
    (folder / "rule.yaml").write_text(RULE)
    with engines.docker():
        try:
            subprocess.run(["docker", "load", "--input", found.archive], check=True, capture_output=True)
            found.text = folder / "alerts.txt"
            found.first = Watch("--output", f"text:{found.text}", rules=[folder / "rule.yaml"], data=data)
            start("early", "sleep", "100", options=["--detach"])
            found.first.wait_for("provenance:1' was scanned")
            start("acts", "sh", "-c", ACTS, options=["--volume", f"{volume}:/data"])
            found.container = scan("container:" + PREFIX + "early")
            found.first.stop()
            found.second = Watch(rules=[folder / "rule.yaml"], data=data)
            start("again", "/usr/bin/curl")
            found.second.stop()
            yield found
        finally:
            names = subprocess.run(["docker", "ps", "--all", "--quiet", "--filter", "name=" + PREFIX], capture_output=True, text=True)
            for name in names.stdout.split():
                subprocess.run(["docker", "rm", "--force", name], capture_output=True)
            subprocess.run(["docker", "rmi", "--force", IMAGE], capture_output=True)


SHOW = "%proc.exepath %image.file.state %image.file.layer %image.file.package %image.file.path %proc.is_exe_upper_layer"
STARTS = "evt.type in (execve, execveat) and evt.rawres >= 0 and container.name = " + PREFIX


def executed(watch, container):
    return {event["proc.exepath"]: event for event in watch.events(SHOW, STARTS + container)}


def test_each_program_has_its_state(seen):
    events = executed(seen.first, "acts")
    states = {path: (event["image.file.state"], event["image.file.layer"]) for path, event in events.items()}
    assert states["/bin/busybox"] == ("unmodified", "0")
    assert states["/usr/bin/curl"] == ("unmodified", "1")
    assert states["/tmp/ls"] == ("new", None)
    assert states["/tmp/rm"] == ("deleted", None)
    assert states["/usr/bin/wget"] == ("metadata", "1")
    assert states["/usr/bin/ssh"] == ("metadata", "1")
    assert states["/usr/bin/nc"] == ("modified", "1")
    assert states["/data/cat"] == ("volume", None)
    assert events["/usr/bin/wget"]["proc.is_exe_upper_layer"] is True
    assert events["/usr/bin/nc"]["image.file.package"].startswith("pkg:deb/debian/nc@7.88.1-10")
    assert events["/usr/bin/nc"]["image.file.path"] == "/usr/bin/nc" and events["/tmp/ls"]["image.file.path"] is None


def test_an_alert_names_package_and_layer(seen):
    [alert] = [a for a in seen.first.alerts if a["finding"]["rule"] == "Curl runs"]
    assert alert["file"] == CURL
    assert alert["finding"]["message"] == "/usr/bin/curl unmodified 1 " + CURL["package"]
    assert f"file=/usr/bin/curl from {CURL['package']} in layer 1)" in seen.text.read_text()
    assert "file=/tmp/ls is not in the image)" in seen.text.read_text()
    assert "file=/usr/bin/nc changed since the image, which has it from pkg:deb/debian/nc@" in seen.text.read_text()


def test_only_what_has_another_content_is_drift(seen):
    drift = {a["file"]["path"] for a in seen.first.alerts
             if a["finding"]["rule"] == "Program that is not in the image runs" and a["container"]["name"] == PREFIX + "acts"}
    assert drift == {"/tmp/ls", "/tmp/rm", "/usr/bin/nc"}


def test_the_next_start_knows_the_image_at_once(seen):
    assert "provenance:1' was not seen before" in seen.first.stderr
    assert "provenance:1' is known from an earlier scan" in seen.second.stderr
    assert "was not seen before" not in seen.second.stderr.replace("acts:1' was not", "")
    [alert] = [a for a in seen.second.alerts if a["finding"]["rule"] == "Curl runs"]
    assert alert["file"] == CURL


def test_a_container_holds_the_packages_of_its_image(seen):
    image = scan(f"docker-archive:{seen.archive}")

    def packages(done):
        return [(p["purl"], p["path"]) for p in done.report["packages"]]
    assert packages(seen.container) == packages(image) and len(packages(image)) == 4
    owners = {path: f["package"] for path, f in seen.container.files.items() if f["package"]}
    assert owners == {path: f["package"] for path, f in image.files.items() if f["package"]}
    assert set(image.files) <= set(seen.container.files) and "/usr/bin/gone" not in seen.container.files
    assert seen.container.target["kind"] == "container" and len(seen.container.target["layers"]) == 4


def test_a_name_that_no_container_has(seen):
    done = scan("container:" + PREFIX + "nobody", expect=2)
    assert "no container that runs has the name" in done.stderr


def test_recordings_keep_it(seen):
    """Whoever replays needs neither the image nor the machine."""
    assert executed(seen.second, "again")["/usr/bin/curl"]["image.file.package"] == CURL["package"]
