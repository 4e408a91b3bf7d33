#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a scan costs, against the floor under it (floor.c) on the same bytes, cores and run; and its memory.

Each figure is the median of several runs that take turns, since machines are shared. Memory is the most that all
processes of one scan held together, as proportional set size (proc(5), smaps_rollup), sampled every few milliseconds.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "tools"))
import language_files  # noqa: E402
import make_image  # noqa: E402

PACKAGES = "python3,python3-numpy,perl,git,gcc,g++,make,cmake,openjdk-17-jre-headless,nodejs,golang-go"
MIB = 1 << 20
SECONDS_AT_MOST = {"500 jars, three deep": 2, "a source tree of 100,000 files": 3}


def say(*words):
    print(*words, file=sys.stderr, flush=True)


# ---- images ----

def split_tar(source, folder, n):
    """A root file system's tar into n tars of about the same size, directories with what is in them."""
    import tarfile
    paths = [folder / f"part{i}.tar" for i in range(n)]
    with tarfile.open(source) as whole:
        members = whole.getmembers()
        share, sums = sum(m.size + 512 for m in members) / n, 0
        outs = [tarfile.open(path, "w", format=tarfile.PAX_FORMAT) for path in paths]
        inodes = {}
        for member in members:
            i = inodes[member.linkname] if member.islnk() else min(int(sums / share), n - 1)
            inodes[member.name] = i
            sums += member.size + 512
            outs[i].addfile(member, whole.extractfile(member) if member.isreg() else None)
        for out in outs:
            out.close()
    return paths


def real_image(folder):
    """Debian 12 with compilers and runtimes, in six layers: over 400 MB compressed."""
    path = folder / "real.oci"
    if path.exists():
        return path
    tar = folder / "real.tar"
    if not tar.exists():
        say("making an image of Debian packages …")
        subprocess.run(["mmdebstrap", "--quiet", "--format=tar", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(tar) + ".part"],
                       check=True, stdout=sys.stderr)
        os.rename(str(tar) + ".part", tar)
    store = make_image.Store(folder / "store")
    layers = [store.layer_from_tar(part, created_by=f"part {i}") for i, part in enumerate(split_tar(tar, folder, 6))]
    write(path, store, store.image(layers))
    return path


def write(path, store, image):
    make_image.write_oci_layout(str(path) + ".part", store, [(image.descriptor, "latest")])
    os.rename(str(path) + ".part", path)
    shutil.rmtree(store.folder)


def pseudo_random(n):
    """Bytes that do not compress, the same each time."""
    import random
    source = random.Random(n)
    return b"".join(source.randbytes(MIB) for _ in range(n // MIB))


def synthetic_image(folder, name, tars):
    """An image of the layers that tars() gives as lists of entries."""
    path = folder / f"{name}.oci"
    if path.exists():
        return path
    say(f"making the image '{name}' …")
    store = make_image.Store(folder / "store")
    write(path, store, store.image([store.layer_from_entries(entries) for entries in tars()]))
    return path


def many_files(n, per_directory=500):
    return [make_image.file(f"data/{i // per_directory:06d}/file-{i:08d}", b"%d" % i) for i in range(n)]


def memory_images(folder):
    yield "one file of 300 MB", synthetic_image(folder, "large", lambda: [[make_image.file("big", pseudo_random(300 * MIB))]])
    yield "300,000 small files", synthetic_image(folder, "small", lambda: [many_files(300000)])
    yield "500,000 small files in 2 layers", synthetic_image(
        folder, "half-million", lambda: [many_files(250000), [(i, d) for i, d in renamed(many_files(250000))]])
    yield "2,000,000 small files", synthetic_image(folder, "two-million", lambda: [many_files(2000000)])
    yield "80 layers of 2,000 files", synthetic_image(
        folder, "layers", lambda: [[make_image.file(f"l{k}/f{i}", b"%d" % i) for i in range(2000)] for k in range(80)])
    yield "500 jars, three deep", synthetic_image(folder, "jars", lambda: [[make_image.file("app/app-1.0.war", nested_jars())]])
    yield "a lockfile of 200 MB", synthetic_image(folder, "lockfile", lambda: [[make_image.file("src/package-lock.json", lockfile())]])
    yield "a source tree of 100,000 files", source_tree(folder)


def nested_jars(each=40000):
    """500 archives with some classes each, in ten, in one."""
    random_bytes = pseudo_random(MIB)
    inner = [language_files.zip_archive(language_files.pom_properties("org.example", f"lib{i}", "1.0"),
                                        ("org/example/A.class", random_bytes[i:i + each]), stored=False) for i in range(500)]
    middle = [language_files.zip_archive(*((f"lib/lib{i}-1.0.jar", inner[i]) for i in range(at, at + 50)), stored=False)
              for at in range(0, 500, 50)]
    return language_files.zip_archive(*((f"WEB-INF/lib/m{i}-1.0.jar", jar) for i, jar in enumerate(middle)), stored=False)


def lockfile():
    entries = b",".join(b'"node_modules/p%d":{"version":"1.0.%d","integrity":"%s"}' % (i, i, b"x" * 10000) for i in range(20000))
    return b'{"lockfileVersion":3,"packages":{' + entries + b"}}"


def source_tree(folder):
    root = folder / "source-tree"
    if not root.exists():
        say("making a source tree …")
        part = folder / "source-tree.part"
        shutil.rmtree(part, ignore_errors=True)
        for d in range(1000):
            (part / f"d{d}").mkdir(parents=True)
            for f in range(100):
                (part / f"d{d}/f{f}.c").write_text("int x;\n" * 50)
        entries = {f"node_modules/p{i}": {"version": f"1.0.{i}"} for i in range(2000)}
        (part / "package-lock.json").write_text(json.dumps({"packages": entries}))
        os.rename(part, root)
    return f"dir:{root}"


def renamed(entries):
    for info, data in entries:
        info.name = "more/" + info.name
        yield info, data


# ---- measuring ----

def blobs_of(layout):
    manifest = json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]
    layers = json.loads((layout / "blobs" / manifest.replace(":", "/")).read_text())["layers"]
    return [str(layout / "blobs" / layer["digest"].replace(":", "/")) for layer in layers]


def run_floor(program, layout):
    seconds, bytes_in, bytes_out = subprocess.run([program, *blobs_of(layout)], check=True, capture_output=True,
                                                  text=True).stdout.split()
    return float(seconds), int(bytes_in), int(bytes_out)


def descendants(pid):
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            with open(f"/proc/{one}/task/{one}/children") as children:
                todo += [int(word) for word in children.read().split()]
        except OSError:
            pass
    return found


def proportional_set_size(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) * 1024
    except OSError:
        return 0


def run_scan(program, target, state, cold, sample=False):
    """Seconds, and bytes held at the most if asked to sample."""
    arguments = [program, "scan", "--format", "json", "--output", "/dev/null"] + (["--no-cache"] if cold else []) + [str(target)]
    began, peak = time.monotonic(), 0
    process = subprocess.Popen(arguments, env={**os.environ, "XDG_DATA_HOME": str(state)}, stderr=subprocess.PIPE)
    waiter = threading.Thread(target=process.wait)
    waiter.start()
    while sample and waiter.is_alive():
        peak = max(peak, sum(map(proportional_set_size, descendants(process.pid))))
        time.sleep(0.003)
    waiter.join()
    took = time.monotonic() - began
    if process.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: status {process.returncode}: {process.stderr.read().decode()}")
    return took, peak


def measure_speed(args, image):
    state = args.folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    floor, cold, warm = [], [], []
    run_scan(args.program, image, state, cold=False)
    for _ in range(args.runs):
        seconds, bytes_in, bytes_out = run_floor(args.floor, image)
        floor.append(seconds)
        cold.append(run_scan(args.program, image, state, cold=True)[0])
        warm.append(run_scan(args.program, image, state, cold=False)[0])
    f, c, w = map(statistics.median, (floor, cold, warm))
    print(f"image: {len(blobs_of(image))} layers, {bytes_in / 1e6:.0f} MB compressed, {bytes_out / 1e6:.0f} MB inflated; "
          f"{os.cpu_count()} cores, {args.runs} runs, medians")
    print(f"  floor {f:.3f} s   cold {c:.3f} s = {c / f:.2f} x the floor (at most 2.5)   warm {w * 1000:.0f} ms (at most 50)")
    return c / f <= 2.5 and w <= 0.050


def measure_memory(args):
    good = True
    for name, image in memory_images(args.folder):
        took, peak = run_scan(args.program, image, args.folder / "state", cold=True, sample=True)
        bound = "at most 150" if "2,000,000" not in name else "no bound"
        seconds = SECONDS_AT_MOST.get(name)
        print(f"  {name:32} {took:7.2f} s{f' (at most {seconds})' if seconds else ''}  {peak / 1e6:6.0f} MB together ({bound})")
        good &= (peak <= 150e6 or bound == "no bound") and (not seconds or took <= seconds)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--floor", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="where images are kept between runs")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--image", type=pathlib.Path, help="an OCI layout to be measured in place of the one made here")
    parser.add_argument("--no-memory", action="store_true")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    good = measure_speed(args, args.image or real_image(args.folder))
    if not args.no_memory:
        print("peak memory of all processes of a cold scan:")
        good &= measure_memory(args)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
