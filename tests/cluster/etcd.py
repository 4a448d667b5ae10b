# SPDX-License-Identifier: Apache-2.0
"""A real etcd, of one member or of three, whose members die, stand still and come back."""

import json
import urllib.request

from processes import HERE_PLACE, Process, address, wait_until

BINARY = "/usr/bin/etcd"
CALL_SECONDS = 2


class Member:
    """One etcd process after the other, on the same data."""

    def __init__(self, name, folder, place=HERE_PLACE):
        self.name = name
        self.folder = folder
        self.place = place
        self.endpoint = address(place.host, place.port())
        self.peer_url = f"http://{address(place.host, place.port())}"
        self.process = None

    def start(self, initial_cluster):
        url = f"http://{self.endpoint}"
        self.process = Process(
            [BINARY, "--name", self.name, "--data-dir", self.folder / f"etcd-{self.name}",
             "--unsafe-no-fsync", "--listen-client-urls", url, "--advertise-client-urls", url,
             "--listen-peer-urls", self.peer_url, "--initial-advertise-peer-urls", self.peer_url,
             "--initial-cluster", initial_cluster],
            self.folder, f"etcd-{self.name}", place=self.place)

    def ask(self, path, body=None):
        """Its answer, of its HTTP interface."""
        with self.place.inside(), urllib.request.urlopen(
                f"http://{self.endpoint}{path}", data=body, timeout=CALL_SECONDS) as reply:
            return json.load(reply)

    def is_healthy(self):
        """It has answered a read that a majority confirmed."""
        return self.ask("/health")["health"] == "true"

    def is_leader(self):
        status = self.ask("/v3/maintenance/status", b"{}")
        return status.get("leader") == status["header"]["member_id"]  # none while they elect one

    def is_running(self):
        return self.process is not None and self.process.is_running()

    def kill(self):
        if self.process is not None:
            self.process.kill()

    def stop_it(self):
        self.process.stop_it()

    def continue_it(self):
        self.process.continue_it()


class Etcd:
    """The members together; their data outlives kill()."""

    def __init__(self, folder, places=(HERE_PLACE,)):
        self.members = [Member(f"e{i}", folder, place) for i, place in enumerate(places, 1)]
        self.start()

    def coordinator(self):
        """As borgd's flag has it."""
        return "etcd://" + ",".join(member.endpoint for member in self.members)

    def start(self):
        """Starts whoever does not run, and waits until all are well."""
        initial = ",".join(f"{member.name}={member.peer_url}" for member in self.members)
        for member in self.members:
            if not member.is_running():
                member.start(initial)
        # Killed before it has elected itself, it would never come up again.
        self.wait_healthy()

    def wait_healthy(self):
        for member in self.members:
            wait_until(member.is_healthy, f"etcd {member.name} is healthy")

    def leader(self):
        """The member that leads, when there is one that runs and says so."""
        return wait_until(self.find_leader, "etcd has a leader")

    def find_leader(self):
        for member in self.members:
            try:
                if member.is_running() and member.is_leader():
                    return member
            except OSError:
                pass  # it has died, or stands still
        return None

    def kill(self):
        for member in self.members:
            member.kill()

    def stop_it(self):
        for member in self.members:
            member.stop_it()

    def continue_it(self):
        for member in self.members:
            member.continue_it()
