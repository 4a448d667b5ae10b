# SPDX-License-Identifier: Apache-2.0
"""What servers cost that do nothing."""

import time
from contextlib import ExitStack

from servers import Borg, Redis


def run_idle(settings, rows, say):
    """CPU of three nodes together, and of one redis-server, in the same seconds."""
    with ExitStack() as stack:
        borg = stack.enter_context(Borg(settings.binaries, nodes=3, copies=2))
        peer = stack.enter_context(Redis(settings.binaries))
        for turn in range(min(settings.rounds, 3)):
            say(f"idle: round {turn + 1}")
            before = time.monotonic(), borg.cpu_seconds(), peer.cpu_seconds()
            time.sleep(settings.idle_seconds)
            seconds = time.monotonic() - before[0]
            rows.row("idle", "3 nodes / 1 server", "% of a core", "less", peer.title).add(
                (borg.cpu_seconds() - before[1]) / seconds * 100,
                (peer.cpu_seconds() - before[2]) / seconds * 100)
