# SPDX-License-Identifier: Apache-2.0
"""What is done in real containers, and what rules say of it: tests/scenarios/*.yaml. Each act must be told of and its twin, which
differs in one act, must not; and of both events must have come, or their silence would mean nothing."""
import collections
import pathlib
import subprocess

import pytest
import yaml

import engines
from scanning import ROOT
from test_rules import STOCK
from watching import Watch

SCENARIOS = yaml.safe_load((ROOT / "tests/scenarios/containers.yaml").read_text())
FALCO = STOCK / "falco_rules.yaml"
NOT_STARTED = 125  # docker run's exit status


def title(scenario):
    return (scenario.get("falco") or scenario["rules"])[0].replace(" ", "-").replace("/", "-")


def lacks(scenario):
    return scenario.get("needs") == "modules" and not pathlib.Path("/proc/modules").exists()


class Seen:
    def __init__(self, watch, refused):
        self.refused = refused  # what Docker said of containers that it did not start
        self.rules = collections.defaultdict(set)
        for alert in watch.alerts:
            self.rules[(alert["container"] or {}).get("name")].add(alert["finding"]["rule"])
        self.events = collections.Counter(event["container.name"] for event in watch.events("%container.name"))
        self.watch = watch


def run_one(name, command, options):
    options = options if "--network" in options else [*options, "--network", "none"]
    return subprocess.Popen(["docker", "run", "--rm", "--name", name, *options, engines.IMAGE, *command], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture(scope="module")
def seen():
    engines.skip_unless_root()
    with engines.docker():
        watch, refused = Watch(rules=[FALCO] if FALCO.exists() else []), {}
        for number, scenario in enumerate(SCENARIOS):
            if lacks(scenario):
                continue
            options = scenario.get("with", [])
            both = [run_one(f"act-{number}", scenario["act"], options),
                    run_one(f"twin-{number}", scenario["twin"], scenario.get("twin_with", options))]
            for process in both:
                output, _ = process.communicate(timeout=60)
                if process.returncode == NOT_STARTED:
                    refused[number] = output.decode(errors="replace").strip().partition("\n")[0]
        return Seen(watch.stop(), refused)


@pytest.mark.parametrize("number", range(len(SCENARIOS)), ids=lambda n: title(SCENARIOS[n]))
def test_an_act_is_told_of_and_its_twin_is_not(number, seen):
    scenario = SCENARIOS[number]
    if lacks(scenario):
        pytest.skip("this kernel loads no modules")
    if scenario.get("needs") == "privileged" and number in seen.refused:
        pytest.skip("privileged containers can not be started here: " + seen.refused[number])
    wanted = set(scenario.get("rules", [])) | (set(scenario.get("falco", [])) if FALCO.exists() else set())
    if not wanted:
        pytest.skip(f"Falco's rules are not at {FALCO}")
    assert seen.events[f"act-{number}"] > 0 and seen.events[f"twin-{number}"] > 0
    assert wanted <= seen.rules[f"act-{number}"]
    assert not wanted & seen.rules[f"twin-{number}"]


def test_nothing_was_lost(seen):
    assert seen.watch.status == 0, seen.watch.stderr


def test_the_first_event_of_a_container_names_it_and_its_image(seen):
    for name in ("act-0", "twin-0"):
        events = seen.watch.events("%container.name %container.image %container.image.id %container.type %container.id", f"container.name = {name}")
        [identity] = {event["container.image.id"] for event in events}
        assert identity.startswith("sha256:") or len(identity) >= 12
        assert {event["container.image"] for event in events} == {engines.IMAGE}
        assert {event["container.type"] for event in events} == {"docker"}
    events = seen.watch.events("%container.name %container.id %evt.type", "container.id != host")
    ours = {event["container.id"] for event in events if (event["container.name"] or "").startswith(("act-", "twin-"))}
    assert ours and not [event for event in events if event["container.id"] in ours and not event["container.name"]]


def test_each_of_falcos_stable_rules_has_a_scenario_or_a_reason():
    if not FALCO.exists():
        pytest.skip(f"Falco's rules are not at {FALCO}")
    rules = {entry["rule"] for entry in yaml.safe_load(FALCO.read_text()) if "rule" in entry}
    covered = {rule for scenario in SCENARIOS for rule in scenario.get("falco", [])}
    # Its condition asks for the name of an address, which only DNS answers tell.
    assert rules - covered == {"Contact K8S API Server From Container"}
