#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes container images without an engine, for the demo and the tests.

    store = Store(folder)
    base = store.layer_from_tree("root", created_by="the base")
    more = store.layer_from_entries([file("etc/motd", b"hello\\n"), whiteout("etc/issue")])
    image = store.image([base, more], config={"User": "1000"})
    write_oci_layout("out", store, [(image.descriptor, "1.0")])
    write_oci_archive("out.tar", store, [(image.descriptor, "1.0")])
    write_docker_archive("out-docker.tar", store, [(image, "example:1.0")])

Formats: OCI image-spec 1.1 (image-layout.md, manifest.md, config.md, layer.md) and Docker's image specification 1.2.
Faulty images are made by changing what the functions return (dataclasses.replace) or with the `edit` arguments.
On the command line every LAYER is a directory or a tar file: make_image.py --help.
"""
import argparse
import copy
import dataclasses
import hashlib
import io
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zlib

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
REF_NAME = "org.opencontainers.image.ref.name"
PIECE = 1 << 20
CREATED = "2024-01-01T00:00:00Z"


# ---- entries of a layer that is written out by hand: (TarInfo, bytes or None) ----

def entry(name, data=None, kind=tarfile.REGTYPE, mode=0o644, **attributes):
    """`attributes` are those of tarfile.TarInfo: uid, gid, mtime, linkname, devmajor, pax_headers …"""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size = kind, mode, len(data or b"")
    for key, value in attributes.items():
        setattr(info, key, value)
    return info, data


def file(name, data=b"", **attributes):
    return entry(name, data, **attributes)


def directory(name, mode=0o755, **attributes):
    return entry(name, kind=tarfile.DIRTYPE, mode=mode, **attributes)


def symlink(name, target, **attributes):
    return entry(name, kind=tarfile.SYMTYPE, mode=0o777, linkname=target, **attributes)


def hardlink(name, target, **attributes):
    return entry(name, kind=tarfile.LNKTYPE, linkname=target, **attributes)


def whiteout(name):
    parent, last = os.path.split(name)
    return entry(os.path.join(parent, ".wh." + last))


def opaque(name):
    return entry(os.path.join(name, ".wh..wh..opq"))


def tar_of(entries, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as archive:
        for info, data in entries:
            archive.addfile(copy.copy(info), io.BytesIO(data) if data else None)
    return out.getvalue()


# ---- trees on disk ----

def snapshot(tree):
    """What is in a directory, to be compared with a later state of it."""
    found = {}
    for folder, folders, files in os.walk(tree):
        for name in folders + files:
            path = os.path.join(folder, name)
            s = os.lstat(path)
            found[os.path.relpath(path, tree)] = (s.st_mode, s.st_uid, s.st_gid, s.st_size, s.st_mtime_ns, s.st_ino)
    return found


def changes(tree, before):
    """(paths that are new or other than in `before`, paths that are gone), as a layer on top of `before` holds them."""
    after = snapshot(tree)
    changed = sorted(path for path, what in after.items() if before.get(path) != what)
    gone = {path for path in before if path not in after}
    return changed, sorted(path for path in gone if os.path.dirname(path) not in gone)


def tar_tree(archive, tree, paths=None, removed=(), as_root=False):
    """Adds `paths` of a directory (None: all of it) and whiteouts for `removed` to an open TarFile."""
    for path in removed:
        archive.addfile(whiteout(path)[0])
    for path in sorted(snapshot(tree)) if paths is None else paths:
        full = os.path.join(tree, path)
        if stat.S_ISSOCK(os.lstat(full).st_mode):
            continue
        info = archive.gettarinfo(full, path)
        info.uname = info.gname = ""
        info.mtime = int(info.mtime)
        if as_root:
            info.uid = info.gid = 0
        try:
            capability = os.getxattr(full, "security.capability", follow_symlinks=False)
            info.pax_headers["SCHILY.xattr.security.capability"] = capability.decode("utf-8", "surrogateescape")
        except OSError:
            pass
        if info.isreg():
            with open(full, "rb") as data:
                archive.addfile(info, data)
        else:
            archive.addfile(info)


# ---- blobs, layers, images ----

@dataclasses.dataclass(frozen=True)
class Layer:
    digest: str  # of the blob as stored
    size: int
    media_type: str
    diff_id: str  # of the tar
    compression: str  # "none", "gzip" or "zstd"
    created_by: str = ""


@dataclasses.dataclass(frozen=True)
class Image:
    descriptor: dict  # of the manifest, with its platform
    manifest: dict
    config_digest: str  # the image's identity
    config: dict
    layers: tuple


class _Tee:
    """Hashes a tar on its way to a compressor and a file."""

    def __init__(self, out, compression):
        self.out, self.hash = out, hashlib.sha256()
        self.deflate = zlib.compressobj(6, zlib.DEFLATED, 31) if compression == "gzip" else None

    def write(self, data):
        self.hash.update(data)
        self.out.write(self.deflate.compress(data) if self.deflate else data)
        return len(data)

    def finish(self):
        if self.deflate:
            self.out.write(self.deflate.flush())
        self.out.flush()
        return "sha256:" + self.hash.hexdigest()


class Store:
    """Blobs in FOLDER/blobs/ALGORITHM/HEX, as in an OCI layout."""

    def __init__(self, folder, algorithm="sha256"):
        self.folder, self.algorithm = pathlib.Path(folder), algorithm
        (self.folder / "blobs" / algorithm).mkdir(parents=True, exist_ok=True)

    def path(self, digest):
        return self.folder / "blobs" / digest.replace(":", "/", 1)

    def add(self, data):
        """A blob from bytes. Gives its digest."""
        digest = f"{self.algorithm}:{hashlib.new(self.algorithm, data).hexdigest()}"
        self.path(digest).write_bytes(data)
        return digest

    def _adopt(self, path):
        digest = hashlib.new(self.algorithm)
        with open(path, "rb") as data:
            while piece := data.read(PIECE):
                digest.update(piece)
        name = f"{self.algorithm}:{digest.hexdigest()}"
        size = os.path.getsize(path)
        os.replace(path, self.path(name))
        return name, size

    def _layer(self, write, compression, created_by, docker=False):
        handle, path = tempfile.mkstemp(dir=self.folder)
        with open(handle, "wb") as out:
            tee = _Tee(out, compression)
            write(tee)
            diff_id = tee.finish()
        if compression == "zstd":
            subprocess.run(["zstd", "-q", "--rm", "-f", path, "-o", path + ".zst"], check=True)
            path += ".zst"
        digest, size = self._adopt(path)
        suffix = {"none": "", "gzip": ".gzip" if docker else "+gzip", "zstd": "+zstd"}[compression]
        media_type = (DOCKER_LAYER if docker else OCI_LAYER) + suffix
        return Layer(digest, size, media_type, diff_id, compression, created_by)

    def layer_from_bytes(self, tar, compression="gzip", created_by="", docker=False):
        """From the bytes of a tar, which need not be a good one."""
        return self._layer(lambda tee: tee.write(tar), compression, created_by, docker)

    def layer_from_entries(self, entries, compression="gzip", created_by="", docker=False):
        return self.layer_from_bytes(tar_of(entries), compression, created_by, docker)

    def layer_from_tar(self, path, compression="gzip", created_by="", docker=False):
        def write(tee):
            with open(path, "rb") as data:
                while piece := data.read(PIECE):
                    tee.write(piece)
        return self._layer(write, compression, created_by, docker)

    def layer_from_tree(self, tree, paths=None, removed=(), compression="gzip", created_by="", as_root=False,
                        docker=False):
        def write(tee):
            with tarfile.open(fileobj=tee, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8",
                              errors="surrogateescape", bufsize=PIECE) as archive:
                tar_tree(archive, tree, paths, removed, as_root)
        return self._layer(write, compression, created_by, docker)

    def uncompressed(self, layer):
        """The same layer with its tar stored as it is."""
        if layer.compression == "none":
            return layer
        program = {"gzip": ["gzip", "-dc"], "zstd": ["zstd", "-dcq"]}[layer.compression]

        def write(tee):
            with open(self.path(layer.digest), "rb") as blob, \
                    subprocess.Popen(program, stdin=blob, stdout=subprocess.PIPE) as process:
                while piece := process.stdout.read(PIECE):
                    tee.write(piece)
        return self._layer(write, "none", layer.created_by)

    def document(self, value, media_type, **more):
        """Stores a JSON document. Gives its descriptor."""
        data = json.dumps(value, indent=1).encode()
        return {"mediaType": media_type, "digest": self.add(data), "size": len(data), **more}

    def image(self, layers, config=None, platform="linux/amd64", docker=False, edit_config=None, edit_manifest=None):
        """Writes configuration and manifest. `config` is what runs: User, Env, Entrypoint … The `edit` functions may
        change a document before it is stored."""
        os_name, architecture, *variant = platform.split("/")
        where = {"architecture": architecture, "os": os_name, **({"variant": variant[0]} if variant else {})}
        whole = {"created": CREATED, **where, "config": config or {},
                 "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
                 "history": [{"created": CREATED, "created_by": layer.created_by} for layer in layers]}
        if edit_config:
            edit_config(whole)
        config_descriptor = self.document(whole, DOCKER_CONFIG if docker else OCI_CONFIG)
        media_type = DOCKER_MANIFEST if docker else OCI_MANIFEST
        manifest = {"schemaVersion": 2, "mediaType": media_type, "config": config_descriptor,
                    "layers": [{"mediaType": l.media_type, "digest": l.digest, "size": l.size} for l in layers]}
        if edit_manifest:
            edit_manifest(manifest)
        descriptor = self.document(manifest, media_type, platform=where)
        return Image(descriptor, manifest, config_descriptor["digest"], whole, tuple(layers))

    def index(self, descriptors, docker=False):
        """Stores an index of manifests (or of indexes). Gives its descriptor."""
        media_type = DOCKER_INDEX if docker else OCI_INDEX
        return self.document({"schemaVersion": 2, "mediaType": media_type, "manifests": list(descriptors)}, media_type)

    def reachable(self, descriptor, found=None):
        """Digests of all blobs that a descriptor leads to and that are in the store."""
        found = {} if found is None else found
        digest = descriptor.get("digest", "")
        if digest in found or not self.path(digest).is_file():
            return found
        found[digest] = True
        if descriptor.get("mediaType") in (OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST):
            document = json.loads(self.path(digest).read_bytes())
            for child in [document.get("config", {}), *document.get("layers", []), *document.get("manifests", [])]:
                self.reachable(child, found)
        return found


# ---- where images are kept ----

def layout_index(tagged):
    manifests = []
    for descriptor, tag in tagged:
        annotations = {"annotations": {REF_NAME: tag}} if tag else {}
        manifests.append({**descriptor, **annotations})
    return {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}


def write_oci_layout(folder, store, tagged):
    """`tagged`: (descriptor of a manifest or index, tag or None) each."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for descriptor, _ in tagged:
        for digest in store.reachable(descriptor):
            target = folder / "blobs" / digest.replace(":", "/", 1)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copyfile(store.path(digest), target)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps(layout_index(tagged), indent=1))


class _Archive:
    """A tar of documents and blobs."""

    def __init__(self, path):
        self.tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tar.close()

    def document(self, name, value):
        data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.tar.addfile(*_with_bytes(file(name, data)))

    def blob(self, name, path):
        info = entry(name)[0]
        info.size = os.path.getsize(path)
        with open(path, "rb") as data:
            self.tar.addfile(info, data)

    def add(self, made):
        self.tar.addfile(*_with_bytes(made))


def _with_bytes(made):
    return made[0], io.BytesIO(made[1] or b"")


def write_oci_archive(path, store, tagged):
    with _Archive(path) as archive:
        archive.document("oci-layout", {"imageLayoutVersion": "1.0.0"})
        archive.document("index.json", layout_index(tagged))
        digests = {}
        for descriptor, _ in tagged:
            store.reachable(descriptor, digests)
        for digest in digests:
            archive.blob("blobs/" + digest.replace(":", "/", 1), store.path(digest))


def write_docker_archive(path, store, tagged, style="docker"):
    """`tagged`: (Image, "name:tag" or None) each. Styles: "docker" (since 25, an OCI layout too), "docker-old" (a
    folder a layer), "podman" (a file a layer, folders that link to them)."""
    with _Archive(path) as archive:
        manifest, layout, seen = [], [], set()
        for image, tag in tagged:
            layers = [store.uncompressed(layer) for layer in image.layers]
            config_hex = image.config_digest.split(":")[1]
            config_name, names = {
                "docker": lambda: _docker_blobs(archive, store, image, layers, tag, seen, layout),
                "docker-old": lambda: (f"{config_hex}.json", _old_layers(archive, store, layers, seen)),
                "podman": lambda: (f"{config_hex}.json", _podman_layers(archive, store, layers, seen)),
            }[style]()
            if style != "docker" and config_name not in seen:
                archive.blob(config_name, store.path(image.config_digest))
                seen.add(config_name)
            manifest.append({"Config": config_name, "RepoTags": [tag] if tag else None, "Layers": names})
        if style == "docker":
            archive.document("index.json", layout_index(layout))
            archive.document("oci-layout", {"imageLayoutVersion": "1.0.0"})
        else:
            archive.document("repositories", _repositories(manifest))
        archive.document("manifest.json", manifest)


def _docker_blobs(archive, store, image, layers, tag, seen, layout):
    plain = store.image(layers, image.config.get("config"), "/".join(filter(None, [
        image.config.get("os"), image.config.get("architecture"), image.config.get("variant")])),
        edit_config=lambda config: (config.clear(), config.update(image.config)))
    layout.append((plain.descriptor, tag.rsplit(":", 1)[-1] if tag else None))
    for digest in store.reachable(plain.descriptor):
        name = "blobs/" + digest.replace(":", "/", 1)
        if name not in seen:
            archive.blob(name, store.path(digest))
            seen.add(name)
    return ("blobs/" + plain.config_digest.replace(":", "/", 1),
            ["blobs/" + layer.digest.replace(":", "/", 1) for layer in layers])


def _folder_names(layers):
    """The old format names a layer by itself and all below it."""
    name = ""
    for layer in layers:
        name = hashlib.sha256(f"{name} {layer.diff_id}".encode()).hexdigest()
        yield name, layer


def _old_layers(archive, store, layers, seen):
    names, parent = [], None
    for name, layer in _folder_names(layers):
        names.append(f"{name}/layer.tar")
        if name not in seen:
            archive.add(directory(name + "/"))
            archive.document(f"{name}/VERSION", "1.0")
            archive.document(f"{name}/json", {"id": name, "created": CREATED, **({"parent": parent} if parent else {})})
            archive.blob(f"{name}/layer.tar", store.path(layer.digest))
            seen.add(name)
        parent = name
    return names


def _podman_layers(archive, store, layers, seen):
    names = []
    for name, layer in _folder_names(layers):
        names.append(layer.diff_id.split(":")[1] + ".tar")
        if names[-1] not in seen:
            archive.blob(names[-1], store.path(layer.digest))
        if name not in seen:
            archive.add(symlink(f"{name}/layer.tar", f"../{names[-1]}"))
        seen |= {names[-1], name}
    return names


def _repositories(manifest):
    found = {}
    for one in manifest:
        for reference in one["RepoTags"] or []:
            name, tag = reference.rsplit(":", 1)
            found.setdefault(name, {})[tag] = os.path.dirname(one["Layers"][-1]) if one["Layers"] else ""
    return found


# ---- the command line ----

FORMATS = ["oci-dir", "oci-archive", "docker-archive", "docker-archive-old", "docker-archive-podman"]


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description="Makes an image of directories and tar files, the lowest layer first.")
    parser.add_argument("--format", choices=FORMATS, default="oci-archive")
    parser.add_argument("--output", required=True, help="file, or directory for oci-dir")
    parser.add_argument("--tag", default="latest", help='tag, or "name:tag" for docker-archive')
    parser.add_argument("--platform", default="linux/amd64")
    parser.add_argument("--compression", choices=["gzip", "zstd", "none"], default="gzip")
    parser.add_argument("--docker", action="store_true", help="Docker's media types")
    parser.add_argument("--as-root", action="store_true", help="files of directories belong to root in the image")
    parser.add_argument("--user", help="the configuration's User")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--entrypoint", action="append", default=[], metavar="WORD")
    parser.add_argument("--created-by", action="append", default=[], metavar="TEXT", help="once a layer, in order")
    parser.add_argument("layers", nargs="+", metavar="LAYER")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_arguments(argv)
    config = {"User": args.user, "Env": args.env, "Entrypoint": args.entrypoint}
    config = {key: value for key, value in config.items() if value}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        layers = []
        for i, source in enumerate(args.layers):
            said = args.created_by[i] if i < len(args.created_by) else f"made of {os.path.basename(source)}"
            how = {"compression": args.compression, "docker": args.docker, "created_by": said}
            layers.append(store.layer_from_tree(source, as_root=args.as_root, **how) if os.path.isdir(source) else
                          store.layer_from_tar(source, **how))
        image = store.image(layers, config, args.platform, args.docker)
        if args.format == "oci-dir":
            write_oci_layout(args.output, store, [(image.descriptor, args.tag)])
        elif args.format == "oci-archive":
            write_oci_archive(args.output, store, [(image.descriptor, args.tag)])
        else:
            tag = args.tag if ":" in args.tag else f"image:{args.tag}"
            style = {"docker-archive": "docker", "docker-archive-old": "docker-old", "docker-archive-podman": "podman"}
            write_docker_archive(args.output, store, [(image, tag)], style[args.format])
    print(image.config_digest)


if __name__ == "__main__":
    sys.exit(main())
