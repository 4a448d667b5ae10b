// SPDX-License-Identifier: Apache-2.0
// ioredis against a cluster: ioredis.mjs plain|cluster PORT,PORT,…
import assert from "node:assert/strict";

import { connect } from "./libraries.mjs";

const KEYS = 300;
const [kind, portList] = process.argv.slice(2);
const ports = portList.split(",").map(Number);

async function strings(redis) {
  for (let i = 0; i < KEYS; i++) assert.equal(await redis.set(`js:${i}`, `v${i}`), "OK");
  for (let i = 0; i < KEYS; i++) assert.equal(await redis.get(`js:${i}`), `v${i}`);
  assert.equal(await redis.get("js:none"), null);
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  await redis.set("js:bytes", bytes);
  assert.deepEqual(await redis.getBuffer("js:bytes"), bytes);
  await redis.set("js:soon", "v", "PX", 100000);
  assert.ok((await redis.pttl("js:soon")) > 50000);
}

async function containers(redis) {
  assert.equal(await redis.hset("js:hash", { a: "1", b: "2" }), 2);
  assert.deepEqual(await redis.hgetall("js:hash"), { a: "1", b: "2" });
  assert.equal(await redis.rpush("js:list", "x", "y", "z"), 3);
  assert.deepEqual(await redis.lrange("js:list", 0, -1), ["x", "y", "z"]);
  assert.equal(await redis.sadd("js:set", "m", "n", "m"), 2);
  assert.deepEqual((await redis.smembers("js:set")).sort(), ["m", "n"]);
  assert.equal(await redis.zadd("js:zset", 2, "two", 1, "one"), 2);
  assert.deepEqual(await redis.zrange("js:zset", 0, -1, "WITHSCORES"), ["one", "1", "two", "2"]);
}

async function transactions(redis) {
  const replies = await redis.multi().set("{jt}a", "1").incr("{jt}a").get("{jt}a").exec();
  assert.deepEqual(replies, [[null, "OK"], [null, 2], [null, "2"]]);
}

async function blocking(redis) {
  const other = redis.duplicate();
  const popped = other.blpop("js:queue", 20);
  await redis.rpush("js:queue", "job");
  assert.deepEqual(await popped, ["js:queue", "job"]);
  assert.equal(await other.blpop("js:queue", 0.01), null);
  await other.quit();
}

async function publishAndSubscribe(redis) {
  const subscriber = redis.duplicate();
  const heard = [];
  const all = new Promise((resolve) => {
    subscriber.on("message", (channel, message) => {
      heard.push(`${channel} ${message}`);
      if (heard.length === KEYS) resolve();
    });
  });
  assert.equal(await subscriber.subscribe("js:channel"), 1);
  for (let i = 0; i < KEYS; i++) assert.equal(await redis.publish("js:channel", i), 1);
  await all;
  assert.deepEqual(heard, Array.from({ length: KEYS }, (_, i) => `js:channel ${i}`));
  await subscriber.quit();
}

async function counters(redis) {
  const sums = await Promise.all(Array.from({ length: KEYS }, () => redis.incr("js:counter")));
  assert.deepEqual(sums, Array.from({ length: KEYS }, (_, i) => i + 1));
}

async function pipelines(redis) {
  const pipeline = redis.pipeline();
  // One node takes a pipeline of a cluster: its keys must be of one slot's node.
  for (let i = 0; i < KEYS; i++) pipeline.set(`{js}:${i}`, i).get(`{js}:${i}`);
  const results = await pipeline.exec();
  assert.equal(results.length, 2 * KEYS);
  results.forEach(([error, reply], i) => {
    assert.equal(error, null);
    assert.equal(reply, i % 2 === 0 ? "OK" : String((i - 1) / 2));
  });
}

async function scans(redis) {
  if (kind === "cluster") return; // a scan belongs to one node's connection
  const found = new Set();
  for await (const keys of redis.scanStream({ match: "{js}:*", count: 100 })) {
    keys.forEach((key) => found.add(key));
  }
  assert.equal(found.size, KEYS);
}

async function refusals(redis) {
  await redis.set("js:text", "text");
  await assert.rejects(redis.incr("js:text"), /not an integer/);
}

const redis = await connect("ioredis", kind, ports, (error) => {
  console.error(error);
  process.exit(1);
});
const tests = [strings, containers, counters, pipelines, transactions, blocking];
for (const test of [...tests, publishAndSubscribe, scans, refusals]) await test(redis);
if (kind === "cluster") {
  assert.equal(redis.nodes("master").length, ports.length);
}
await redis.quit();
console.log(`ioredis ${kind}: fine`);
