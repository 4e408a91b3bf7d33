# SPDX-License-Identifier: Apache-2.0
"""The database of vulnerabilities: importing a copy of the OSV bucket, the same at ten times the records, an update with one
record in a hundred changed, and matching. Prints one line of JSON each. script/bench builds the programs."""
import argparse
import csv
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time
import urllib.parse
import zipfile


def run(program, state, *args):
    """Seconds, and the peak of resident memory of the command and its workers, in MB (sampled)."""
    env = {**os.environ, "XDG_DATA_HOME": str(state)}
    started = time.monotonic()
    process = subprocess.Popen([program, "db", "update", *args], env=env, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(pss, descendants(process.pid))))
        time.sleep(0.01)
    if process.returncode not in (0, 3):
        sys.exit(f"db update ended with {process.returncode}")
    return time.monotonic() - started, peak / 1024


def descendants(pid):
    found = [pid]
    for one in found:
        try:
            found += map(int, pathlib.Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            pass
    return found


def pss(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def multiply(osv, target, times):
    """A bucket with each record so many times, under other identifiers."""
    shutil.rmtree(target, ignore_errors=True)
    for folder in sorted(p for p in osv.iterdir() if (p / "all.zip").exists()):
        (target / folder.name).mkdir(parents=True)
        lines = []
        with zipfile.ZipFile(folder / "all.zip") as old, zipfile.ZipFile(target / folder.name / "all.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
            for name in old.namelist():
                record = json.loads(old.read(name))
                for i in range(times):
                    changed = {**record, "id": f"{record['id']}-{i}"}
                    new.writestr(f"{changed['id']}.json", json.dumps(changed))
                    lines.append(f"{record['modified']},{changed['id']}\n")
        (target / folder.name / "modified_id.csv").write_text("".join(lines))
    shutil.copy(osv / "ecosystems.txt", target / "ecosystems.txt")


class Changed(http.server.SimpleHTTPRequestHandler):
    """The bucket, with one record in a hundred changed since, and single records read out of the archives."""
    protocol_version = "HTTP/1.1"
    archives, folder = {}, None

    def log_message(self, *args):
        pass

    def do_GET(self):
        ecosystem, _, name = urllib.parse.unquote(self.path).lstrip("/").partition("/")
        path = self.folder / ecosystem / name
        if name.endswith(".json") and (self.folder / ecosystem / "all.zip").exists():
            if ecosystem not in self.archives:
                self.archives[ecosystem] = zipfile.ZipFile(self.folder / ecosystem / "all.zip")
            data = self.archives[ecosystem].read(name)
        elif name == "modified_id.csv":
            rows = list(csv.reader(path.read_text().splitlines()))
            data = "".join(f"{'2030-01-01T00:00:00Z' if i % 100 == 7 else time},{id}\n" for i, (time, id) in enumerate(rows)).encode()
        elif path.is_file():
            data = path.read_bytes()
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def serve(osv):
    Changed.folder = osv
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Changed)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--match", required=True)
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="for what is made")
    parser.add_argument("--osv", required=True, type=pathlib.Path, help="a copy of the OSV bucket")
    parser.add_argument("--times", type=int, default=10)
    args = parser.parse_args()
    args.folder = args.folder.resolve()  # XDG_DATA_HOME counts only where it is absolute
    state = args.folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    seconds, mb = run(args.program, state, "--from", str(args.osv))
    file = state / "tallyman/db/vulnerabilities.db"
    status = json.loads(subprocess.run([args.program, "db", "status", "--format", "json"], env={**os.environ, "XDG_DATA_HOME": str(state)},
                                       capture_output=True, check=True).stdout)
    records = sum(e["records"] for e in status["ecosystems"])
    print(json.dumps({"what": "import", "records": records, "seconds": round(seconds, 2), "peak-mb": round(mb, 1),
                      "bytes-per-record": file.stat().st_size // records}))
    print(json.dumps({"what": "match", **json.loads(subprocess.run([args.match, file], capture_output=True, check=True).stdout)}))
    seconds, mb = run(args.program, state, "--from", serve(args.osv))
    print(json.dumps({"what": "update, 1 % changed", "seconds": round(seconds, 2), "peak-mb": round(mb, 1)}))
    if args.times > 1:
        multiply(args.osv, args.folder / "many", args.times)
        shutil.rmtree(state)
        seconds, mb = run(args.program, state, "--from", str(args.folder / "many"))
        print(json.dumps({"what": f"import, {args.times} times the records", "seconds": round(seconds, 2), "peak-mb": round(mb, 1)}))
        print(json.dumps({"what": "match", **json.loads(subprocess.run([args.match, file], capture_output=True, check=True).stdout)}))


if __name__ == "__main__":
    main()
