#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/stock-fields.md: every field that Falco's stock rules read or print, and where its value comes from.

usage: stock_fields.py TALLYMAN FOLDER_OF_RULES
The page goes to standard output. A test compares it with the page that is there.
"""
import pathlib
import re
import subprocess
import sys

TOP = """# The fields of Falco's stock rules

Every field that the conditions and outputs of Falco's stock rules (stable, incubating and sandbox, of source `syscall`) name, and
where Tallyman takes its value from. `tallyman rules fields syscall` lists all fields there are, with what each means.
Made by `tests/tools/stock_fields.py`; a test holds it against the rules and the program.

| Field | Type | In conditions of | In outputs of | Its value comes from |
|---|---|---|---|---|
"""
FIELD = re.compile(r"^  (\S+?)(?:\[\S+\])? +(\w+(?: list)?)\. (.*?)(?: From: (.*)\.)?$")
NAME = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def known_fields(program):
    fields = {}
    for line in output_of(program, "rules", "fields", "syscall").splitlines():
        found = FIELD.match(line)
        if found:
            fields[found[1]] = (found[2], found[4])
    return fields


def field_named(word, fields):
    """The field that a word names: evt.arg.flags is evt.arg with an argument, and worth a line of its own."""
    if word.startswith("evt.arg."):
        return word
    while word and word not in fields:
        word = word.rpartition(".")[0]
    return word


def used(text, fields):
    text = re.sub(r'"[^"]*"', "", text)
    return {name for name in (field_named(word, fields) for word in NAME.findall(text)) if name}


def rule_names(program, files):
    lines = output_of(program, "rules", "list", *files).splitlines()
    end = lines[0].index("PRIORITY")
    return [line[:end].strip() for line in lines[1:]]


def main(program, folder):
    files = sorted(str(f) for f in pathlib.Path(folder).glob("falco*_rules.yaml"))
    fields = known_fields(program)
    conditions, outputs = {}, {}
    for name in rule_names(program, files):
        text = output_of(program, "rules", "explain", name, *files)
        for kind, counts in (("Condition", conditions), ("Output", outputs)):
            found = re.search(rf"^{kind} +(.*)$", text, re.M)
            line = found[1] if found else ""
            # What stands between field=%field in an output is text.
            line = " ".join(re.findall(r"%(\S+)", line)) if kind == "Output" else line
            for field in used(line, fields):
                counts[field] = counts.get(field, 0) + 1
    print(TOP, end="")
    for field in sorted(conditions.keys() | outputs.keys()):
        kind, origin = fields[field if field in fields else "evt.arg"]
        print(f"| `{field}` | {kind} | {conditions.get(field, 0)} | {outputs.get(field, 0)} | {origin} |")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
