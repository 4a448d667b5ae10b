# SPDX-License-Identifier: Apache-2.0
"""How a load fares while something else happens, and how fast loopback is."""

import json
import socket
import subprocess
import threading
import time
from collections import Counter

from servers import BenchError

REPORT_MS = 20


class Watcher:
    """A load that runs until it is asked how it fared; its reports come on the way."""

    def __init__(self, cluster, **options):
        self.process = subprocess.Popen(
            cluster.load_command({**options, "report_ms": REPORT_MS, "seconds_max": 400}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.reports = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if "\"at\"" in line:
                self.reports.append(json.loads(line))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=30)
        self.reader.join(timeout=30)
        self.process.stderr.close()
        self.process.stdout.close()

    def compare(self, before, began, ended):
        """What clients saw from `began` to `ended`, beside what they saw since `before`."""
        self._await_report_after(ended)
        reports = list(self.reports)
        # The first reports of a load that just began say little.
        usual = [r for r in reports if before <= r["at"] - r["seconds"] and r["at"] < began]
        during = [r for r in reports if began <= r["at"] and r["at"] - r["seconds"] <= ended]
        if not usual or not during:
            raise BenchError("no reports of the load")
        return numbers(during) | {
            "rate": per_second(during) / per_second(usual),
            "max_before_ms": max(r["max_us"] for r in usual) / 1000,
        }

    def during(self, began, ended):
        """What clients saw from `began` to `ended`."""
        self._await_report_after(ended)
        reports = [r for r in list(self.reports)
                   if began <= r["at"] and r["at"] - r["seconds"] <= ended]
        if not reports:
            raise BenchError("no reports of the load")
        return numbers(reports)

    def _await_report_after(self, moment):
        end = time.monotonic() + 30
        while not self.reports or self.reports[-1]["at"] < moment:
            if self.process.poll() is not None:
                raise BenchError(f"the load ended: {self.process.stderr.read().strip()}")
            if time.monotonic() > end:
                raise BenchError("the load says nothing any more")
            time.sleep(0.01)


def per_second(reports):
    return sum(r["operations"] for r in reports) / sum(r["seconds"] for r in reports)


def numbers(reports):
    counts = Counter()
    for report in reports:
        counts.update({int(us): count for us, count in report["histogram_us"].items()})
    slowest_us = max(r["max_us"] for r in reports)
    return {"per_second": per_second(reports), "max_ms": slowest_us / 1000} | {
        name: min(quantile(counts, part), slowest_us) / 1000
        for name, part in (("p50_ms", 0.5), ("p99_ms", 0.99), ("p999_ms", 0.999))}


def quantile(counts, part):
    """Microseconds: the upper end of the step that it lies in."""
    if not counts:
        return float("inf")  # nobody was answered
    left = part * sum(counts.values())
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return max(counts)


def loopback_mb_per_s(seconds=0.5):
    """From one thread to another over TCP, in pieces of 1 MiB: what the kernel copies at most."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = socket.create_connection(listener.getsockname())
        receiver, _ = listener.accept()
        stopped = threading.Event()

        def send():
            data = bytes(1 << 20)
            with sender:
                while not stopped.is_set():
                    sender.sendall(data)

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        buffer = bytearray(1 << 20)
        got = 0
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            got += receiver.recv_into(buffer)
        took = time.monotonic() - began
        stopped.set()
        with receiver:
            while receiver.recv_into(buffer):
                pass
        thread.join(timeout=30)
        return got / 1e6 / took
