#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Transactions of many clients while nodes die, join and leave: all or nothing, and once."""

import random

from bank import BankLoad
from case import DataCase, last, main

KILLS = 5


class Transactions(DataCase):
    """Clients talk to a and b, who live."""

    def run_bank(self, cluster, hurt):
        with BankLoad(cluster, "ab") as load:
            load.do_more(500)
            hurt(load)
            load.do_more(500)
            load.stop()
        self.assertEqual(load.balance(cluster["a"]), [])
        self.assertEqual(load.balance(cluster["b"]), [])
        done = sum(sum(teller.raises.values()) for teller in load.tellers)
        self.assertGreater(done, 0)
        cluster.wait_settled(listed_dead=True)
        self.assert_two_copies(cluster)

    def test_while_primaries_are_killed(self):
        cluster = self.cluster("a", "b", "c", "d")

        def hurt(load):
            for i in range(KILLS):
                victim = max(name for name in cluster.nodes if name not in "ab")
                last(0.3 * random.random())
                cluster.kill(victim)
                load.do_more(200)
                cluster.wait_settled(listed_dead=True)
                cluster.form(f"n{i}")
        self.run_bank(cluster, hurt)

    def test_while_primaries_hand_over(self):
        cluster = self.cluster("a", "b", "c")

        def hurt(load):
            for i in range(2):
                cluster.form(f"n{i}")
                load.do_more(200)
                cluster[f"n{i}"].leave()
                load.do_more(200)
                self.assertEqual(cluster.nodes.pop(f"n{i}").wait(), 0)
        self.run_bank(cluster, hurt)


if __name__ == "__main__":
    main()
