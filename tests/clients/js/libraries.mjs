// SPDX-License-Identifier: Apache-2.0
// Connections of both libraries, which are installed in the build folder: the working directory.
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.cwd(), "package.json"));

function ioredis(kind, ports) {
  const Redis = require("ioredis");
  if (kind === "plain") return new Redis({ host: "127.0.0.1", port: ports[0] });
  return new Redis.Cluster(ports.map((port) => ({ host: "127.0.0.1", port })));
}

async function nodeRedis(kind, ports, onError) {
  const { createClient, createCluster } = require("redis");
  const url = (port) => ({ url: `redis://127.0.0.1:${port}` });
  // Of a cluster it would wait for a dead node for ever, instead of asking who has its slots now.
  const defaults = { socket: { reconnectStrategy: false } };
  const client =
    kind === "plain"
      ? createClient(url(ports[0]))
      : createCluster({ rootNodes: ports.map(url), defaults });
  client.on("error", onError);
  await client.connect();
  return client;
}

export async function connect(library, kind, ports, onError) {
  if (library === "node-redis") return nodeRedis(kind, ports, onError);
  const client = ioredis(kind, ports);
  client.on("error", onError);
  return client;
}
