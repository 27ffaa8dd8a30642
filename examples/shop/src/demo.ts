import { formatFindings } from "./demo/findings.ts";
import { Interruption, listenForInterruption } from "./demo/interruption.ts";
import { HELP, readOptions, UsageError } from "./demo/options.ts";
import { runDemo } from "./demo/run-demo.ts";

const STARTED_NOTHING = 3;

/** Runs the demo and answers the exit code, which {@link HELP} lists. */
async function main(words: readonly string[]): Promise<number> {
  const interruption = listenForInterruption();
  try {
    const options = readOptions(words);
    if (options.help) {
      process.stdout.write(HELP);
      return 0;
    }
    return await runDemo(options, interruption, (findings) =>
      process.stdout.write(formatFindings(findings, { json: options.json, width: process.stdout.columns })),
    );
  } catch (error) {
    if (error instanceof Interruption) return error.exitCode;
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\nSee npm run demo -- --help\n`);
      return 2;
    }
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    return STARTED_NOTHING;
  }
}

process.exitCode = await main(process.argv.slice(2));
