#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The coordinator goes away and comes back: keys are read and written as if it were there."""

from case import SOME_KEYS, DataCase, fill, main
from load import Load
from processes import wait_until

# Longer than a session of a node lasts in etcd.
OPERATIONS_MEANWHILE = 3000
SESSION_SECONDS = 5


class Etcd(DataCase):
    def test_etcd_is_killed_and_restarted_while_traffic_goes_on(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        with Load(cluster) as load:
            load.do_more()
            cluster.etcd.kill()
            load.do_more(OPERATIONS_MEANWHILE)
            self.outlast_a_session(cluster)
            load.do_more()
            cluster.etcd.start()
            load.do_more(OPERATIONS_MEANWHILE)
            cluster.wait_settled()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_holds(cluster["b"], values)
        self.assert_two_copies(cluster, SOME_KEYS)
        cluster.form("d")
        self.assert_holds(cluster["d"], values)

    def test_a_death_while_etcd_is_away_is_repaired_when_it_is_back(self):
        cluster = self.cluster("a", "b", "c")
        values = fill(cluster["a"])
        cluster.etcd.kill()
        cluster.kill("c")
        # Nobody can take over without it. What is not on c goes on.
        served = [k for k in values if all(name != "c" for name, _ in cluster.holders(k))]
        self.assertGreater(len(served), 100)
        with cluster["b"].client() as client:
            replies = client.pipeline([("GET", key) for key in served])
        self.assertEqual(replies, [values[key].encode() for key in served])
        cluster.etcd.start()
        cluster.wait_settled()
        self.assert_holds(cluster["a"], values)
        self.assert_two_copies(cluster, SOME_KEYS)

    def test_the_death_of_a_process_of_this_machine_is_certain_at_once(self):
        # By silence nobody would take over before the clients' deadline.
        cluster = self.cluster("a", "b", flags=["--lease-ms", "60000"])
        values = fill(cluster["a"])
        with Load(cluster, "ab") as load:
            for name in "cdef":
                cluster.form(name)
                load.do_more()
                cluster.kill(name)
                cluster.wait_settled(listed_dead=True)
            load.do_more()
            load.check()
        self.assertEqual(load.errors(), [])
        self.assert_holds(cluster["b"], values)

    def outlast_a_session(self, cluster):
        """Etcd's own clock stands still too, so this is what the nodes' leases go by."""
        uptime = cluster["a"].info_field("uptime_in_seconds")
        wait_until(lambda: cluster["a"].info_field("uptime_in_seconds") > uptime + SESSION_SECONDS,
                   "a session would have ended")


if __name__ == "__main__":
    main()
