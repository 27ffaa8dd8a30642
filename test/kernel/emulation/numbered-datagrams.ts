/** Run as a program: `receive ADDRESS PORT` and `send ADDRESS PORT MS`, a numbered datagram each so many milliseconds; both until their input ends, and then print what they saw. */
import { createSocket } from "node:dgram";

/** What both ends print. */
export interface Datagrams {
  readonly sent?: number;
  readonly received?: number;
  readonly outOfOrder?: number;
}

const [role, address = "", port = "", everyMs = ""] = process.argv.slice(2);
const PADDING = "-".repeat(180);
const socket = createSocket(address.includes(":") ? "udp6" : "udp4");

function untilInputEnds(tell: () => Datagrams): void {
  process.stdin.resume().on("end", () => {
    console.log(JSON.stringify(tell()));
    process.exit();
  });
}

if (role === "receive") {
  const seen = new Set<number>();
  let outOfOrder = 0;
  let last = -1;
  socket.on("message", (message) => {
    const number = Number.parseInt(message.toString(), 10);
    seen.add(number);
    if (number < last) outOfOrder += 1;
    last = Math.max(last, number);
  });
  socket.bind(Number(port), address, () => console.log("ready"));
  untilInputEnds(() => ({ received: seen.size, outOfOrder }));
} else {
  let sent = 0;
  setInterval(() => {
    socket.send(`${sent} ${PADDING}`, Number(port), address);
    sent += 1;
  }, Number(everyMs));
  console.log("ready");
  untilInputEnds(() => ({ sent }));
}
