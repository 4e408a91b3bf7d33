#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the small inputs that fuzzing starts from, tests/fuzz/corpus/TARGET/NAME.

Without arguments it writes them all; with --check it says which differ and exits 1. Inputs whose names begin with
"crash-" (they once broke something) or "found-" (they reach further) were found by fuzzing and are left alone.
"""
import pathlib
import sys

import corpus_advisories
import corpus_databases
import corpus_engines
import corpus_events
import corpus_images
import corpus_languages
import corpus_layers
import corpus_rules
import corpus_signed
import corpus_sensor

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
TARGETS = {**corpus_advisories.INPUTS,
           **corpus_databases.INPUTS, **corpus_engines.INPUTS, **corpus_events.INPUTS, **corpus_images.INPUTS,
           **corpus_languages.INPUTS, **corpus_layers.INPUTS, **corpus_rules.INPUTS, **corpus_sensor.INPUTS, **corpus_signed.INPUTS}


def main():
    check = sys.argv[1:] == ["--check"]
    wrong = 0
    for target, inputs in TARGETS.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        wanted = dict(inputs())
        for old in folder.iterdir():
            if old.name not in wanted and not old.name.startswith(("crash-", "found-")):
                print(f"{target}/{old.name}: nothing makes it")
                wrong += 1
                if not check:
                    old.unlink()
        for name, data in wanted.items():
            file = folder / name
            if file.exists() and file.read_bytes() == data:
                continue
            wrong += 1
            print(f"{target}/{name}: {'differs' if check else 'written'}")
            if not check:
                file.write_bytes(data)
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
