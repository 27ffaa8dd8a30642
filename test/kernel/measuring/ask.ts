/** Sends a datagram, or opens a connection, for each packet that it is told, and prints how long the first answer took, in milliseconds, or null. */
import { createSocket } from "node:dgram";
import { createConnection } from "node:net";
import { text } from "node:stream/consumers";

/** One packet, and the port it comes from where that matters. */
export interface Asking {
  readonly protocol: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  readonly localAddress?: string;
  readonly localPort?: number;
}

const AT_ONCE = 16;
const WAIT_MS = 900;

async function ask({ protocol, ...to }: Asking): Promise<number | null> {
  const began = performance.now();
  const { answer, close } = protocol === "tcp" ? connect(to) : send(to);
  const timer = Promise.withResolvers<null>();
  const timeout = setTimeout(() => timer.resolve(null), WAIT_MS);
  try {
    return (await Promise.race([
      answer.then(
        () => true,
        () => null,
      ),
      timer.promise,
    ])) === null
      ? null
      : performance.now() - began;
  } finally {
    clearTimeout(timeout);
    close();
  }
}

type Place = Omit<Asking, "protocol">;

function connect({ address: host, port, localAddress, localPort }: Place) {
  const from = { ...(localAddress === undefined ? {} : { localAddress }), ...(localPort === undefined ? {} : { localPort }) };
  const socket = createConnection({ host, port, ...from });
  const answer = new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return { answer, close: () => void (socket.connecting ? socket.destroy() : socket.resetAndDestroy()) };
}

function send({ address, port, localAddress, localPort }: Place) {
  const socket = createSocket({ type: address.includes(":") ? "udp6" : "udp4", reuseAddr: true });
  const answer = new Promise((resolve, reject) => {
    socket.once("message", resolve).once("error", reject);
    socket.bind({ port: localPort ?? 0, ...(localAddress === undefined ? {} : { address: localAddress }) }, () => {
      socket.connect(port, address, () => socket.send("?"));
    });
  });
  return { answer, close: () => void socket.close() };
}

const askings: readonly Asking[] = JSON.parse(await text(process.stdin));
// What is done for the first time takes longer.
await Promise.all(askings.slice(0, AT_ONCE).map(ask));
const times: (number | null)[] = [];
for (let next = 0; next < askings.length; next += AT_ONCE) times.push(...(await Promise.all(askings.slice(next, next + AT_ONCE).map(ask))));
console.log(JSON.stringify(times));
