import { CliError } from "./cli-error.ts";
import { EXIT_CODES } from "./exit-code.ts";
import { reportFailure, runPuggle } from "./run.ts";

const args = process.argv.slice(2);
const err = (text: string) => process.stderr.write(text);

process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  // A reader such as `head` that has seen enough is no failure.
  if (code === "EPIPE") process.exit();
  process.exit(
    reportFailure(new CliError("can-not-write", EXIT_CODES.canNotWrite, `the result can not be printed (${code})`), args, { err }),
  );
});
// Where errors can not be printed either, the exit code is all that is left to say it with.
process.stderr.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? undefined : EXIT_CODES.canNotWrite));

process.exitCode = await runPuggle(args, { out: (text) => process.stdout.write(text), err });
