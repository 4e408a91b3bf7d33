# SPDX-License-Identifier: Apache-2.0
"""Images cut short and with flipped bits, at many places: never a crash, and never another result without a word."""
import concurrent.futures
import functools
import random
import subprocess

import pytest

import scanning
from scanning import DONE, FAILED, INCOMPLETE, make, system_entries
from test_hostile import image, layout, store  # noqa: F401 (fixtures)

scan = functools.partial(scanning.scan, program=scanning.checked_program())
FLIPS = 300
CUTS = 120


def in_parallel(check, items):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(check, items))


def places(size, n):
    return sorted({size * i // n for i in range(n)} | set(range(0, min(size, 1024), 97)))


ARCHIVES = {"oci": lambda store, image, to: make.write_oci_archive(to, store, [(image.descriptor, "1")]),
            "docker": lambda store, image, to: make.write_docker_archive(to, store, [(image, "a:1")], "docker"),
            "docker-old": lambda store, image, to: make.write_docker_archive(to, store, [(image, "a:1")], "docker-old")}


@pytest.mark.parametrize("kind", ["oci", "docker-old"])
def test_archive_cut_anywhere(kind, store, image, tmp_path):
    ARCHIVES[kind](store, image, tmp_path / "a")
    data = (tmp_path / "a").read_bytes()
    end = len(data.rstrip(b"\0"))

    def check(at):
        path = tmp_path / f"cut{at}"
        path.write_bytes(data[:at])
        done = scan(path)
        assert done.status in (FAILED, INCOMPLETE), f"cut at {at} of {len(data)}: {done.told()}"
        assert done.told()
        path.unlink()
    in_parallel(check, places(end, CUTS))


@pytest.mark.parametrize("program", [["gzip", "-c"], ["zstd", "-qc"]])
def test_compressed_archive_cut_anywhere(program, store, image, tmp_path):
    make.write_oci_archive(tmp_path / "a", store, [(image.descriptor, "1")])
    data = subprocess.run([*program, tmp_path / "a"], stdout=subprocess.PIPE, check=True).stdout

    def check(at):
        path = tmp_path / f"cut{at}"
        path.write_bytes(data[:at])
        done = scan(path)
        assert done.status in (FAILED, INCOMPLETE) and done.told(), at
        path.unlink()
    in_parallel(check, places(len(data), 20)[:40])


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
def test_blob_cut_anywhere(compression, store, tmp_path):
    """The bytes end early though all promises fit: nothing but the format tells."""
    layer = store.layer_from_entries(system_entries() + [make.file("usr/big", random.Random(1).randbytes(30000))], compression)
    data = store.path(layer.digest).read_bytes()
    end = len(data.rstrip(b"\0")) if compression == "none" else len(data)

    def check(at):
        own = make.Store(tmp_path / f"store{at}")
        digest = own.add(data[:at])
        image = own.image([make.Layer(digest, at, layer.media_type, layer.diff_id, compression)])
        done = scan(layout(own, image, tmp_path / f"cut{at}"))
        assert done.status == INCOMPLETE and "layer 0" in done.told(), f"cut at {at} of {len(data)}: {done.told()}"
    in_parallel(check, places(end, CUTS)[1:])


@pytest.mark.parametrize("kind", ARCHIVES)
def test_bits_that_flip(kind, store, image, tmp_path):
    """Whatever is changed is either said, or changes nothing of what is shown."""
    ARCHIVES[kind](store, image, tmp_path / "a")
    whole = scan(tmp_path / "a", expect=DONE)
    data = (tmp_path / "a").read_bytes()
    dice = random.Random(kind)

    def check(flips):
        path = tmp_path / f"flip{flips[0]}"
        changed = bytearray(data)
        for at in flips:
            changed[at // 8] ^= 1 << at % 8
        path.write_bytes(changed)
        done = scan(path)
        assert done.told() or done.status == DONE
        if done.status == DONE:
            assert (done.files, done.target["image_id"]) == (whole.files, whole.target["image_id"]), f"bits {flips}"
        path.unlink()
    bits = len(data.rstrip(b"\0")) * 8
    in_parallel(check, [[dice.randrange(bits) for _ in range(dice.choice([1, 1, 1, 8]))] for _ in range(FLIPS // len(ARCHIVES))])


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
def test_bits_that_flip_in_a_layer(compression, store, tmp_path):
    """With the blob's digest made to fit, so that the parsers see them."""
    layer = store.layer_from_entries(system_entries(), compression)
    data = store.path(layer.digest).read_bytes()
    dice = random.Random(compression)

    def check(n):
        own = make.Store(tmp_path / f"store{n}")
        changed = bytearray(data)
        for _ in range(dice.choice([1, 1, 10])):
            at = dice.randrange(len(data) * 8)
            changed[at // 8] ^= 1 << at % 8
        image = own.image([make.Layer(own.add(bytes(changed)), len(data), layer.media_type, layer.diff_id, compression)])
        done = scan(layout(own, image, tmp_path / f"flip{n}"))
        assert done.status in (DONE, INCOMPLETE)
        assert done.status == DONE or "layer 0" in done.told()
    in_parallel(check, range(FLIPS // 3))
