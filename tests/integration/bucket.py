# SPDX-License-Identifier: Apache-2.0
"""A small OSV bucket on loopback, in the public one's layout, that remembers what was asked of it."""
import datetime
import hashlib
import http.server
import io
import json
import threading
import urllib.parse
import zipfile


def record(id, package="lib", ecosystem="PyPI", events=({"introduced": "0"}, {"fixed": "2.0"}), modified="2026-01-01T00:00:00Z", **more):
    return {"schema_version": "1.7.0", "id": id, "modified": modified, "published": "2025-01-01T00:00:00Z", "summary": f"about {id}",
            "affected": [{"package": {"ecosystem": ecosystem, "name": package},
                          "ranges": [{"type": more.pop("range_type", "ECOSYSTEM"), "events": list(events)}]}], **more}


def archive(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members.items():
            z.writestr(f"{name}.json", data)
    return out.getvalue()


class Bucket:
    """`records`: ecosystem → list of records (or of (id, bytes) for what is no record)."""

    def __init__(self, records):
        self.records = {e: list(r) for e, r in records.items()}
        self.files = {}    # path → bytes, served instead of what is made
        self.asked = []    # (path, range header)
        self.cut = {}      # path → so many bytes are sent, then the connection is closed; once
        bucket = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                path = urllib.parse.unquote(self.path).lstrip("/")
                bucket.asked.append((path, self.headers.get("Range")))
                data = bucket.get(path)
                if data is None:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                tag = '"' + hashlib.sha256(data).hexdigest()[:16] + '"'
                start = 0
                if self.headers.get("Range") and self.headers.get("If-Range") == tag:
                    start = int(self.headers["Range"].split("=")[1].rstrip("-"))
                if start >= len(data) and start:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(data)}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206 if start else 200)
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                body = data[start:]
                if path in bucket.cut:
                    body = body[:bucket.cut.pop(path)]
                    self.close_connection = True
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def members(self, ecosystem):
        return {r[0]: r[1] for r in map(self.as_member, self.records[ecosystem])}

    @staticmethod
    def as_member(entry):
        return entry if isinstance(entry, tuple) else (entry["id"], json.dumps(entry).encode())

    def modified(self, ecosystem):
        lines = []
        for entry in self.records[ecosystem]:
            if isinstance(entry, tuple):
                lines.append((entry[2] if len(entry) > 2 else "2026-01-01T00:00:00Z", entry[0]))
            else:
                lines.append((entry["modified"], entry["id"]))
        return "".join(f"{time},{id}\n" for time, id in sorted(lines, reverse=True)).encode()

    def get(self, path):
        if path in self.files:
            return self.files[path]
        if path == "ecosystems.txt":
            return "".join(e + "\n" for e in self.records).encode()
        ecosystem, _, name = path.partition("/")
        if ecosystem not in self.records:
            return None
        if name == "modified_id.csv":
            return self.modified(ecosystem)
        if name == "all.zip":
            return archive(self.members(ecosystem))
        if name.endswith(".json"):
            return self.members(ecosystem).get(name[:-5])
        return None

    def paths(self):
        asked, self.asked = self.asked, []
        return [path for path, _ in asked]


def touch(entry, seconds=1):
    entry["modified"] = (datetime.datetime(2026, 2, 1) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return entry
