# SPDX-License-Identifier: Apache-2.0
"""Running `tallyman watch` from outside."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from scanning import HANGS_AFTER, PROGRAM


class Watch:
    """Watches until stop(); then `alerts`, `events` and `stderr` say what was seen. `data`: where it remembers what it learns."""

    def __init__(self, *options, rules=(), data=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tallyman-watch-"))
        self.log = self.folder / "log"
        command = [PROGRAM, "watch", "--all", "--log-level", "info", "--output", f"json:{self.folder}/alerts", "--record", self.log]
        for file in rules:
            command += ["--rules", file]
        self.messages = open(self.folder / "stderr", "w")
        self.process = subprocess.Popen([*map(str, command), *map(str, options)], stdout=subprocess.DEVNULL, stderr=self.messages,
                                        env={**os.environ, "XDG_DATA_HOME": str(data or self.folder / "data")})
        self.wait_for("watching:")

    @property
    def stderr(self):
        return (self.folder / "stderr").read_text()

    def wait_for(self, text):
        end = time.monotonic() + HANGS_AFTER
        while text not in self.stderr:
            assert self.process.poll() is None and time.monotonic() < end, self.stderr
            time.sleep(0.02)

    def stop(self):
        time.sleep(0.5)  # what was done last is on its way
        self.process.send_signal(signal.SIGINT)
        self.status = self.process.wait(HANGS_AFTER)
        return self

    @property
    def alerts(self):
        file = self.folder / "alerts"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def events(self, show, where=None):
        condition = ["--where", where] if where else []
        done = subprocess.run([PROGRAM, "events", "--format", "json", "--show", show, *condition, self.log], capture_output=True, text=True,
                              check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]
