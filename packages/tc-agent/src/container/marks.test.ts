import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ContainerMarks } from "./marks.ts";

let folder: string;

vi.mock("../kernel/cgroups.ts", () => ({ cgroupRoot: () => join(folder, "cgroup") }));

const CGROUP = String.raw`/my\x2dslice.slice/a b`;
const OTHERS = '-A OUTPUT -p tcp -m comment --comment "not puggle: this" -j MARK --set-xmark 0x539/0xffffffff';

/** Instead of nsenter: keeps the rules of each tool in a file, quotes them as iptables does, and takes the tool's lock file for a reason not to delete. */
const NSENTER = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require("node:fs");
const [, tool, ...words] = process.argv.slice(2);
const file = __dirname + "/" + tool;
const [wait, seconds, , , action, ...rule] = words;
if (wait !== "-w" || seconds !== "5") process.exit(2);
const quoted = rule.map((word) => (/^[\\w-]+$/.test(word) || /^(-|0x)/.test(word) ? word : '"' + word.replace(/["\\\\']/g, "\\\\$&") + '"')).join(" ");
const lines = existsSync(file) ? readFileSync(file, "utf8").split("\\n").filter((line) => line !== "") : [];
if (action === "-S") console.log(["-P OUTPUT ACCEPT", ...lines].join("\\n"));
if (action === "-A") appendFileSync(file, "-A " + quoted + "\\n");
if (action === "-D") {
  const index = lines.indexOf("-A " + quoted);
  if (index === -1 || existsSync(__dirname + "/stuck")) {
    console.error("Bad rule (does a matching rule exist in that chain?)");
    process.exit(1);
  }
  writeFileSync(file, lines.toSpliced(index, 1).map((line) => line + "\\n").join(""));
}
`;

const rules = (tool = "iptables") => readFileSync(join(folder, tool), "utf8").trim().split("\n");
const startAgain = () => {
  // Another control group at the same path, and not with its number.
  renameSync(join(folder, "cgroup", CGROUP), join(folder, "before"));
  mkdirSync(join(folder, "cgroup", CGROUP), { recursive: true });
};

describe("the marks of a container", () => {
  let marks: ContainerMarks;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "puggle-marks-"));
    mkdirSync(join(folder, "cgroup", CGROUP), { recursive: true });
    writeFileSync(join(folder, "nsenter"), NSENTER);
    chmodSync(join(folder, "nsenter"), 0o755);
    for (const tool of ["iptables", "ip6tables"]) writeFileSync(join(folder, tool), `${OTHERS}\n`);
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    const { dev, ino } = statSync("/proc/self/ns/net");
    marks = new ContainerMarks({ path: "/proc/self/ns/net", id: `${dev}-${ino}` }, CGROUP);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it("are made once, and taken away with no rule of others, also where a path has backslashes and spaces", async () => {
    expect([await marks.ensure(), await marks.ensure()]).toEqual([true, false]);
    expect(rules()).toEqual([
      OTHERS,
      expect.stringContaining(String.raw`--path "my\\x2dslice.slice/a b"`),
      expect.stringContaining("CONNMARK"),
    ]);
    await marks.remove();
    expect([rules(), rules("ip6tables")]).toEqual([[OTHERS], [OTHERS]]);
  });

  it("are made again when the container has started again", async () => {
    await marks.ensure();
    const before = rules();
    startAgain();
    expect(await marks.ensure()).toBe(true);
    expect(rules()).toHaveLength(3);
    expect(rules()).not.toEqual(before);
  });

  it("do not grow without end where old ones can not be taken away, and are put right when they can", async () => {
    await marks.ensure();
    startAgain();
    writeFileSync(join(folder, "stuck"), "");
    for (let turn = 0; turn < 4; turn += 1) await expect(marks.ensure()).rejects.toMatchObject({ code: "unsupported" });
    expect(rules()).toHaveLength(5);
    rmSync(join(folder, "stuck"));
    await marks.ensure();
    expect([await marks.ensure(), rules().length]).toEqual([false, 3]);
  });
});
