# SPDX-License-Identifier: Apache-2.0
"""Recorded events held against rules from outside: `tallyman replay`."""
import http.server
import json
import os
import resource
import subprocess
import threading

import pytest

from scanning import DONE, FAILED, FINDINGS, INCOMPLETE, PROGRAM, ROOT, checked_program
from test_rules import STOCK

MAKE_LOG = os.path.abspath(os.environ.get("TALLYMAN_MAKE_LOG", ROOT / "build-asan/tests/tools/make_log"))

RULES = """
- rule: Shell starts
  desc: A shell starts.
  condition: evt.type = execve and proc.name = bash
  output: shell %proc.name of %proc.pname
  priority: WARNING
  tags: [container]
- rule: Program starts
  desc: A program starts.
  condition: evt.type = execve
  output: program %proc.name
  priority: NOTICE
"""

EVENTS = """
- {evt.type: execve, evt.rawtime: "1785500000123456789", proc.name: bash, proc.pid: "412", proc.pname: nginx, proc.tty: "34816",
   proc.vpid: "9", container.full_id: 0123456789abcdef0123, container.name: web, container.image: shop/web}
- {evt.type: openat, evt.rawtime: "1785500000223456789", proc.name: bash, fd.name: /etc/shadow, container.full_id: 0123456789abcdef0123}
- {evt.type: execve, evt.rawtime: "1785500000323456789", proc.name: "ls\\e[2J", container.full_id: 0123456789abcdef0123}
"""


@pytest.fixture
def log(tmp_path):
    def make(events=EVENTS):
        (tmp_path / "events.yaml").write_text(events)
        (tmp_path / "rules.yaml").write_text(RULES)
        subprocess.run([MAKE_LOG, tmp_path / "events.yaml", tmp_path / "log"], check=True)
        return tmp_path / "log"
    return make


def replay(path, *options, rules=True, program=PROGRAM, **how):
    chosen = ["--no-stock", "--rules", path.parent / "rules.yaml"] if rules else []
    return subprocess.run([program, "replay", *map(str, [*chosen, *options, path])], capture_output=True, text=True, timeout=60, **how)


def test_alerts_for_people(log):
    done = replay(log(), program=checked_program())
    assert done.returncode == DONE and done.stderr == ""
    assert done.stdout.splitlines()[0] == (
        "2026-07-31T12:13:20.123456789Z medium   Shell starts: shell bash of nginx (container name=web id=0123456789ab image=shop/web)")
    assert len(done.stdout.splitlines()) == 3
    assert "\x1b" not in done.stdout


def test_the_first_rule_or_all_of_them(log):
    assert replay(log(), "--matching", "first").stdout.count("\n") == 2
    assert replay(log(), "--matching", "all").stdout.count("\n") == 3


@pytest.mark.parametrize("format", ["json", "falco", "ocsf"])
def test_each_format_is_a_json_object_a_line(format, log):
    lines = [json.loads(line) for line in replay(log(), "--output", f"{format}:-").stdout.splitlines()]
    assert len(lines) == 3
    rule = {"json": lambda l: l["finding"]["rule"], "falco": lambda l: l["rule"], "ocsf": lambda l: l["finding_info"]["title"]}[format]
    assert rule(lines[0]) == "Shell starts"
    if format == "falco":
        assert lines[0]["hostname"] == "host-1"
        assert lines[0]["output_fields"] == {"proc.name": "bash", "proc.pname": "nginx"}


def test_several_outputs(log, tmp_path):
    path = log()
    done = replay(path, "--output", "-", "--output", f"falco:{tmp_path}/out", "--output", f"|cat > {tmp_path}/from-program")
    assert done.returncode == DONE and done.stdout.count("\n") == 3
    assert [json.loads(line)["priority"] for line in (tmp_path / "out").read_text().splitlines()] == ["Warning", "Notice", "Notice"]
    assert (tmp_path / "from-program").read_text().count('"schema":"tallyman/alert/v1"') == 3
    replay(path, "--output", f"falco:{tmp_path}/out")
    assert (tmp_path / "out").read_text().count("\n") == 6  # it is appended to
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("output, said", [("/nowhere/at/all", "/nowhere/at/all"), ("json:", "names no place"), ("|", "names no place"), ("xml:-", "no format of alerts")])
def test_outputs_that_can_not_be(output, said, log):
    done = replay(log(), "--output", output)
    assert done.returncode == FAILED and said in done.stderr


def test_a_program_that_ends_is_told_of(log):
    done = replay(log("\n".join(f"- {{evt.type: execve, proc.name: bash, container.full_id: c{i}}}" for i in range(200))), "--all",
                  "--output", "|exit 3")
    assert done.returncode == INCOMPLETE
    assert "could not be delivered to '|exit 3'" in done.stderr


def test_a_full_disk_is_told_of(log, tmp_path):
    done = replay(log(), "--output", f"{tmp_path}/out", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
    assert "could not be delivered" in done.stderr
    done = subprocess.run([PROGRAM, "replay", "--no-stock", "--rules", tmp_path / "rules.yaml", tmp_path / "log"],
                          stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, text=True)
    assert done.returncode == FAILED and "No space left" in done.stderr


class Server(http.server.BaseHTTPRequestHandler):
    """Refuses the first requests, if told so, then takes them."""
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        status = 503 if self.server.requests <= self.server.refused else self.server.status
        if status == 200:
            self.server.bodies.append((self.headers["Content-Type"], body))
        self.send_response(status)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    made = http.server.HTTPServer(("127.0.0.1", 0), Server)
    made.requests = made.refused = 0
    made.status, made.bodies = 200, []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    made.url = f"http://127.0.0.1:{made.server_port}/alerts"
    yield made
    made.shutdown()


def test_a_server_takes_each_alert(server, log):
    server.refused = 2  # it is tried again
    done = replay(log(), "--output", f"falco:{server.url}")
    assert done.returncode == DONE and done.stderr == ""
    assert [json.loads(body)["rule"] for _, body in server.bodies] == ["Shell starts", "Program starts", "Program starts"]
    assert {kind for kind, _ in server.bodies} == {"application/json"}


def test_a_server_that_refuses_is_told_of(server, log):
    server.status = 400
    done = replay(log(), "--output", server.url)
    assert "3 alerts could not be delivered" in done.stderr and "status 400" in done.stderr


def test_a_storm_is_counted(log):
    events = "\n".join(f'- {{evt.type: execve, evt.rawtime: "{1785500000000000000 + i}", proc.name: sh, container.full_id: abc}}'
                       for i in range(500))
    path = log(events)
    assert replay(path, "--all").stdout.count("\n") == 500
    told = replay(path).stdout.splitlines()
    assert len(told) == 11 and "[and 489 more before it]" in told[-1]


def test_exit_status_on_request(log):
    assert replay(log(), "--fail").returncode == FINDINGS
    assert replay(log("- {evt.type: openat, proc.name: x}"), "--fail").returncode == DONE


def test_what_is_no_recording(tmp_path, log):
    (log().parent / "log").write_text("no")
    done = replay(tmp_path / "log")
    assert done.returncode == FAILED and "is no recording of events" in done.stderr
    done = replay(tmp_path / "none")
    assert done.returncode == FAILED and "none" in done.stderr


def test_a_cut_recording_is_read_to_its_end(log):
    path = log()
    path.write_bytes(path.read_bytes()[:-20])
    done = replay(path)
    assert done.returncode == INCOMPLETE and "was cut off" in done.stderr
    assert done.stdout.count("\n") == 2


def test_damage_is_told_and_what_stands_before_it_used(log):
    path = log()
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    done = replay(path)
    assert done.returncode == FAILED and "damaged at byte" in done.stderr
    assert "Shell starts" in done.stdout


def test_falcos_rules(log):
    if not STOCK.exists():
        pytest.skip(f"Falco's rules are not at {STOCK}")
    done = replay(log(), "--no-stock", "--rules", STOCK / "falco_rules.yaml", rules=False)
    assert done.returncode == DONE
    assert "Run shell untrusted" in done.stdout


def events(path, *options):
    return subprocess.run([PROGRAM, "events", *map(str, [*options, path])], capture_output=True, text=True, timeout=60)


def test_events_are_shown(log):
    done = events(log())
    assert done.returncode == DONE and done.stderr == ""
    assert len(done.stdout.splitlines()) == 3
    assert "web bash[412] execve" in done.stdout.splitlines()[0]
    assert "\x1b" not in done.stdout


def test_events_are_asked_for_in_the_language_of_rules(log):
    done = events(log(), "--where", 'evt.type = openat and fd.name startswith /etc', "--show", "%proc.name opened %fd.name")
    assert done.stdout == "bash opened /etc/shadow\n"
    lines = [json.loads(line) for line in events(log(), "--show", "%proc.name %proc.tty %fd.name", "--format", "json").stdout.splitlines()]
    assert lines[0] == {"proc.name": "bash", "proc.tty": 34816, "fd.name": None}
    assert events(log(), "--since", "1s").stdout == ""


@pytest.mark.parametrize("condition, said", [("proc.nmae = x", "did you mean 'proc.name'?"), ("proc.name =", "--where:"), ('"', "--where:")])
def test_a_question_that_can_not_be_asked(condition, said, log):
    done = events(log(), "--where", condition)
    assert done.returncode == FAILED and said in done.stderr


def test_a_broken_rule_file_makes_it_incomplete(log):
    path = log()
    (path.parent / "broken.yaml").write_text("- rule: x\n")
    done = replay(path, "--rules", path.parent / "broken.yaml")
    assert done.returncode == INCOMPLETE and "Shell starts" in done.stdout


def test_what_is_counted_names_its_container(log):
    path = log("\n".join(f'- {{evt.type: execve, evt.rawtime: "{1785500000000000000 + i}", proc.name: sh, container.full_id: abcdef0123456789, container.name: web}}'
                         for i in range(50)))
    assert "(container name=web id=abcdef012345) [and 39 more before it]" in replay(path).stdout.splitlines()[-1]
    last = json.loads(replay(path, "--output", "json:-").stdout.splitlines()[-1])
    assert last["container"]["id"] == "abcdef0123456789" and last["container"]["name"] == "web"
