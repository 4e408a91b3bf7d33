#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes rule files into a C source, so that the program has them wherever it is. Usage: embed.py OUTPUT FILE..."""
import pathlib
import sys


def main():
    output, files = sys.argv[1], sys.argv[2:]
    lines = ["/* Made by rules/embed.py. */", '#include "pipeline/stock_rules.h"', ""]
    table = []
    for i, name in enumerate(files):
        data = pathlib.Path(name).read_bytes()
        numbers = ",".join(map(str, data))
        lines.append(f"static const unsigned char file{i}[] = {{ {numbers} }};")
        table.append(f'        {{ "{pathlib.Path(name).name}", {{ (const char *)file{i}, sizeof(file{i}) }} }},')
    lines += ["", "const struct stock_rule_file stock_rule_files[] = {", *table, "};",
              f"const size_t n_stock_rule_files = {len(files)};", ""]
    pathlib.Path(output).write_text("\n".join(lines))


if __name__ == "__main__":
    main()
