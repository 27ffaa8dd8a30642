import { Listr } from "listr2";

/** How a piece of work tells how far it is. */
interface Watcher {
  /** Where it is now, and how much is done, from 0 to 1. */
  readonly say: (message: string, share: number) => void;
  /** What came of it: takes the place of the title. */
  readonly conclude: (title: string) => void;
}

/** Runs a piece of work while people watch. */
export type Step = <Result>(title: string, work: (watcher: Watcher) => Promise<Result>) => Promise<Result>;

/** Steps that show a spinner in a terminal, lines elsewhere, and nothing where `isSilent`. */
export function showSteps(isSilent: boolean): Step {
  const isLive = process.stdout.isTTY === true && process.env.CI === undefined;
  const renderer = isSilent ? "silent" : isLive ? "default" : "simple";
  return async (title, work) => {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof work>>>();
    const task = async (_: unknown, shown: { title: string; output: string }) => {
      const isNews = isLive ? () => true : quarters();
      const say: Watcher["say"] = (message, share) => {
        if (isNews(share)) shown.output = message;
      };
      const conclude = (conclusion: string) => {
        shown.title = conclusion;
      };
      try {
        resolve(await work({ say, conclude }));
      } catch (error) {
        reject(error);
        // Whoever called says it in full: once is enough.
        throw new Error("see below");
      }
    };
    await new Listr([{ title, task }], { renderer, registerSignalListeners: false }).run().catch(() => undefined);
    return await promise;
  };
}

/** A log is not to be filled with every megabyte: only each quarter is news. */
function quarters(): (share: number) => boolean {
  let told = -1;
  return (share) => {
    const quarter = Math.floor(share * 4);
    const isNews = quarter > told;
    told = Math.max(told, quarter);
    return isNews;
  };
}
