# SPDX-License-Identifier: Apache-2.0
"""Inputs of the target 'decoder': "u8 type, u32 size, event" each. Follows src/sensor/abi/event.h."""
import re
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = re.findall(r"X\((\w+), [A-Z]+\)", (ROOT / "src/sensor/abi/kinds.h").read_text().split("LIST(X)")[1].split("#define")[0])
PATH, FILE, NAME, NAME2, NAME3, DIR, DIR2, CWD, SOCKET, SOCKADDR, UNIX, PROCESS, ARGV, ENV, CGROUP, WORDS = range(1, 17)


def text(kind, what, flags=0):
    return part(kind, what.encode() + b"\0", flags)


def part(kind, data, flags=0):
    return struct.pack("<HHI", kind, flags, len(data)) + data + bytes(-len(data) % 8)


def file_part(mode=0o100755, marks=0, flags=0):
    return part(FILE, struct.pack("<Qqq8I", 77, 5, 6, 8 << 20 | 1, mode, 0, 0, 1, 0, flags, marks))


def socket_part(family=2, kind=1, protocol=6, local=(8080, b"\x7f\0\0\1"), remote=(443, b"\x0a\0\0\1")):
    return part(SOCKET, struct.pack("<QHHHBBHHI16s16s", 5, family, kind, protocol, 1, 0, local[0], remote[0], 0, local[1], remote[1]))


def process_part(pid, ppid, start=100):
    return part(PROCESS, struct.pack("<QQQ8I16s", start, 1, 9, pid, ppid, pid, 1, pid, pid, 0x8801, 0, b"sh"))


def event(kind, parts=(), pid=10, ppid=1, start=100, args=(), result=0, flags=0, seq=1, comm=b"sh", size=None, n_parts=None,
          cpu=0):
    body = b"".join(parts)
    args = list(args) + [0] * (6 - len(args))
    kind = KINDS.index(kind) if isinstance(kind, str) else kind
    head = struct.pack("<IHH4Qq6Q3Q14I16s", size if size is not None else 192 + len(body), kind, flags, seq, 1000 + seq, 7, start,
                       result, *[a & 2**64 - 1 for a in args], 0, 2**40, 2**41 - 1, cpu, pid, pid, ppid, pid, pid, 0, 0, 0, 0,
                       2**32 - 1, 1, 2, n_parts if n_parts is not None else len(parts), comm)
    return head + body


def frames(*events, kind=0):
    return b"".join(struct.pack("<BI", kind, len(e)) + e for e in events)


def image(path="/usr/bin/sh", argv="sh\0-c\0id\0", env="A=1\0B\0", marks=0):
    return [process_part(10, 1), file_part(marks=marks), text(PATH, path), text(CWD, "/tmp"), text(CGROUP, "/docker/abc"),
            part(ARGV, argv.encode()), part(ENV, env.encode())]


def decoder():
    six = struct.pack("<HH4s16sI", 10, 0x5000, b"", b"\0" * 10 + b"\xff\xff\x7f\0\0\1", 0)
    four = struct.pack("<HH4s8s", 2, 0x5000, b"\x0a\0\0\1", b"")
    life = [event("procinfo", image("/sbin/init", "init\0"), pid=1, ppid=0, start=1, flags=18),
            event("clone", [process_part(10, 1)], pid=1, ppid=0, start=1, result=10, seq=2),
            event("execve", image() + [text(NAME, "/bin/sh")], seq=3),
            event("openat", [file_part(), text(PATH, "/etc/passwd"), text(NAME, "passwd")], args=[-100, 1, 0x241, 0o644], seq=4),
            event("procexit", result=256, seq=5)]
    yield "life", frames(*life)
    yield "lost", frames(life[0], life[2], event("openat", seq=9), event("openat", seq=8), event("openat", seq=8))
    yield "other-pid", frames(life[2], event("execve", image(), start=200, seq=2), event("clone", [process_part(10, 10)], seq=3))
    yield "many", frames(*(event("clone", [process_part(p + 1, p, p + 1)], pid=p, ppid=p - 1, start=p, result=p + 1, seq=p)
                           for p in range(1, 90)))
    yield "memfd", frames(event("execveat", image("memfd:x", "a\0", "", 4)))
    yield "failed-open", frames(event("openat", [text(NAME, "../a/./b"), text(DIR, "/srv/x")], args=[3, 0, 0], result=-2))
    yield "openat2", frames(event("openat2", [part(WORDS, struct.pack("<3Q", 0o100101, 0o755, 4)), text(NAME, "n")], result=-13))
    names = [text(NAME, "old"), text(DIR, "/a/b"), text(NAME2, "../new"), text(DIR2, "/c"), text(NAME3, "tmpfs")]
    yield "names", frames(*(event(kind, names, args=[5, 6, 7, 8, 9, 10], seq=i + 1) for i, kind in enumerate(KINDS) if i > 7))
    yield "all-kinds", frames(*(event(kind, [], args=[2**63, 2**32 - 1, 255], result=-4095, seq=i + 1) for i, kind in enumerate(KINDS)))
    yield "sockets", frames(
        event("connect", [socket_part(), part(SOCKADDR, four)], args=[3, 1, 16]),
        event("connect", [socket_part(10, 1, 6, (0, b""), (0, b"")), part(SOCKADDR, six)], args=[3, 1, 28], result=-111),
        event("sendto", [socket_part(2, 2, 17, (0, b""), (0, b"")), part(SOCKADDR, four)], args=[3]),
        event("accept4", [socket_part(10, 1, 6, (22, b"\0" * 15 + b"\1"), (999, b"\0" * 15 + b"\1"))], result=9),
        event("bind", [socket_part(1, 1, 0, (0, b""), (0, b"")), part(SOCKADDR, b"\1\0\0abstract\0x")], args=[3]),
        event("bind", [socket_part(16, 3, 0)], args=[3]), event("dup2", [socket_part()], result=0))
    yield "cgroup", frames(event("cgroup_mkdir", [text(CGROUP, "/docker/abc")], result=99), event("cgroup_rmdir", [], result=99))
    yield "size-too-big", frames(event("openat", size=4096))
    yield "part-beyond", frames(event("openat", [struct.pack("<HHI", 1, 0, 400) + b"x" * 8]))
    yield "parts-too-many", frames(event("openat", n_parts=33))
    yield "rest", frames(event("openat", [bytes(8)], n_parts=0))
    yield "unknown-kind", frames(event(900))
    yield "unknown-part", frames(event("unlink", [part(99, b"x"), text(NAME, "/x")]))
    yield "no-end", frames(event("unlink", [part(NAME, b"/no/zero")]), event("execve", [part(ARGV, b"a\0b")]))
    yield "own-parent", frames(event("openat", pid=5, ppid=5), event("clone", [process_part(6, 5)], pid=5, ppid=6, result=6),
                               event("openat", pid=6, ppid=5), event("openat", pid=5, ppid=6))


INPUTS = {"decoder": decoder}
