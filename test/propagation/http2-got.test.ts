import http2 from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register, runInVirtualCluster, stats } from "@puggle/propagation";
import got from "got";
import got14 from "got14";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Http2Loopback, listenHttp2 } from "./http2-loopback.ts";
import { HEADER } from "./requests.ts";
import { chooseSeed, seededRandom } from "./seeded-random.ts";
import { selfSigned } from "./self-signed.ts";

const seed = chooseSeed();
const random = seededRandom(seed);
const pause = () => (random() < 0.5 ? Promise.resolve() : sleep(Math.floor(random() * 4)));

let target: Http2Loopback;

beforeAll(async () => {
  console.log(`seed ${seed} (PUGGLE_SEED=${seed} repeats the run)`);
  register({ targets: ["127.0.0.1"], inbound: false });
  const server = http2.createSecureServer({ ...selfSigned, settings: { maxConcurrentStreams: 5 } });
  server.on("stream", async (stream, headers) => {
    stream.on("error", () => {});
    await pause();
    stream.respond({ ":status": 200 });
    stream.end(JSON.stringify({ name: headers[HEADER] ?? null, version: 2 }));
  });
  target = await listenHttp2(server);
});

afterAll(() => target.close());

test.each([
  ["got 16", got],
  ["got 14", got14 as unknown as typeof got],
])("%s over HTTP/2 sends of 300 interleaved requests, which wait for free streams, each with its own name or none", async (_, client) => {
  const failures = stats().failures;
  const wrong: string[] = [];
  const send = client.extend({ http2: true, https: { certificateAuthority: selfSigned.cert }, retry: { limit: 0 } });
  await Promise.all(
    Array.from({ length: 300 }, (_each, index) => {
      const name = random() < 0.4 ? undefined : `vc-${index}`;
      return runInVirtualCluster(name, async () => {
        await pause();
        const answer: unknown = await send(target.origin).json();
        const wanted = { name: name ?? null, version: 2 };
        if (JSON.stringify(answer) !== JSON.stringify(wanted) || currentVirtualCluster() !== name)
          wrong.push(`${JSON.stringify(answer)} for ${name}`);
      });
    }),
  );
  expect({ faults: wrong.length, first: wrong.slice(0, 3) }).toEqual({ faults: 0, first: [] });
  expect(stats().failures).toBe(failures);
});
