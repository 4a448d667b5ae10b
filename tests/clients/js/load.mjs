// SPDX-License-Identifier: Apache-2.0
// Counts until stdin ends, see failover.py: load.mjs ioredis|node-redis plain|cluster PORTS
import { connect } from "./libraries.mjs";

const [library, kind, portList] = process.argv.slice(2);
const counters = Array.from({ length: 4 }, (_, i) => `load:js:${i}`);
const result = { counters: Object.fromEntries(counters.map((key) => [key, 0])), errors: [] };
let stop = false;

async function count(client, key) {
  while (!stop) {
    try {
      result.counters[key] = await client.incr(key);
    } catch (error) {
      result.errors.push(`${key}: ${error.message}`);
    }
  }
}

const client = await connect(library, kind, portList.split(",").map(Number), (error) => {
  result.errors.push(error.message);
});
const counting = counters.map((key) => count(client, key));
process.stdin.resume();
process.stdin.on("end", () => {
  stop = true;
});
console.log("ready", ...counters);
await Promise.all(counting);
await client.quit();
console.log(JSON.stringify(result));
