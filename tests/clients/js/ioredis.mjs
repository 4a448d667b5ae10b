// SPDX-License-Identifier: Apache-2.0
// ioredis against a cluster: client.mjs plain|cluster PORT,PORT,…
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

// Installed in the build folder, which the working directory is.
const require = createRequire(path.join(process.cwd(), "package.json"));
const Redis = require("ioredis");

const KEYS = 300;
const [kind, portList] = process.argv.slice(2);
const ports = portList.split(",").map(Number);

function connect() {
  if (kind === "plain") return new Redis({ host: "127.0.0.1", port: ports[0] });
  return new Redis.Cluster(ports.map((port) => ({ host: "127.0.0.1", port })));
}

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

async function refusals(redis) {
  await redis.set("js:text", "text");
  await assert.rejects(redis.incr("js:text"), /not an integer/);
}

const redis = connect();
redis.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
for (const test of [strings, counters, pipelines, refusals]) await test(redis);
if (kind === "cluster") {
  assert.equal(redis.nodes("master").length, ports.length);
}
await redis.quit();
console.log(`ioredis ${kind}: fine`);
