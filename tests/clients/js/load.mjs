// SPDX-License-Identifier: Apache-2.0
// Counts until stdin ends, see failover.py: load.mjs ioredis|node-redis plain|cluster PORTS
import { connect } from "./libraries.mjs";

const [library, kind, portList] = process.argv.slice(2);
const ports = portList.split(",").map(Number);
const counters = Array.from({ length: 4 }, (_, i) => `load:js:${i}`);
const result = { counters: Object.fromEntries(counters.map((key) => [key, 0])), errors: [] };
let stop = false;

function open() {
  return connect(library, kind, ports, (error) => result.errors.push(error.message));
}

async function count(key) {
  let client = await open();
  while (!stop) {
    try {
      result.counters[key] = await client.incr(key);
    } catch (error) {
      result.errors.push(`${key}: ${error.message}`);
      // node-redis does not ask again who has a dead node's slots: an application connects anew.
      if (library === "node-redis") client = await open();
    }
  }
  await client.quit();
}

const counting = counters.map((key) => count(key));
process.stdin.resume();
process.stdin.on("end", () => {
  stop = true;
});
console.log("ready", ...counters);
await Promise.all(counting);
console.log(JSON.stringify(result));
process.exit(0);
