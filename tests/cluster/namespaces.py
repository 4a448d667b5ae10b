# SPDX-License-Identifier: Apache-2.0
"""Networks that can be cut: every participant in a network namespace of its own.

The namespaces have no names: they are open files of this process, and are gone with it and with
what it started, however it ends. Each pair is joined by a cable of its own (a veth pair), and a
cable is cut in one direction by letting the sender write a hardware address that nobody has:
packets vanish, and neither side is told.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess

import processes

CLONE_NEWNET = 0x40000000
OWN = "/proc/thread-self/ns/net"
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


@contextlib.contextmanager
def _entered(namespace=None):
    """This thread is in the namespace (or in a new one), and then where it was."""
    before = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if namespace is None:
            _checked(_libc.unshare(CLONE_NEWNET), "unshare")
        else:
            _checked(_libc.setns(namespace, CLONE_NEWNET), "setns")
        try:
            yield
        finally:
            _checked(_libc.setns(before, CLONE_NEWNET), "setns")
    finally:
        os.close(before)


class NamespacePlace(processes.Place):
    """One participant, with one address: of IPv4, or of IPv6."""

    def __init__(self, number, is_ipv6=False):
        self.number = number
        self.host = f"fd77::{number}" if is_ipv6 else f"10.77.0.{number}"
        self.bits = 128 if is_ipv6 else 32
        self.ports = iter(range(7001, 8000))
        with _entered():
            self.file = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)

    def port(self):
        return next(self.ports)

    def inside(self):
        return _entered(self.file)

    def configure(self, lines):
        """Runs lines of `ip` there, all or an error."""
        with self.inside():
            run = subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True,
                                 capture_output=True, check=False)
        if run.returncode != 0:
            raise OSError(f"ip: {run.stderr.strip()}")

    def address_towards(self, other):
        """The hardware address of this end of the cable."""
        return f"02:00:00:00:{self.number:02x}:{other.number:02x}"

    def send_to(self, other, address):
        return (f"neigh replace {other.host} lladdr {address} dev to{other.number} "
                "nud permanent")


class Network:
    """Places by name, all joined to each other until they are cut; IPv4 alone, or IPv6."""

    NOBODY = "02:00:00:00:ff:ff"

    def __init__(self, names, is_ipv6=False):
        self.places = {}
        self.cuts = set()
        try:
            for number, name in enumerate(names, 1):
                place = self.places[name] = NamespacePlace(number, is_ipv6)
                # With IPv6 an address could not be used before its detection of duplicates is over.
                how = " nodad" if is_ipv6 else ""
                place.configure(
                    ["link set lo up", f"addr add {place.host}/{place.bits} dev lo{how}"])
            for one in self.places.values():
                for other in self.places.values():
                    if one.number < other.number:
                        self._join(one, other)
        except BaseException:
            self.remove()
            raise

    def __getitem__(self, name):
        return self.places[name]

    def _join(self, one, other):
        there = f"/proc/{os.getpid()}/fd/{other.file}"
        one.configure([f"link add to{other.number} address {one.address_towards(other)} type veth "
                       f"peer name to{one.number} address {other.address_towards(one)} "
                       f"netns {there}"])
        for near, far in ((one, other), (other, one)):
            near.configure([f"link set to{far.number} up",
                            f"route add {far.host}/{far.bits} dev to{far.number} src {near.host}",
                            near.send_to(far, far.address_towards(near))])

    def cut_one_way(self, senders, receivers):
        """What the senders send to the receivers is lost from now on."""
        for sender in senders:
            lines = []
            for receiver in receivers:
                self.cuts.add((sender, receiver))
                lines.append(self[sender].send_to(self[receiver], self.NOBODY))
            self[sender].configure(lines)

    def cut(self, some, others):
        """Both ways."""
        self.cut_one_way(some, others)
        self.cut_one_way(others, some)

    def split(self, some):
        """These on one side, all else on the other."""
        self.cut(some, [name for name in self.places if name not in some])

    def heal(self):
        for sender, receiver in self.cuts:
            near, far = self[sender], self[receiver]
            near.configure([near.send_to(far, far.address_towards(near))])
        self.cuts.clear()

    def remove(self):
        for place in self.places.values():
            os.close(place.file)
        self.places = {}


def why_not():
    """Why there can be no such networks here; empty if there can."""
    if shutil.which("ip") is None:
        return "there is no ip (iproute2)"
    try:
        Network(["a", "b"]).remove()
    except OSError as error:
        return f"network namespaces cannot be made here: {error}"
    return ""
