#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unpacks the layers of an OCI archive that we made ourselves, each into a folder of its own, and prints these, lowest first.

usage: unpack_image.py IMAGE.tar FOLDER
"""
import io
import json
import pathlib
import sys
import tarfile


def main(image, folder):
    with tarfile.open(image) as archive:
        def blob(digest):
            return archive.extractfile("blobs/" + digest.replace(":", "/")).read()
        index = json.load(archive.extractfile("index.json"))
        manifest = json.loads(blob(index["manifests"][0]["digest"]))
        for number, layer in enumerate(manifest["layers"]):
            to = pathlib.Path(folder).resolve() / str(number)
            to.mkdir(parents=True)
            with tarfile.open(fileobj=io.BytesIO(blob(layer["digest"]))) as tar:
                # What upper layers remove stays here: a demonstration does not mind.
                members = [m for m in tar.getmembers() if "/.wh." not in "/" + m.name and not (m.isdev() and m.type != tarfile.FIFOTYPE)]
                trusted = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}  # new Pythons ask for it
                tar.extractall(to, members=members, **trusted)
            print(to)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
