#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pretended borgd and borgctl, to test the tools that drive them without a build.

Called by the name of borgd or borgctl (as a copy). All "nodes" serve one file in the
coordinator's folder. FAKE_FAULT breaks a promise: lose, stuck, lost-slots, dirty-exit, not-ready.
"""

import json
import os
import signal
import socketserver
import sys
from pathlib import Path

FAULT = os.environ.get("FAKE_FAULT", "")


def option(name):
    return sys.argv[sys.argv.index(name) + 1]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def node_files(folder):
    return [json.loads(p.read_text()) for p in sorted(folder.glob("*.node"))]


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2].decode())
            value = self.server.data().get(words[1])
            if value is None:
                self.wfile.write(b"$-1\r\n")
            else:
                self.wfile.write(b"$%d\r\n%s\r\n" % (len(value.encode()), value.encode()))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    folder = None
    cache = None

    def data(self):
        if self.cache is None:
            self.cache = json.loads((self.folder / "data").read_text())
            nodes = node_files(self.folder)
            if FAULT == "lose" and not all(alive(n["pid"]) for n in nodes):
                self.cache.popitem()
        return self.cache


def borgd():
    if FAULT == "not-ready":
        sys.exit(3)
    folder = Path(option("--coordinator").removeprefix("local:"))
    folder.mkdir(parents=True, exist_ok=True)
    name = option("--name")
    with Server(("127.0.0.1", 0), Handler) as server:
        server.folder = folder
        port = server.server_address[1]
        text = json.dumps({"name": name, "pid": os.getpid(), "port": port})
        (folder / f"{name}.node").write_text(text)
        index = Path(os.environ["FAKE_INDEX"])
        with index.open("a", encoding="utf-8") as out:
            out.write(f"{port} {folder}\n")

        def leave(*_):
            (folder / f"{name}.node").unlink()
            os._exit(7 if FAULT == "dirty-exit" else 0)

        signal.signal(signal.SIGTERM, leave)
        print(f"ready name={name} port={port} bus=1", flush=True)
        server.serve_forever()


def info(folder):
    nodes = node_files(folder)
    live = [n for n in nodes if alive(n["pid"])]
    keys = len(json.loads((folder / "data").read_text())) if (folder / "data").exists() else 0
    degraded = len(live) < len(nodes)
    return {
        "cluster": {
            "name": "fake", "nodes": len(live), "keys": keys, "copies": 2, "moving_slots": 0,
            "under_replicated_slots": 9 if degraded and FAULT == "stuck" else 0,
            "lost_slots": 16 if degraded and FAULT == "lost-slots" else 0,
        },
        "nodes": [{"name": n["name"], "state": "active", "primary_slots": 10} for n in live],
    }


def borgctl():
    lines = Path(os.environ["FAKE_INDEX"]).read_text().splitlines()
    folder = Path(dict(line.split(" ", 1) for line in lines)[option("--port")])
    if "load" in sys.argv:
        records = map(json.loads, Path(option("load")).read_text().splitlines())
        (folder / "data").write_text(json.dumps({r["key"]: r["value"] for r in records}))
    else:
        print(json.dumps(info(folder)))


if __name__ == "__main__":
    borgd() if Path(sys.argv[0]).name == "borgd" else borgctl()
