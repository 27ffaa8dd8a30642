import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { ToAgent } from "./messages.ts";

/*
 * What the host says to that kernel are files in a folder that both see, numbered from 1, and a byte on the serial line for each. The bytes of long messages
 * do not go over the line, since its driver may stop for ever where they come faster than they are read.
 */

/** The host's end: makes the folder, and gives what puts messages there. */
export function openInbox(folder: string, bell: Writable): (message: ToAgent) => void {
  mkdirSync(folder);
  let sent = 0;
  return (message) => {
    sent += 1;
    writeFileSync(join(folder, "next"), JSON.stringify(message));
    renameSync(join(folder, "next"), join(folder, String(sent)));
    bell.write("\n");
  };
}

/** The other end: takes the messages out, in their order. */
export function emptyInbox(folder: string, bell: Readable, onMessage: (message: ToAgent) => void): void {
  let taken = 0;
  bell.on("data", (rings: Buffer) => {
    for (let ring = 0; ring < rings.length; ring += 1) {
      taken += 1;
      const path = join(folder, String(taken));
      const message: ToAgent = JSON.parse(readFileSync(path, "utf8"));
      rmSync(path);
      onMessage(message);
    }
  });
}
