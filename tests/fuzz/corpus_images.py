# SPDX-License-Identifier: Apache-2.0
"""Documents and archives of images that fuzzing starts from, and what workers say of them; see make_corpus.py."""
import hashlib
import json
import struct
import tarfile

from corpus_layers import frame, gnu_sparse, member, s, string_list, tar


def json_inputs():
    digest = "sha256:" + "ab" * 32
    descriptor = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": 123}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {**descriptor, "mediaType": "application/vnd.oci.image.config.v1+json"},
                "layers": [descriptor]}
    index = {"schemaVersion": 2, "manifests": [{**descriptor, "platform": {"architecture": "arm64", "os": "linux",
             "variant": "v8"}, "annotations": {"org.opencontainers.image.ref.name": "latest"}}]}
    config = {"architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z",
              "config": {"User": "0", "Env": ["PATH=/bin"], "Entrypoint": None, "ExposedPorts": {"80/tcp": {}}},
              "rootfs": {"type": "layers", "diff_ids": [digest]}, "history": [{"created_by": "a", "empty_layer": True}]}
    docker = [{"Config": "x.json", "RepoTags": ["a:b"], "Layers": ["1/layer.tar"]}]
    for name, value in [("manifest", manifest), ("index", index), ("config", config), ("docker", docker)]:
        yield name, json.dumps(value).encode()
    yield "numbers", b'[0, -1, 9223372036854775807, 9223372036854775808, 1e400, 1.5, -0, 1E-2]'
    yield "strings", rb'["\u0000", "\ud83d\ude00", "\ud83d", "\/\b\f\n\r\t\"", "' + "é€😀".encode() + b'"]'
    yield "strings-good", rb'{"a":"\ud83d\ude00","b":"\/\b\f\n\r\t\"' + "é€😀".encode() + b'"}'
    yield "twice", b'{"a": 1, "a": 2}'
    yield "deep", b"[" * 200 + b"]" * 200
    yield "empty", b""
    yield "trailing", b"{} x"


def document_inputs():
    digest, other = "sha256:" + "ab" * 32, "sha512:" + "cd" * 64
    linux = {"architecture": "amd64", "os": "linux"}
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": 123}
    names = {"org.opencontainers.image.ref.name": "latest", "io.containerd.image.name": "docker.io/library/x:latest"}
    index = {"schemaVersion": 2, "manifests": [
        {**layer, "platform": linux, "annotations": names},
        {**layer, "digest": other, "platform": {**linux, "architecture": "arm64", "variant": "v8"}},
        {**layer, "platform": {"architecture": "unknown", "os": "unknown"}}]}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": layer,
                "layers": [layer, {**layer, "urls": ["https://example.org"], "size": 2 ** 63 - 1}]}
    config = {**linux, "created": "2024-01-01T00:00:00Z", "config": {"User": "0"}, "history": [
        {"created_by": "a" * 40, "empty_layer": True}, {"created_by": None}], "rootfs": {"diff_ids": [digest, other]}}
    docker = [{"Config": "x.json", "RepoTags": ["a:b", "c:latest"], "Layers": ["1/layer.tar"]},
              {"Config": "y", "RepoTags": None, "Layers": []}]
    for name, kind, value in [("index", 1, index), ("manifest", 2, manifest), ("config", 3, config),
                              ("docker", 4, docker), ("either-index", 0, index), ("either-manifest", 0, manifest),
                              ("neither", 0, {}), ("both", 0, {**index, **manifest}), ("schema-1", 0, {"fsLayers": []}),
                              ("bad-digest", 2, {**manifest, "config": {**layer, "digest": "sha256:AB"}}),
                              ("not-objects", 1, {"manifests": [1, "a", None]}), ("docker-object", 4, {}),
                              ("no-history", 3, {**config, "history": 1}),
                              ("docker-tags", 4, [{**docker[0], "RepoTags": [1]}])]:
        yield name, bytes([kind]) + json.dumps(value).encode()
    yield "answer-index", answer_of_index()
    yield "answer-huge", answer_of_index(1 << 63)
    yield "answer-docker", b"\4" + struct.pack("<I", 1) + b"\1" + s(b"x.json") + string_list([]) + string_list([])
    history = struct.pack("<I", 1) + b"\1" + s(b"a") + b"\0"
    yield "answer-config", b"\3" + (b"\0" + s(b"")) * 5 + string_list([]) + history


def answer_of_index(size=5):
    nothing = b"\0" + s(b"")
    descriptor = nothing + b"\1" + bytes(range(32)) + bytes(32) + struct.pack("<Q", size) + nothing * 3
    return b"\1" + nothing + struct.pack("<I", 1) + descriptor + b"\1" + s(b"latest") + nothing + b"\1"


def archive_inputs():
    symlink, hardlink = tarfile.SYMTYPE, tarfile.LNKTYPE
    yield "usual", tar([member("manifest.json", b"[]"), member("blobs/", kind=tarfile.DIRTYPE),
                        member("blobs/a", b"x" * 600),
                        member("1/layer.tar", kind=symlink, link="../blobs/a"),
                        member("2/layer.tar", kind=hardlink, link="1/layer.tar")])
    yield "twice", tar([member("a", b"1"), member("./a", b"2"), member("/a", kind=symlink, link="a")])
    yield "long-names", tar([member("p/" * 60 + "f", b"x"), member("l", kind=symlink, link="t/" * 80)],
                            tarfile.GNU_FORMAT)
    yield "pax", tar([member("p/" * 60 + "f", b"x", pax_headers={"path": "q"})], tarfile.PAX_FORMAT)
    yield "outside", tar([member("../a", b"1"), member("b", kind=symlink, link="../../../c"),
                          member("d", kind=hardlink, link="../e"), member("f", kind=tarfile.FIFOTYPE)])
    yield "sparse", gnu_sparse()
    yield "short", tar([member("a", b"x" * 2000)])[:1200]
    yield "large", tar([member("a", b"x")]).replace(b"00000000001\0", b"77777777777\0", 1)
    yield "empty", b""


def frames_inputs():
    def named(kind, path, target=b"", offset=512, size=5):
        return bytes([kind]) + s(path) + s(target) + struct.pack("<QQ", offset, size)
    usual = [named(1, b"manifest.json"), named(1, b"a", offset=4096, size=0), named(4, b"b", b"a"),
             named(3, b"c", b"b")]
    yield "archive", b"\0" + frame(1, b"".join(usual)) + frame(2, b"\2" + s(b"x") + s(b"odd"))
    yield "archive-beyond", b"\0" + frame(1, named(1, b"a", offset=2 ** 64 - 1) + named(1, b"a", size=2 ** 64 - 1))
    links = [named(4, b"a", b"b"), named(4, b"b", b"a"), named(2, b"c"), named(5, b"d")]
    yield "archive-links", b"\0" + frame(1, b"".join(links))
    yield "archive-nul", b"\0" + frame(1, named(1, b"a\0b") + named(1, b""))
    yield "document", b"\1" + frame(1, answer_of_index()[:9]) + frame(1, answer_of_index()[9:]) + frame(2, b"")
    yield "document-failed", b"\1" + frame(3, struct.pack("<i", -74) + s(b"a message"))
    yield "document-nonsense", b"\1" + frame(9, b"")
    yield "layer", b"\2" + frame(1, b"\1" + bytes(64)) + frame(1, b"\3" + bytes(64)) + frame(2, b"")


def load_inputs():
    def blob(text):
        return b"blobs/sha256/" + hashlib.sha256(text).hexdigest().encode(), text

    def descriptor(named, **more):
        return {"digest": "sha256:" + named[0].decode()[-64:], "size": len(named[1]), **more}

    def files(options, *named):
        return bytes([options]) + b"".join(s(name) + s(text) for name, text in named)

    platform = {"os": "linux", "architecture": "amd64"}
    diff_ids = ["sha256:" + "00" * 32]
    config = blob(json.dumps({**platform, "rootfs": {"diff_ids": diff_ids}, "history": [{"created_by": "x"}]}).encode())
    layer = blob(b"layer")
    manifest = blob(json.dumps({"config": descriptor(config), "layers": [descriptor(layer)]}).encode())
    inner = blob(json.dumps({"manifests": [descriptor(manifest, platform=platform)]}).encode())
    names = {"org.opencontainers.image.ref.name": "latest"}
    index = b"index.json", json.dumps({"manifests": [descriptor(inner, annotations=names)]}).encode()
    flat = b"index.json", json.dumps({"manifests": [descriptor(manifest, annotations=names)]}).encode()
    docker = b"manifest.json", json.dumps([{"Config": config[0].decode(), "RepoTags": ["a:latest"],
                                            "Layers": [layer[0].decode(), "./1/../2/layer.tar"]}]).encode()
    old = b"manifest.json", b'[{"Config":"' + config[0][-64:] + b'.json","RepoTags":null,"Layers":["x/layer.tar"]}]'
    yield "oci", files(0, flat, config, layer, manifest)
    yield "oci-nested", files(6, index, inner, config, layer, manifest)
    yield "oci-nothing-there", files(2, flat)
    yield "oci-wrong-bytes", files(0, flat, (manifest[0], manifest[1] + b" "), (config[0], b"{}"), (layer[0], b""))
    yield "oci-itself", files(0, (b"index.json", index[1]), (inner[0], index[1]))
    yield "docker", files(1, docker, config, layer, flat, manifest)
    yield "docker-old", files(1, old, (config[0][-64:] + b".json", config[1]), (b"x/layer.tar", b"tar"))
    yield "docker-outside", files(1, (b"manifest.json", docker[1].replace(b"./1/../2", b"../../..")), config)


INPUTS = {
    "archive": archive_inputs,
    "document": document_inputs,
    "frames": frames_inputs,
    "json": json_inputs,
    "load": load_inputs,
}
