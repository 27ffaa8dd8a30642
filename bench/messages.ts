import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * The next message of a process that is being measured.
 *
 * @throws where it ends instead.
 */
export async function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  const settled = new AbortController();
  const { signal } = settled;
  const ended = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`${child.spawnargs.slice(1).join(" ")} ended with ${code}`);
  });
  const answered = once(child, "message", { signal }).then(([message]) => message as Message);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    for (const pending of [answered, ended]) pending.catch(() => {});
    settled.abort();
  }
}
