# SPDX-License-Identifier: Apache-2.0
"""Inputs for the reader of logs of events."""
import struct

RESET, KIND, PROCESS, CONTAINER, EVENT = 1, 2, 3, 4, 5


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<I", len(data)) + data


def frame(kind, payload=b"", length=None):
    return struct.pack("<IB", len(payload) if length is None else length, kind) + payload


def kind(number, name):
    return frame(KIND, struct.pack("<I", number) + text(name))


def number(value):
    return struct.pack("<q", value)


def process(index, parent, pid, name):
    # pid is member 0, name member 7
    return frame(PROCESS, struct.pack("<IIQ", index, parent, 1 | 1 << 7) + number(pid) + text(name))


def container(index, name):
    # id is member 0
    lists = b"\0" + struct.pack("<III", 0, 1, 0)[0:4] + struct.pack("<I", 1) + text("app") + text("web") + struct.pack("<I", 0)
    return frame(CONTAINER, struct.pack("<IQ", index, 1) + text(name) + lists)


def event(of_kind, of_process, of_container, args=(), fd=b"\0", known=2, members=number(5)):
    pairs = struct.pack("<I", len(args)) + b"".join(text(k) + text(v) for k, v in args)
    return frame(EVENT, struct.pack("<IIIQ", of_kind, of_process, of_container, known) + members + pairs + fd)


def event_log_inputs():
    begin = kind(1, "openat") + process(1, 0, 1, "init") + process(2, 1, 7, "bash") + container(1, "0123456789ab")
    fd = b"\1" + struct.pack("<Q", 1 | 4) + number(3) + text("/etc/passwd")
    yield "usual", b"\1" + begin + event(1, 2, 1, [("flags", "O_RDWR")], fd) + event(1, 1, 0)
    yield "reset", b"\1" + begin + event(1, 2, 1) + frame(RESET) + begin + event(1, 2, 0)
    yield "of-a-later-version", b"\1" + kind(1, "teleport") + process(1, 0, 1, "x") + event(1, 1, 0) + event(1, 0, 0)
    yield "unknown-numbers", b"\1" + begin + event(2, 2, 1) + event(1, 9, 1)
    yield "own-parent", b"\1" + kind(1, "open") + process(1, 1, 1, "x") + event(1, 1, 0)
    yield "out-of-order", b"\1" + kind(2, "open") + event(2, 0, 0)
    yield "deep", b"\1" + kind(1, "open") + b"".join(process(i + 1, i, i, "x") for i in range(70)) + event(1, 64, 0)
    yield "unknown-members", b"\1" + begin + event(1, 0, 0, known=1 << 63, members=b"")
    yield "long-text", b"\1" + frame(KIND, struct.pack("<II", 1, 0xffffffff) + b"x")
    yield "many-pairs", b"\1" + begin + frame(EVENT, struct.pack("<IIIQI", 1, 0, 0, 0, 0xfffffff))
    yield "left-over", b"\1" + begin + frame(EVENT, struct.pack("<IIIQI", 1, 0, 0, 0, 0) + b"\0more")
    yield "unknown-frame", b"\1" + frame(77, b"x")
    yield "cut", b"\1" + begin + event(1, 2, 1)[:-3]
    yield "no-log", b"\0TALLYLOX"
    yield "empty", b"\0"
    yield "version", b"\0TALLYLOG" + struct.pack("<I", 9)


INPUTS = {"event-log": event_log_inputs}
