import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A name for network namespaces and for a control group, which go when this process ends, however it ends. */
export interface HeldName {
  /** All namespaces are called so, with something behind: `-near`. */
  readonly name: string;
  /** The folder of the control group (version 2), which nobody has made yet; `undefined` where there are none. */
  readonly group: string | undefined;
  /** Ends what runs in them, and removes all. */
  readonly remove: () => Promise<void>;
}

const PREFIX = "puggle-host";
const NAME = new RegExp(`^(${PREFIX}-(\\d+)-\\d+)(-\\w+)?$`);
/** Where control groups of version 2 are mounted, first where a system has both versions. */
const CONTROL_GROUPS = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].find((folder) => existsSync(`${folder}/cgroup.controllers`));

const REMOVE = `
name=$1 group=$2
if [ -d "$group" ]; then
  echo 1 >"$group/cgroup.kill"
  until rmdir "$group"; do sleep 0.02; done 2>/dev/null
fi
for path in /run/netns/"$name"-*; do
  [ -e "$path" ] || continue
  netns=\${path##*/}
  ip netns pids "$netns" | xargs -r kill -s KILL
  ip netns del "$netns"
done
`;

let held = 0;

/** Takes a name that nobody has, and removes what is left of processes that were killed together with their janitors. */
export async function holdName(): Promise<HeldName> {
  for (const name of namesOfTheDead()) await run("sh", ["-c", REMOVE, "sh", name, groupOf(name) ?? ""]);
  held += 1;
  const name = `${PREFIX}-${process.pid}-${held}`;
  const group = groupOf(name);
  // It waits for the end of its input, which comes when this process ends. In a session of its own no key that interrupts reaches it.
  const janitor = spawn("sh", ["-c", `cat >/dev/null\n${REMOVE}`, "sh", name, group ?? ""], {
    stdio: ["pipe", "ignore", "inherit"],
    detached: true,
  });
  const gone = once(janitor, "exit");
  const remove = async () => {
    janitor.stdin.end();
    await gone;
  };
  return { name, group, remove };
}

function groupOf(name: string): string | undefined {
  return CONTROL_GROUPS === undefined ? undefined : `${CONTROL_GROUPS}/${name}`;
}

/** Of those whose process has ended. */
function namesOfTheDead(): ReadonlySet<string> {
  const folders = ["/run/netns", ...(CONTROL_GROUPS === undefined ? [] : [CONTROL_GROUPS])];
  const entries = folders.flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  const names = entries.flatMap((entry) => {
    const [, name, pid] = NAME.exec(entry) ?? [];
    return name === undefined || existsSync(`/proc/${pid}`) ? [] : [name];
  });
  return new Set(names);
}
