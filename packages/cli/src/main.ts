import { runPuggle } from "./run.ts";

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // A reader such as `head` that has seen enough is no failure.
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
}

process.exitCode = await runPuggle(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
