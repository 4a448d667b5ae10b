#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""borgctl info --watch, in terminals and out of them, against a pretended cluster.

    test_watch.py --borgctl build/dev/bin/borgctl [unittest's arguments]
"""

import argparse
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from fake_cluster import Node, Store
from terminal import Terminal

BORGCTL = None


class Watch(unittest.TestCase):
    def setUp(self):
        self.store = Store()
        self.a, self.b = Node(self.store, "a"), Node(self.store, "b")
        self.addCleanup(lambda: [node.stop() for node in (self.a, self.b)])
        self.env = {"LANG": "C.UTF-8", "BORG_HOST": "127.0.0.1", "BORG_PORT": str(self.a.port),
                    "BORG_TIMEOUT": "5"}

    def rebalance(self, left):
        """A rebalance of 100 slots, 4 s after it began. A slot is 1 KiB."""
        with self.store.lock:
            self.store.info_extra = {"moving_slots": left, "rebalance": {
                "running": left > 0, "milliseconds": 4000, "slots": 100, "slots_left": left,
                "slot_copies": 100, "slot_copies_left": left, "bytes_left": left * 1024 // 50}}

    def test_a_rebalance_is_followed_to_its_end(self):
        self.rebalance(left=100)
        with Terminal([BORGCTL, "info", "--watch"], self.env) as watch:
            watch.expect(r"\[\.+\]   0%  0 of 100 slots, about 2.0 KiB to send")
            self.rebalance(left=40)
            watch.expect(r"\[#+\.+\]  60%  60 of 100 slots, .* B/s, 2.7 s left")
            self.rebalance(left=0)
            watch.expect("nothing moves; the last rebalance moved 100 slots in 4.0 s")
            self.a.stop()
            watch.expect(f"connected to {self.b.address}")
            watch.expect("STATE")
            watch.type("\x03")
            self.assertEqual(watch.wait(), 0)

    def test_in_any_terminal(self):
        self.rebalance(left=40)
        for columns, rows in ((20, 40), (60, 40), (200, 8), (200, 5), (1, 1)):
            with Terminal([BORGCTL, "info", "--watch"], self.env, columns, rows) as watch:
                first = watch.expect(r"(?s)\x1b\[H(.*?)\x1b\[J", keep_escapes=True).group(1)
                lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", first).split("\r\n")
                self.assertLessEqual(max(map(len, lines)), columns)
                self.assertLessEqual(len(lines), rows)
                watch.type("\x03")
                self.assertEqual(watch.wait(), 0)

    def test_follows_the_size_of_the_terminal(self):
        with Terminal([BORGCTL, "info", "--watch"], self.env) as watch:
            watch.expect("ADDRESS")
            watch.resize(columns=40)
            watch.expect(r"NODE +KEYS +STATE|NODE +KEYS +PRIMARIES")
            watch.type("\x03")
            self.assertEqual(watch.wait(), 0)

    def test_without_a_terminal_prints_lines(self):
        self.rebalance(left=40)
        watch = subprocess.Popen([BORGCTL, "info", "--watch"], env=self.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            text = b""
            while b"60 of 100 slots" not in text and (line := watch.stdout.readline()):
                text += line
            watch.send_signal(signal.SIGINT)
            text += watch.communicate(timeout=20)[0]
        finally:
            watch.kill()
        self.assertEqual(watch.returncode, 0)
        self.assertIn(b"60 of 100 slots", text)
        self.assertNotIn(b"\x1b", text)


def main():
    global BORGCTL  # pylint: disable=global-statement
    parser = argparse.ArgumentParser()
    parser.add_argument("--borgctl", required=True)
    options, rest = parser.parse_known_args()
    BORGCTL = str(Path(options.borgctl).resolve())
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
