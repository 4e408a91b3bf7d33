#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a file's bytes as a C array: embed.py INPUT OUTPUT NAME."""
import sys

source, target, name = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
with open(target, "w", encoding="ascii") as file:
    file.write(f"#include <stddef.h>\n\nextern const unsigned char {name}[];\nextern const size_t {name}_size;\n")
    file.write(f"const size_t {name}_size = {len(data)};\n")
    file.write(f"const unsigned char {name}[] __attribute__((aligned(8))) = {{\n")
    for i in range(0, len(data), 24):
        file.write(",".join(map(str, data[i:i + 24])) + ",\n")
    file.write("};\n")
