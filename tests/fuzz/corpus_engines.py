# SPDX-License-Identifier: Apache-2.0
"""Documents as container engines write them, and what a server on containerd's socket answers."""
import json

ID = "a" * 64
IMAGE = "sha256:" + "1" * 64
DIGEST = "sha256:" + "2" * 64

BUNDLE = {
    "ociVersion": "1.0.2", "root": {"path": "rootfs"}, "process": {"capabilities": {"bounding": ["CAP_SYS_ADMIN"]}},
    "mounts": [{"destination": "/data", "type": "bind", "source": "/srv", "options": ["rbind", "ro", "rprivate"]}],
    "annotations": {
        "io.container.manager": "cri-o", "io.kubernetes.cri-o.ContainerType": "sandbox", "io.kubernetes.cri-o.Image": "1" * 64,
        "io.kubernetes.cri-o.ImageName": "quay.io/a/b:1", "io.kubernetes.cri-o.ImageRef": "quay.io/a/b@" + DIGEST,
        "io.kubernetes.cri-o.Labels": "{\"a\":\"b\"}", "io.kubernetes.pod.name": "web-0",
        "io.kubernetes.cri.container-type": "container", "io.kubernetes.cri.sandbox-id": ID,
    },
    "linux": {
        "cgroupsPath": "system.slice:docker:" + ID, "namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/1/ns/net"}],
        "resources": {"devices": [{"allow": False, "access": "rwm"}, {"allow": True, "type": "a", "access": "rwm"}]},
    },
}
PODMAN = {"root": {"path": "/merged"}, "annotations": {"io.container.manager": "libpod",
                                                       "io.podman.annotations.privileged": "TRUE"}}
DOCKER = {
    "ID": ID, "Name": "/web", "Image": IMAGE, "Config": {"Image": "shop/web:1", "Labels": {"app": "shop"}},
    "MountPoints": {"/data": {"Source": "/srv", "Destination": "/data", "RW": True, "Relabel": "z", "Propagation": "rprivate"}},
    "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2"}}},
    "State": {"Running": True, "Pid": 7, "StartedAt": "2026-11-25T12:34:45.87Z"},
}
DOCKER_CONTAINERD = {"ID": ID, "Image": DIGEST, "ImageManifest": {"digest": IMAGE}, "Config": {"Image": IMAGE}}
RUNC = {
    "init_process_pid": 7, "created": "2026-11-25T12:34:45Z", "cgroup_paths": {"": "/sys/fs/cgroup/web"},
    "config": {"rootfs": "/srv/rootfs", "labels": ["bundle=/srv", "other"]},
}


def files_inputs():
    for name, kind, value in [
            ("bundle", "b", BUNDLE), ("bundle-podman", "b", PODMAN), ("docker", "d", DOCKER),
            ("docker-containerd", "d", DOCKER_CONTAINERD),
            ("docker-host", "h", {"Privileged": True, "PidMode": "host", "IpcMode": "host", "NetworkMode": "host"}),
            ("docker-repositories", "r", {"Repositories": {"web": {"web:1": IMAGE, "web@" + DIGEST: IMAGE}}}),
            ("storage-containers", "s", [{"id": ID, "names": ["web"], "image": "1" * 64, "created": "2026-11-25T12:34:45Z",
                                          "metadata": "{\"image-name\":\"localhost/web:1\",\"name\":\"web\"}"}]),
            ("storage-images", "i", [{"id": "1" * 64, "digest": DIGEST, "names": ["localhost/web:1"]}]),
            ("crun", "c", {"pid": 7, "cgroup-path": "/web", "bundle": "/srv", "created": "2026-11-25T12:34:45Z"}),
            ("cni", "n", {"kind": "cniCacheV1", "result": {"ips": [{"address": "10.88.0.2/16"}]}}),
            ("runc", "x", RUNC), ("wrong-types", "d", {"ID": 1, "Config": [], "MountPoints": {"x": 2}, "State": "y"}),
            ("no-object", "b", [1, 2]), ("labels", "d", {"Config": {"Labels": {f"l{i}": "v" for i in range(300)}}}),
    ]:
        yield name, kind.encode() + json.dumps(value, separators=(",", ":")).encode()


def texts_inputs():
    yield "name-docker", b"/docker/" + ID.encode()
    yield "name-scope", b"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + ID.encode() + b".scope/container"
    yield "name-deep", b"/a" * 60
    yield "systemd", b"kubepods-burstable-pod1.slice:cri-containerd:" + ID.encode()
    yield "systemd-empty", b"::"
    yield "reference", b"registry.example:5000/shop/web:1@" + DIGEST.encode()
    yield "time", b"2026-11-25T12:34:45.874576428+01:30"
    yield "mounts", (b"22 1 0:45 / / rw shared:2 - overlay overlay rw,lowerdir=/l/A\\0541:/l/B,upperdir=/u,workdir=/w\n"
                     b"23 22 8:1 /x /a\\040b rw - ext4 /dev/sda rw\n")
    yield "addresses", b"Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.1.0.7\n        /32 host LOCAL\n"
    yield "addresses-6", b"fd000000000000000000000000000002 02 40 00 80 eth0\n"


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def frame(kind, flags, payload, stream=1):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def answer(message):
    data = b"\0" + len(message).to_bytes(4, "big") + message
    return (frame(4, 0, b"", 0) + frame(6, 0, b"12345678", 0) + frame(1, 4, b"\x88") + frame(0, 0, data[:7]) +
            frame(0, 8, b"\3" + data[7:] + b"\0\0\0") + frame(1, 5, b"\x88"))


def grpc_inputs():
    label = field(1, b"app") + field(2, b"shop")
    container = field(1, field(1, b"c1") + field(2, label) + field(3, b"docker.io/library/web:1") + varint(9 << 3) + varint(5))
    image = field(1, field(1, b"web:1") + field(3, field(1, b"application/json") + field(2, DIGEST.encode())))
    yield "container", b"\0" + answer(container)
    yield "container-in-pieces", b"\1" + answer(container)
    yield "image", b"\0" + answer(image)
    yield "no-message", b"\0" + frame(4, 0, b"", 0) + frame(1, 5, b"\x88")
    yield "reset", b"\0" + frame(3, 0, b"\0\0\0\1")
    yield "goaway", b"\0" + frame(7, 0, b"\0" * 8, 0)
    yield "padding", b"\0" + frame(0, 8, b"\xff")
    yield "large-frame", b"\0" + (1 << 20).to_bytes(3, "big") + b"\0\0\0\0\0\1"
    yield "bad-message", b"\0" + answer(field(1, b"\x12\xff\x01"))


INPUTS = {"engine-files": files_inputs, "engine-grpc": grpc_inputs, "engine-texts": texts_inputs}
