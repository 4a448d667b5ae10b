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
  const members = [{ value: "one", score: 1 }, { value: "two", score: 2 }];
  assert.equal(await redis.zAdd("nr:zset", members), 2);
  assert.deepEqual(await redis.zRangeWithScores("nr:zset", 0, -1), members);
}

async function transactions(redis) {
  const replies = await redis.multi().set("{nt}a", "1").incr("{nt}a").get("{nt}a").exec();
  assert.deepEqual(replies, ["OK", 2, "2"]);
}

async function blocking(redis) {
  const other = await connect("node-redis", kind, ports, fail);
  const popped = other.blPop("nr:queue", 20);
  await redis.rPush("nr:queue", "job");
  assert.deepEqual({ ...(await popped) }, { key: "nr:queue", element: "job" });
  assert.equal(await other.blPop("nr:queue", 0.01), null);
  await other.quit();
}

async function publishAndSubscribe(redis) {
  const subscriber = await connect("node-redis", kind, ports, fail);
  const heard = [];
  let tell;
  const all = new Promise((resolve) => { tell = resolve; });
  await subscriber.subscribe("nr:channel", (message) => {
    heard.push(message);
    if (heard.length === KEYS) tell();
  });
  for (let i = 0; i < KEYS; i++) assert.equal(await redis.publish("nr:channel", `${i}`), 1);
  await all;
  assert.deepEqual(heard, Array.from({ length: KEYS }, (_, i) => `${i}`));
  await subscriber.quit();
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

function fail(error) {
  console.error(error);
  process.exit(1);
}

const redis = await connect("node-redis", kind, ports, fail);
const tests = [strings, containers, counters, transactions, blocking, publishAndSubscribe];
for (const test of [...tests, scans, refusals]) await test(redis);
if (kind === "cluster") assert.equal(redis.nodeByAddress.size, ports.length);
await redis.quit();
console.log(`node-redis ${kind}: fine`);
