# SPDX-License-Identifier: Apache-2.0
"""A pretended cluster: nodes that share one dictionary and speak just enough of the protocol.

Each node is a listening socket with threads of this process. A test can make a node fail: answer
errors for a while, close connections after so many commands, or stop altogether.
"""

import fnmatch
import json
import socket
import threading
import time


class Error(Exception):
    """Becomes an error reply."""


class Simple(str):
    """Becomes a simple string."""


OK = Simple("OK")


def encode(value):
    if isinstance(value, Error):
        return b"-" + str(value).encode() + b"\r\n"
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, (list, tuple)):
        return b"*%d\r\n" % len(value) + b"".join(map(encode, value))
    if isinstance(value, Simple):
        return b"+" + value.encode() + b"\r\n"
    data = value.encode() if isinstance(value, str) else value
    return b"$%d\r\n%s\r\n" % (len(data), data)


class Store:
    """What the cluster holds, and how it is to fail."""

    def __init__(self):
        self.lock = threading.RLock()
        self.data = {}  # bytes -> (value, expires_at_ms or None)
        self.nodes = []
        self.calls = []  # (node name, [words]) of all that was asked, without the data commands
        self.info_extra = {}
        self.scan_twice = False  # SCAN returns each key on two pages
        self.vanishing = set()  # keys that SCAN shows and GET does not find
        self.lost = []  # (first slot, last slot)
        self.unserved = []  # the same
        self.known_unserved = []  # what BORG SCAN was told of that

    def node(self, name):
        return next(n for n in self.nodes if n.name == name)

    def info(self):
        cluster = {
            "name": "fake", "nodes": len(self.nodes), "keys": len(self.data), "copies": 2,
            "min_copies": 2, "under_replicated_slots": 0, "moving_slots": 0, "lost_slots": 0,
            "coordinator": "fake",
        }
        cluster.update(self.info_extra)
        return {"cluster": cluster, "nodes": [n.info() for n in self.nodes]}


class Node:
    def __init__(self, store, name, port=0):
        self.store, self.name = store, name
        self.slots = 8192
        self.stays = False  # what it is told to hand over it keeps
        self.extra = {}  # of what BORG INFO says of it
        self.fail = {}  # command -> [error texts], one is used up by each call
        self.close_after = None  # commands until all connections are closed and it stops
        self.commands = 0
        self.connections = set()
        self.server = socket.create_server(("127.0.0.1", port))
        self.port = self.server.getsockname()[1]
        store.nodes.append(self)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def info(self):
        return {
            "name": self.name, "id": f"id-{self.name}", "address": self.address,
            "state": "active", "keys": len(self.store.data), "primary_slots": self.slots,
            "backup_slots": self.slots, "memory_bytes": 1 << 20, "zone": "", "safe_to_stop": True,
            **self.extra,
        }

    def stop(self):
        """As if the process had been killed."""
        try:
            self.server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.server.close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def leave_cluster(self):
        self.store.nodes.remove(self)

    def _accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rwb")
        try:
            while line := stream.readline():
                words = []
                for _ in range(int(line[1:])):
                    size = int(stream.readline()[1:])
                    words.append(stream.read(size + 2)[:-2])
                with self.store.lock:
                    self.commands += 1
                    if self.close_after is not None and self.commands > self.close_after:
                        self.stop()
                        return
                    try:
                        reply = self._run(words)
                    except Error as error:
                        reply = error
                stream.write(encode(reply))
                stream.flush()
        except (OSError, ValueError):
            pass
        finally:
            self.connections.discard(connection)
            connection.close()

    def _run(self, words):
        name = words[0].upper().decode()
        if name == "BORG":
            name = "BORG_" + words[1].upper().decode().replace("-", "_")
        if self.fail.get(name):
            raise Error(self.fail[name].pop(0))
        method = getattr(self, "do_" + name.lower(), None)
        if method is None:
            raise Error(f"ERR unknown command '{name}'")
        if name.startswith("BORG_"):
            self.store.calls.append((self.name, [w.decode() for w in words]))
        return method(words)

    def _get(self, key):
        value, expires = self.store.data.get(key, (None, None))
        if expires is not None and expires <= time.time() * 1000:
            return None, None
        return value, expires

    def do_ping(self, _):
        return Simple("PONG")

    def do_set(self, words):
        expires = None
        if len(words) == 5:
            amount = int(words[4])
            expires = amount if words[3] == b"PXAT" else int(time.time() * 1000) + amount
        self.store.data[words[1]] = (words[2], expires)
        return OK

    def do_get(self, words):
        if words[1] in self.store.vanishing:
            return None
        return self._get(words[1])[0]

    def do_del(self, words):
        return sum(self.store.data.pop(key, None) is not None for key in words[1:])

    def do_incr(self, words):
        value = int(self._get(words[1])[0] or 0) + 1
        self.store.data[words[1]] = (str(value).encode(), None)
        return value

    def do_pexpiretime(self, words):
        value, expires = self._get(words[1])
        if value is None:
            return -2
        return -1 if expires is None else expires

    def do_dbsize(self, _):
        return len(self.store.data)

    def do_scan(self, words):
        if self.store.lost and words[1] != b"0":
            raise Error("DATALOSS All copies of this slot died, see borgctl accept-loss")
        if self.store.unserved and words[1] != b"0":
            raise Error("CLUSTERDOWN No primary could serve the slot in time")
        return self._page(words)

    def do_borg_scan(self, words):
        if b"UNSERVED" in words:
            known = words[words.index(b"UNSERVED") + 1].decode()
            self.store.known_unserved.append(known)
            found = [] if known else [list(pair) for pair in self.store.unserved]
            lost = [list(pair) for pair in self.store.lost]
            return [*self._page(words[1:]), lost, found]
        if self.store.unserved and words[2] != b"0":
            raise Error("CLUSTERDOWN No primary could serve the slot in time")
        lost = [list(pair) for pair in self.store.lost] if words[2] != b"0" else []
        return [*self._page(words[1:]), lost]

    def _page(self, words):
        keys = sorted(self.store.data)
        step = 7
        at = int(words[1])
        following = at + step
        first = max(0, at - 3) if self.store.scan_twice else at
        return [str(following if following < len(keys) else 0), keys[first:following]]

    def do_keys(self, words):
        pattern = words[1].decode()
        return [k for k in self.store.data if fnmatch.fnmatch(k.decode("latin-1"), pattern)]

    def do_borg_info(self, _):
        return json.dumps(self.store.info())

    def do_borg_whereis(self, _):
        roles = ("primary", "backup", "syncing")
        return [[n.name, f"id-{n.name}", n.address, r] for n, r in zip(self.store.nodes, roles)]

    def do_borg_local(self, words):
        keys = sorted(self.store.data)
        at = int(words[2])
        following = at + 5
        rows = [[k, "primary" if i % 2 else "backup"] for i, k in enumerate(keys)]
        return [str(following if following < len(keys) else 0), rows[at:following]]

    def _known(self, words):
        name = words[2].decode()
        if not any(n.name == name for n in self.store.nodes):
            raise Error(f"ERR no such node '{name}'")
        return self.store.node(name)

    def _move_away(self, and_then):
        if self.stays:
            return
        while self.slots > 0:
            time.sleep(0.05)
            with self.store.lock:
                self.slots -= 4096
        and_then()

    def do_borg_drain(self, words):
        node = self._known(words)
        move = threading.Thread(target=node._move_away, args=(lambda: None,), daemon=True)
        move.start()
        return OK

    def do_borg_leave(self, words):
        node = self._known(words)

        def go():
            with self.store.lock:
                node.leave_cluster()
            node.stop()

        threading.Thread(target=node._move_away, args=(go,), daemon=True).start()
        return OK

    def do_borg_undrain(self, words):
        self._known(words)
        return OK

    def do_borg_forget(self, words):
        node = self._known(words)
        if words[-1] != b"CHECK":
            node.leave_cluster()
        return OK

    def do_borg_accept_loss(self, _):
        return OK
