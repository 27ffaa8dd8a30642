import type { Readable } from "node:stream";

/** Calls for every whole line. Not `node:readline`, which also splits at U+2028, which JSON leaves as it is. */
export function onLines(stream: Readable, onLine: (line: string) => void): void {
  const started: string[] = [];
  stream.setEncoding("utf8").on("data", (text: string) => {
    const pieces = text.split("\n");
    const rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      started.push(piece);
      onLine(started.splice(0).join(""));
    }
    started.push(rest);
  });
}
