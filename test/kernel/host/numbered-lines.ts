/** Run as a program: `echo ADDRESS PORT` sends back what it gets; `send ADDRESS PORT [MS]` sends numbered lines by one connection until its input ends, and prints what came back. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

const [role, address = "", port = "", everyMs = "10"] = process.argv.slice(2);
const LINES_EACH_TIME = 10;
const PADDING = "-".repeat(90);

if (role === "echo") {
  const server = createServer((socket) => socket.on("error", () => socket.destroy()).pipe(socket));
  server.listen(Number(port), address, () => console.log("ready"));
  process.stdin.resume().on("end", () => process.exit());
} else {
  console.log(JSON.stringify(await sendLines()));
}

async function sendLines() {
  const socket = connect(Number(port), address);
  await once(socket, "connect");
  console.log("ready");
  const result = { sent: 0, returned: 0, isInOrder: true, error: undefined as string | undefined };
  socket.on("error", (error) => {
    result.error = error.message;
  });
  const timer = setInterval(() => {
    for (let count = 0; count < LINES_EACH_TIME; count += 1) {
      socket.write(`${result.sent} ${PADDING}\n`);
      result.sent += 1;
    }
  }, Number(everyMs));
  process.stdin.resume().on("end", () => {
    clearInterval(timer);
    socket.end();
  });
  for await (const line of createInterface({ input: socket })) {
    if (line !== `${result.returned} ${PADDING}`) result.isInOrder = false;
    result.returned += 1;
  }
  clearInterval(timer);
  return result;
}
