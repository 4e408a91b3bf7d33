# SPDX-License-Identifier: Apache-2.0
"""Small files of every kind that names packages of a language, as bytes and as entries of a layer."""
import json
import struct
import zlib

import make_image as make


def document(value):
    return json.dumps(value).encode()


# ---- zip ----

def zip_archive(*members, stored=True):
    """`members` are (name, bytes). Checksums stay 0: nobody here looks at them."""
    out, directory = b"", b""
    for name, data in members:
        name = name.encode()
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = data if stored else packer.compress(data) + packer.flush()
        head = struct.pack("<HHHIIIIHH", 20, 0, 0 if stored else 8, 0, 0, len(packed), len(data), len(name), 0)
        directory += b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name
        out += b"PK\3\4" + head + name + packed
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(out), 0)
    return out + directory + end


def pom_properties(group, artifact, version):
    text = f"version={version}\ngroupId={group}\nartifactId={artifact}\n"
    return f"META-INF/maven/{group}/{artifact}/pom.properties", text.encode()


def manifest(**fields):
    lines = "".join(f"{key.replace('_', '-')}: {value}\r\n" for key, value in fields.items())
    return "META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n" + lines.encode()


# ---- ELF ----

LOADED_AT = 0x400000


def elf(section, data):
    """A 64-bit program with one section beside that of names; all of it is loaded, and may be written to."""
    names = b"\0.shstrtab\0" + section.encode() + b"\0"
    at = (64 + 56 + 15) // 16 * 16
    table = (at + len(data) + len(names) + 7) // 8 * 8
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, table, 0, 64, 56, 1, 64, 3, 1)
    segment = struct.pack("<IIQQQQQQ", 1, 6, 0, LOADED_AT, LOADED_AT, table, table, 4096)

    def header(name, kind, address, offset, size):
        return struct.pack("<IIQQQQIIQQ", name, kind, 0, address, offset, size, 0, 0, 1, 0)
    sections = bytes(64) + header(1, 3, 0, at + len(data), len(names)) + header(11, 1, LOADED_AT + at, at, len(data))
    body = (head + segment).ljust(at, b"\0") + data + names
    return body.ljust(table, b"\0") + sections


def varint(n):
    out = b""
    while n > 0x7f:
        out, n = out + bytes([n & 0x7f | 0x80]), n >> 7
    return out + bytes([n])


def go_modules(*lines):
    return b"0" * 16 + b"".join("\t".join(line).encode() + b"\n" for line in lines) + b"0" * 16


def go_program(modules, version=b"go1.22.3"):
    texts = varint(len(version)) + version + varint(len(modules)) + modules
    return elf(".go.buildinfo", b"\xff Go buildinf:\x08\x02" + bytes(16) + texts)


def old_go_program(modules, version=b"go1.17"):
    at = LOADED_AT + 128
    pointers = struct.pack("<QQ", at + 32, at + 48)
    strings = struct.pack("<QQQQ", at + 64, len(version), at + 64 + len(version), len(modules))
    return elf(".go.buildinfo", b"\xff Go buildinf:\x08\x00" + pointers + strings + version + modules)


def rust_program(*packages):
    listed = {"packages": [dict(zip(("name", "version", "kind"), p), source="crates.io") for p in packages]}
    return elf(".dep-v0", zlib.compress(document(listed), 0))


# ---- one of each ----

def installed_entries():
    """Each names one package, after its format."""
    return [
        make.file("app/node_modules/in-npm/package.json", document({"name": "in-npm", "version": "1.0.0", "license": "MIT"})),
        make.file("usr/lib/python3/dist-packages/in_python-1.dist-info/METADATA", b"Name: in-python\nVersion: 1.0\nLicense: MIT\n"),
        make.file("usr/bin/in-go", go_program(go_modules(("path", "in-go"), ("mod", "in-go", "v1.0.0", ""))), mode=0o755),
        make.file("usr/bin/in-rust", rust_program(("in-rust", "1.0.0")), mode=0o755),
        make.file("app/in-jar-1.0.jar", zip_archive(pom_properties("org.example", "in-jar", "1.0"), stored=False)),
        make.file("var/lib/gems/specifications/in-gem-1.0.gemspec", b"# stub: in-gem 1.0 ruby lib\n"),
        make.file("app/vendor/composer/installed.json", document({"packages": [{"name": "in/composer", "version": "v1.0"}]})),
        make.file("app/app.deps.json", document({"libraries": {"in-nuget/1.0": {"type": "package"}}})),
    ]


def declared_entries():
    return [
        make.file("src/package-lock.json", document({"packages": {"node_modules/of-npm": {"version": "1.0.0"}}})),
        make.file("src/yarn.lock", b'of-yarn@^1:\n  version "1.0.0"\n'),
        make.file("src/pnpm-lock.yaml", b"lockfileVersion: '9.0'\npackages:\n  of-pnpm@1.0.0:\n"),
        make.file("src/requirements.txt", b"of-requirements==1.0\n"),
        make.file("src/Pipfile.lock", document({"default": {"of-pipfile": {"version": "==1.0"}}})),
        make.file("src/poetry.lock", b'[[package]]\nname = "of-poetry"\nversion = "1.0"\n'),
        make.file("src/Cargo.lock", b'[[package]]\nname = "of-cargo"\nversion = "1.0.0"\nsource = "registry+x"\n'),
        make.file("src/go.mod", b"module x\nrequire of-go v1.0.0\n"),
        make.file("src/pom.xml", b"<project><dependencies><dependency><groupId>g</groupId><artifactId>of-pom</artifactId>"
                                 b"<version>1</version></dependency></dependencies></project>"),
        make.file("src/Gemfile.lock", b"GEM\n  specs:\n    of-gemfile (1.0)\n"),
        make.file("src/composer.lock", document({"packages": [{"name": "of/composer", "version": "1.0"}]})),
        make.file("src/packages.lock.json", document({"dependencies": {"net8.0": {"of-nuget": {"resolved": "1.0"}}}})),
    ]


INSTALLED = {"in-npm", "in-python", "in-go", "stdlib", "in-rust", "org.example:in-jar", "in-gem", "in/composer", "in-nuget"}
DECLARED = {"of-npm", "of-yarn", "of-pnpm", "of-requirements", "of-pipfile", "of-poetry", "of-cargo", "of-go", "g:of-pom",
            "of-gemfile", "of/composer", "of-nuget"}
