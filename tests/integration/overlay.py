# SPDX-License-Identifier: Apache-2.0
"""What an engine shows of an image, twice over: a model of it in a few lines, and the kernel's own overlayfs."""
import contextlib
import hashlib
import os
import stat
import subprocess
import tarfile

from scanning import make

KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.CONTTYPE: "file", tarfile.DIRTYPE: "directory",
         tarfile.SYMTYPE: "symlink", tarfile.CHRTYPE: "character", tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "fifo"}


def clean(name):
    return os.path.normpath("/" + name).lstrip("/")


def sha256(data):
    return hashlib.sha256(data or b"").hexdigest()


class Model:
    """The merged view of layers given as lists of (TarInfo, bytes), each laid over those before it."""

    def __init__(self):
        self.view = {}

    @staticmethod
    def implied(layer):
        return {"type": "directory", "mode": "0755", "uid": 0, "gid": 0, "size": 0, "sha256": None, "target": None,
                "layer": layer}

    def add(self, number, entries):
        own, gone, opaque = {}, set(), set()
        for info, data in entries:
            path = self.follow(own, clean(info.name))
            parent, name = os.path.split(path)
            self.need_parents(number, path, own)
            if name == ".wh..wh..opq":
                opaque.add(parent)
            elif name.startswith(".wh."):
                gone.add(os.path.join(parent, name[4:]))
            else:
                own[path] = self.node(number, own, info, data)
        self.hide(own, gone, opaque)
        for path in sorted(own):
            kept = self.view.get(path, {"type": None})["type"] == "directory"
            if not (own[path].get("implied") and kept):
                self.view[path] = {k: v for k, v in own[path].items() if k != "implied"}

    @staticmethod
    def follow(own, path):
        """Through links that the same layer made."""
        for _ in range(40):
            parts = path.split("/")
            for i in range(1, len(parts)):
                node = own.get("/".join(parts[:i]), {"type": None})
                if node["type"] == "symlink":
                    path = clean(os.path.join("/", *parts[:i - 1], node["target"], *parts[i:]))
                    break
            else:
                return path
        return path

    def node(self, number, own, info, data):
        if info.type == tarfile.LNKTYPE:
            target = clean(info.linkname)
            node = own.get(target) or self.view[target]
            mode = node["mode"] if node["type"] == "symlink" else f"{info.mode & 0o7777:04o}"
            return {**node, "layer": number, "mode": mode, "uid": info.uid, "gid": info.gid}
        regular = KINDS[info.type] == "file"
        return {"type": KINDS[info.type], "mode": f"{info.mode & 0o7777:04o}", "uid": info.uid, "gid": info.gid,
                "size": len(data or b"") if regular else 0, "sha256": sha256(data) if regular else None,
                "target": info.linkname if info.issym() else None, "layer": number}

    def hide(self, own, gone, opaque):
        """Lower layers' files that this layer hides."""
        replaced = {path for path, node in own.items() if node["type"] != "directory"}
        for path in list(self.view):
            parts = path.split("/") if path else []
            parents = ["/".join(parts[:i]) for i in range(len(parts))]
            if path in gone or any(p in gone or p in opaque or p in replaced for p in parents):
                del self.view[path]

    def need_parents(self, number, path, own):
        while path:
            path = os.path.dirname(path)
            own.setdefault(path, {**self.implied(number), "implied": True})


def model(layers):
    made = Model()
    for number, entries in enumerate(layers):
        made.add(number, entries)
    return {"/" + path: node for path, node in made.view.items()}


def seen_by_scan(done):
    """A report's files in the model's terms."""
    digests = [layer["digest"] for layer in done.target["layers"]]
    keys = ("type", "mode", "uid", "gid", "size", "sha256", "target")
    return {path: {**{k: f[k] for k in keys}, "layer": digests.index(f["layer"])} for path, f in done.files.items()}


def without_layers(view):
    return {path: {k: v for k, v in f.items() if k != "layer"} for path, f in view.items()}


# ---- the kernel's ----

def can_mount(folder):
    if os.geteuid() != 0:
        return False
    try:
        with mounted([make.tar_of([make.file("a", b"")]), make.tar_of([make.file("b", b"")])], folder):
            return True
    except (subprocess.CalledProcessError, OSError):
        return False


def extract(tar, folder):
    """As an engine extracts a layer for overlayfs: by tar, then marks in place of the archive's."""
    os.mkdir(folder, 0o755)
    subprocess.run(["tar", "-x", "-p", "--same-owner", "--xattrs", "--xattrs-include=security.*", "-C", folder], input=tar,
                   check=True)
    for path, _, names in os.walk(os.fsencode(folder)):
        for name in names:
            full = os.path.join(path, name)
            if name == b".wh..wh..opq":
                os.unlink(full)
                os.setxattr(path, "trusted.overlay.opaque", b"y")
            elif name.startswith(b".wh."):
                os.unlink(full)
                hidden = os.path.join(path, name[4:])
                if os.path.isdir(hidden):
                    os.setxattr(hidden, "trusted.overlay.opaque", b"y")
                elif not os.path.lexists(hidden):
                    os.mknod(hidden, stat.S_IFCHR | 0o600, os.makedev(0, 0))


@contextlib.contextmanager
def mounted(tars, folder):
    """The layers (bytes of tars, lowest first) as a mounted read-only overlay."""
    folder = os.fspath(folder)
    os.makedirs(folder, exist_ok=True)
    lower = []
    for i, tar in enumerate(tars):
        extract(tar, os.path.join(folder, str(i)))
        lower.insert(0, str(i))
    if len(lower) == 1:
        os.mkdir(os.path.join(folder, "none"))
        lower.append("none")
    os.mkdir(os.path.join(folder, "view"))
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", "lowerdir=" + ":".join(lower), "view"], cwd=folder, check=True)
    try:
        yield os.path.join(folder, "view")
    finally:
        subprocess.run(["umount", os.path.join(folder, "view")], check=True)


def seen_in_directory(top):
    """What is in a directory, in the model's terms but for layers."""
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFCHR: "character",
             stat.S_IFBLK: "block", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket"}
    top, found = os.fsencode(top), {}
    for folder, folders, names in os.walk(top):
        for full in [os.path.join(folder, name) for name in folders + names] + ([top] if folder == top else []):
            if not os.path.lexists(full):
                continue  # a whiteout of nothing: overlayfs lists it, and then says that there is none
            st = os.lstat(full)
            regular = stat.S_ISREG(st.st_mode)
            target = os.readlink(full) if stat.S_ISLNK(st.st_mode) else None
            content = open(full, "rb").read() if regular else None
            path = "/" + text_of(full[len(top):].lstrip(b"/"))
            found[path] = {"type": kinds[stat.S_IFMT(st.st_mode)], "mode": f"{st.st_mode & 0o7777:04o}", "uid": st.st_uid,
                           "gid": st.st_gid, "size": st.st_size if regular else 0,
                           "sha256": sha256(content) if regular else None, "target": text_of(target) if target else None}
    return found


def text_of(name):
    """A name as reports write it: bytes that are not UTF-8 as \\xHH."""
    return "".join(f"\\x{ord(c) - 0xdc00:02x}" if "\udc80" <= c <= "\udcff" else c for c in
                   name.decode("utf-8", "surrogateescape"))
