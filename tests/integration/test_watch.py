# SPDX-License-Identifier: Apache-2.0
"""`tallyman watch` as a whole: its processes, what happens when one of them dies, what it costs at rest."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

import engines
from scanning import DONE, FAILED, HANGS_AFTER, PROGRAM, ROOT
from watching import Watch

RULES = """
- rule: Hash is read
  desc: d
  condition: evt.type in (open, openat) and fd.name = /etc/shadow and container.id != host and evt.is_open_read = true
  output: "%container.name read %fd.name"
  priority: ERROR
"""
READS = ["cat", "/etc/shadow"]


@pytest.fixture(scope="module")
def docker():
    engines.skip_unless_root()
    with engines.docker():
        yield


@pytest.fixture
def folder():
    """One that everybody may enter: who judges is not root."""
    with tempfile.TemporaryDirectory(prefix="tallyman-rules-") as made:
        pathlib.Path(made).chmod(0o755)
        yield pathlib.Path(made)


@pytest.fixture
def rules(folder):
    file = folder / "rules.yaml"
    file.write_text(RULES)
    return file


def run(name, *command, keep=False):
    subprocess.run(["docker", "run", *([] if keep else ["--rm"]), "--network", "none", "--name", name, engines.IMAGE, *command], check=True, capture_output=True,
                   timeout=60)


def processes(watch):
    """Keeper, then its children by user."""
    children = pathlib.Path(f"/proc/{watch.process.pid}/task/{watch.process.pid}/children").read_text().split()
    owners = {child: os.stat(f"/proc/{child}").st_uid for child in children}
    [engine] = [int(child) for child, uid in owners.items() if uid != 0]
    return watch.process.pid, engine


def readers(watch):
    return [alert["container"]["name"] for alert in watch.alerts if alert["finding"]["rule"] == "Hash is read"]


def test_who_judges_has_no_rights(docker, rules):
    watch = Watch("--no-stock", rules=[rules])
    keeper, engine = processes(watch)
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{engine}/status").read_text().splitlines() if ":\t" in line)
    assert "0" not in status["Uid"].split() and "0" not in status["Gid"].split() and status["Groups"].strip() == ""
    assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0 and status["NoNewPrivs"] == "1"
    run("tally-rights", *READS)
    assert readers(watch.stop()) == ["tally-rights"]
    assert watch.status == DONE


def test_an_engine_that_is_killed_is_replaced_and_nothing_is_lost(docker, rules):
    watch = Watch("--no-stock", rules=[rules])
    run("tally-before", *READS)
    time.sleep(1.5)  # recorded, and acknowledged
    keeper, engine = processes(watch)
    os.kill(engine, signal.SIGSTOP)  # what happens now it can not have taken
    run("tally-between", *READS, keep=True)  # or its name would be gone before anybody could ask for it
    os.kill(engine, signal.SIGKILL)
    watch.wait_for("another one goes on")
    run("tally-after", *READS)
    watch.stop()
    subprocess.run(["docker", "rm", "-f", "tally-between"], check=True, capture_output=True)
    assert [name for name in dict.fromkeys(readers(watch))] == ["tally-before", "tally-between", "tally-after"]
    assert watch.status == DONE, watch.stderr
    names = {event["container.name"] for event in watch.events("%container.name", "proc.name = cat")}
    assert {"tally-before", "tally-between", "tally-after"} <= names


def test_an_engine_that_dies_again_and_again_is_given_up(docker, rules):
    watch = Watch("--no-stock", rules=[rules])
    for deaths in range(1, 7):
        end = time.monotonic() + HANGS_AFTER
        while watch.process.poll() is None and time.monotonic() < end:
            if watch.stderr.count("watching:") >= deaths:
                os.kill(processes(watch)[1], signal.SIGKILL)
                break
            time.sleep(0.02)
    assert watch.process.wait(HANGS_AFTER) == FAILED
    assert "again and again" in watch.stderr


def test_nothing_of_it_outlives_the_sensor(docker, rules):
    watch = Watch("--no-stock", rules=[rules])
    keeper, engine = processes(watch)
    watch.process.kill()
    watch.process.wait(HANGS_AFTER)
    end = time.monotonic() + HANGS_AFTER
    while pathlib.Path(f"/proc/{engine}").exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_container_that_ran_before_is_known(docker, rules):
    subprocess.run(["docker", "run", "-d", "--rm", "--network", "none", "--name", "tally-early", engines.IMAGE, "sleep", "60"], check=True,
                   capture_output=True)
    try:
        watch = Watch("--no-stock", rules=[rules])
        subprocess.run(["docker", "exec", "tally-early", *READS], check=True, capture_output=True)
        assert readers(watch.stop()) == ["tally-early"]
    finally:
        subprocess.run(["docker", "kill", "tally-early"], capture_output=True)


def test_the_host_is_watched_on_request(rules):
    engines.skip_unless_root()
    rules.write_text(RULES.replace("container.id != host", "proc.name = cat"))
    for options, expected in (([], []), (["--host"], ["host"])):
        watch = Watch("--no-stock", *options, rules=[rules])
        subprocess.run(["cat", "/etc/shadow"], check=True, capture_output=True)
        watch.stop()
        assert [a["finding"]["subject"]["name"] for a in watch.alerts if a["finding"]["rule"] == "Hash is read"] == expected


def test_a_kind_that_can_not_be_seen_is_told(rules):
    engines.skip_unless_root()
    if pathlib.Path("/proc/modules").exists():
        pytest.skip("this kernel has every kind that rules can ask for")
    rules.write_text(RULES.replace("evt.type in (open, openat)", "evt.type in (open, openat, init_module)"))
    assert "events of kind 'init_module', which rules ask for, can not be seen" in Watch("--no-stock", rules=[rules]).stop().stderr


def test_it_is_ready_soon_and_small(rules):
    """Limits of the first figures; bench/ measures."""
    engines.skip_unless_root()
    watch = Watch("--no-stock", rules=[rules])
    parts = [watch.process.pid, *map(int, pathlib.Path(f"/proc/{watch.process.pid}/task/{watch.process.pid}/children").read_text().split())]
    anonymous = sum(int(line.split()[1]) for pid in parts for line in open(f"/proc/{pid}/status") if line.startswith("RssAnon"))
    watch.stop()
    assert anonymous < 40 * 1024, f"{anonymous} KiB"


@pytest.mark.parametrize("options, said", [
    (["--user", "no-such-user"], "there is no user 'no-such-user'"), (["--for", "soon"], "--for"),
    (["--record", "/"], "make the recording '/'"), (["--rules", "/none.yaml"], "/none.yaml"), (["--output", "/none/x"], "/none/x"),
])
def test_what_is_wrong_is_told_at_once(options, said):
    engines.skip_unless_root()
    done = subprocess.run([PROGRAM, "watch", "--for", "5s", *options], capture_output=True, text=True, timeout=HANGS_AFTER)
    assert done.returncode == FAILED and said in done.stderr


def test_only_root_can_watch():
    done = subprocess.run([PROGRAM, "watch", "--for", "1s"], capture_output=True, text=True, timeout=HANGS_AFTER,
                          **({"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}))
    assert done.returncode == FAILED and "watching needs root" in done.stderr


def test_rules_are_read_anew_without_a_gap(docker, rules):
    watch = Watch("--no-stock", rules=[rules])
    rules.write_text(RULES.replace("Hash is read", "Hash is seen"))
    watch.process.send_signal(signal.SIGHUP)
    watch.wait_for("the rules were read anew")
    run("tally-anew", *READS)
    rules.write_text("- rule: broken\n")
    watch.process.send_signal(signal.SIGHUP)
    watch.wait_for("the rules that were in use stay")
    run("tally-broken", *READS)
    watch.stop()
    assert [(a["finding"]["rule"], a["container"]["name"]) for a in watch.alerts] == [
        ("Hash is seen", "tally-anew"), ("Hash is seen", "tally-broken")]
    assert watch.status == DONE


def test_who_started_it_is_told_when_it_is_ready(rules, folder):
    engines.skip_unless_root()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(folder / "notify"))
        (folder / "notify").chmod(0o777)
        listener.settimeout(HANGS_AFTER)
        os.environ["NOTIFY_SOCKET"] = str(folder / "notify")
        try:
            watch = Watch("--no-stock", rules=[rules])
        finally:
            del os.environ["NOTIFY_SOCKET"]
        assert listener.recv(100) == b"READY=1"
        watch.stop()


def test_the_unit_is_in_order():
    unit = ROOT / "build/tallyman.service"
    if not shutil.which("systemd-analyze") or not unit.exists():
        pytest.skip("systemd-analyze is not here, or nothing was built in build/")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    # The program is not installed where the unit expects it; whatever else is said of the unit is wrong with it.
    assert not [line for line in done.stderr.splitlines() if "tallyman.service" in line and "is not executable" not in line]
