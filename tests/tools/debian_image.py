#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a small real image from Debian packages, without root's help, maintainer scripts or an engine.

debian_image.py --output FILE --debs FOLDER [--upper NAME]... [--remove NAME]... [--platform P]

Three layers: every package of FOLDER; the packages named by --upper on top; and a layer that adds a program of its own
and removes the packages named by --remove, as a Dockerfile's RUN would. Each layer keeps dpkg's own database
(/var/lib/dpkg/status and info/), written as dpkg does for packages that are installed and configured.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import make_image  # noqa: E402

MERGED = ["bin", "lib", "lib64", "sbin"]  # links into usr/, as installers lay them


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


class Root:
    """A root directory with dpkg's database."""

    def __init__(self, tree):
        self.tree = pathlib.Path(tree)
        self.info = self.tree / "var/lib/dpkg/info"
        self.info.mkdir(parents=True)
        self.stanzas = {}
        for name in MERGED:
            (self.tree / "usr" / name).mkdir(parents=True)
            (self.tree / name).symlink_to(f"usr/{name}")

    def unpack(self, deb):
        control = output_of("dpkg-deb", "--field", deb).decode()
        fields = dict(line.split(": ", 1) for line in control.splitlines() if ": " in line and line[0] != " ")
        name = fields["Package"]
        owner = name + (f":{fields['Architecture']}" if fields.get("Multi-Arch") == "same" else "")
        self._extract(deb)
        self._write_info(deb, owner)
        first, rest = control.split("\n", 1)
        self.stanzas[name] = (owner, f"{first}\nStatus: install ok installed\n{rest.strip()}\n\n")

    def _extract(self, deb):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as data:
            subprocess.run(["tar", "--extract", "--keep-directory-symlink", "--directory", self.tree],
                           stdin=data.stdout, check=True)
        if data.returncode:
            raise SystemExit(f"{deb}: not a package that can be unpacked")

    def _write_info(self, deb, owner):
        names = output_of("sh", "-c", 'dpkg-deb --fsys-tarfile "$1" | tar --list', "sh", deb).decode().splitlines()
        paths = ["/." if name == "./" else "/" + name.removeprefix("./").rstrip("/") for name in names]
        (self.info / f"{owner}.list").write_text("".join(path + "\n" for path in paths))
        with tempfile.TemporaryDirectory() as folder:
            output_of("dpkg-deb", "--control", deb, folder)
            for member in sorted(os.listdir(folder)):
                if member != "control":
                    shutil.copy(os.path.join(folder, member), self.info / f"{owner}.{member}")

    def remove(self, name):
        owner, _ = self.stanzas.pop(name)
        listing = self.info / f"{owner}.list"
        for path in sorted(listing.read_text().splitlines(), reverse=True):
            full = self.tree / path.lstrip("/")
            if full.is_symlink() or full.is_file():
                full.unlink()
            elif full.is_dir() and path not in ("/", "/.") and not any(full.iterdir()):
                full.rmdir()
        for file in self.info.glob(f"{owner}.*"):
            file.unlink()

    def write_status(self):
        text = "".join(self.stanzas[name][1] for name in sorted(self.stanzas))
        (self.tree / "var/lib/dpkg/status").write_text(text)

    def add_program(self):
        program = self.tree / "usr/local/bin/hello"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\necho hello\n")
        program.chmod(0o755)


def package_name(deb):
    return output_of("dpkg-deb", "--field", deb, "Package").decode().strip()


def build(debs, upper, remove, tree, store, platform):
    root, layers = Root(tree), []
    names = {package_name(deb): deb for deb in debs}
    as_root = os.geteuid() != 0

    def layer(before, created_by):
        root.write_status()
        changed, removed = make_image.changes(tree, before)
        layers.append(store.layer_from_tree(tree, changed, removed, created_by=created_by, as_root=as_root))
        return make_image.snapshot(tree)

    for name in sorted(set(names) - set(upper)):
        root.unpack(names[name])
    before = layer({}, "distribution packages")
    for name in upper:
        root.unpack(names[name])
    before = layer(before, "RUN apt-get install " + " ".join(upper))
    for name in remove:
        root.remove(name)
    root.add_program()
    layer(before, "RUN apt-get purge " + " ".join(remove) + " # and COPY hello /usr/local/bin/")
    config = {"Entrypoint": ["/usr/local/bin/hello"], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "User": "1000"}
    return store.image(layers, config, platform), len(root.stanzas)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", required=True)
    parser.add_argument("--debs", required=True, help="folder with .deb files")
    parser.add_argument("--upper", action="append", default=[], help="a package of the second layer")
    parser.add_argument("--remove", action="append", default=[], help="a package that the third layer removes")
    parser.add_argument("--platform", default="linux/amd64")
    parser.add_argument("--tag", default="latest")
    args = parser.parse_args()
    debs = sorted(str(path) for path in pathlib.Path(args.debs).glob("*.deb"))
    with tempfile.TemporaryDirectory() as folder:
        store = make_image.Store(os.path.join(folder, "store"))
        tree = os.path.join(folder, "tree")
        image, count = build(debs, args.upper, args.remove, tree, store, args.platform)
        make_image.write_oci_archive(args.output, store, [(image.descriptor, args.tag)])
    print(f"{args.output}: {len(image.layers)} layers, {count} packages, {os.path.getsize(args.output) >> 20} MiB")


if __name__ == "__main__":
    sys.exit(main())
