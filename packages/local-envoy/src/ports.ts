import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
import { FreePortsError } from "./errors.ts";

// Below the range from which kernels take ports for outgoing connections (32768 on Linux, 49152 elsewhere), so that no connection made meanwhile takes one.
const FIRST_PORT = 10_240;
const BLOCK = 64;
const BLOCKS = (32_768 - FIRST_PORT) / BLOCK;

/**
 * Finds `count` distinct free ports of 127.0.0.1.
 *
 * They come in blocks whose first port this process goes on holding, so that a second process that asks meanwhile gets others, though these are free
 * until something listens on them. All are seen free before any is given.
 *
 * @throws {FreePortsError} Where there are not so many.
 * @example
 * ```ts
 * const [admin, inbound] = await freePorts(2);
 * ```
 */
export async function freePorts(count: number): Promise<number[]> {
  const tooFew = () => new FreePortsError(`There are no ${count} free ports between ${FIRST_PORT} and 32767 on 127.0.0.1.`);
  if (count > BLOCKS * (BLOCK - 1)) throw tooFew();
  const ports: number[] = [];
  const order = shuffledBlocks();
  while (ports.length < count) {
    const block = order.pop();
    if (block === undefined) throw tooFew();
    ports.push(...(await claimBlock(FIRST_PORT + block * BLOCK, count - ports.length)));
  }
  return ports;
}

async function claimBlock(first: number, wanted: number): Promise<number[]> {
  // Everybody must ask for the same port. Another one in its place, where the first is taken, may be a port that the block's owner has given out.
  const claim = await listen(first);
  if (claim === undefined) return [];
  const held: { port: number; server: Server }[] = [];
  for (let port = first + 1; port < first + BLOCK && held.length < wanted; port++) {
    const server = await listen(port);
    if (server !== undefined) held.push({ port, server });
  }
  await Promise.all(held.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return held.map(({ port }) => port);
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy()).unref();
  return await new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => resolve(server));
  });
}

function shuffledBlocks(): number[] {
  const order = Array.from({ length: BLOCKS }, (_, index) => index);
  for (let last = order.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
