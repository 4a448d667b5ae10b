// SPDX-License-Identifier: Apache-2.0
// node-redis against a cluster: node-redis.mjs plain|cluster PORT,PORT,…
import assert from "node:assert/strict";

import { connect } from "./libraries.mjs";

const KEYS = 300;
const [kind, portList] = process.argv.slice(2);
const ports = portList.split(",").map(Number);

async function strings(redis) {
  for (let i = 0; i < KEYS; i++) assert.equal(await redis.set(`nr:${i}`, `v${i}`), "OK");
  // Sent as one pipeline to each node.
  const values = await Promise.all(Array.from({ length: KEYS }, (_, i) => redis.get(`nr:${i}`)));
  assert.deepEqual(values, Array.from({ length: KEYS }, (_, i) => `v${i}`));
  assert.equal(await redis.get("nr:none"), null);
  await redis.set("nr:soon", "v", { PX: 100000 });
  assert.ok((await redis.pTTL("nr:soon")) > 50000);
}

async function containers(redis) {
  assert.equal(await redis.hSet("nr:hash", { a: "1", b: "2" }), 2);
  assert.deepEqual({ ...(await redis.hGetAll("nr:hash")) }, { a: "1", b: "2" });
  assert.equal(await redis.rPush("nr:list", ["x", "y", "z"]), 3);
  assert.deepEqual(await redis.lRange("nr:list", 0, -1), ["x", "y", "z"]);
  assert.equal(await redis.sAdd("nr:set", ["m", "n", "m"]), 2);
  assert.deepEqual((await redis.sMembers("nr:set")).sort(), ["m", "n"]);
}

async function counters(redis) {
  const sums = await Promise.all(Array.from({ length: KEYS }, () => redis.incr("nr:counter")));
  assert.deepEqual(sums, Array.from({ length: KEYS }, (_, i) => i + 1));
}

async function scans(redis) {
  if (kind === "cluster") return; // a scan belongs to one node's connection
  await redis.mSet(Array.from({ length: KEYS }, (_, i) => [`nr:scan:${i}`, "v"]));
  const found = new Set();
  for await (const key of redis.scanIterator({ MATCH: "nr:scan:*", COUNT: 100 })) found.add(key);
  assert.equal(found.size, KEYS);
}

async function refusals(redis) {
  await redis.set("nr:text", "text");
  await assert.rejects(redis.incr("nr:text"), /not an integer/);
}

const redis = await connect("node-redis", kind, ports, (error) => {
  console.error(error);
  process.exit(1);
});
for (const test of [strings, containers, counters, scans, refusals]) await test(redis);
if (kind === "cluster") assert.equal(redis.nodeByAddress.size, ports.length);
await redis.quit();
console.log(`node-redis ${kind}: fine`);
