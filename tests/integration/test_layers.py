# SPDX-License-Identifier: Apache-2.0
"""Every #include in src/ keeps to src/LAYERS."""
import pathlib
import re

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"


def read_rules():
    layers, edges, doors = {}, set(), []
    for line in (SRC / "LAYERS").read_text().splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "edge":
            edges.add((words[1], words[2]))
        elif words[0] == "door":
            doors.append((words[1], words[2]))
        else:
            layers[words[1]] = int(words[0])
    return layers, edges, doors


def includes():
    for path in sorted(SRC.rglob("*.[ch]")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
            if found:
                yield path.relative_to(SRC), number, found.group(1) == '"', found.group(2)


def test_rooms_include_only_lower_layers():
    layers, edges, _ = read_rules()
    wrong = []
    for path, number, own, name in includes():
        if not own:
            continue
        here, there = path.parts[0], name.split("/")[0]
        if "/" not in name or there not in layers:
            wrong.append(f"{path}:{number}: {name} is in no room")
        elif here != there and layers[there] >= layers[here] and (here, there) not in edges:
            wrong.append(f"{path}:{number}: {here} (layer {layers[here]}) includes {name} (layer {layers[there]})")
    assert not wrong, "\n".join(wrong)


def test_each_library_has_one_door():
    _, _, doors = read_rules()
    wrong = []
    for path, number, own, name in includes():
        if own:
            continue
        allowed = [door for prefix, door in doors if re.match(re.escape(prefix) + r"(/|_|\.h)", name)]
        if allowed and not any(str(path).startswith(door) for door in allowed):
            wrong.append(f"{path}:{number}: <{name}> may be included only from {', '.join(allowed)}")
    assert not wrong, "\n".join(wrong)


def test_every_room_is_listed():
    layers, _, _ = read_rules()
    rooms = {p.name for p in SRC.iterdir() if p.is_dir()}
    assert rooms <= set(layers)
