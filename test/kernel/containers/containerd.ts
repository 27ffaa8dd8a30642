import { join } from "node:path";
import type { Kernel } from "../boot/start.ts";

const WRITE_IMAGE = join(import.meta.dirname, "image.sh");
const IMAGE = "puggle.test/tools:1";
const CONFIG_PATH = "/run/containerd/config.toml";

// On tmpfs, since the host's files can not be written.
const CONFIG = `version = 2
root = "/run/containerd/root"
state = "/run/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
`;

const START_IN_BACKGROUND = `
mkdir -p /run/containerd
cat >${CONFIG_PATH}
sh "$1" /run/tools.tar
`;

const UNTIL_READY = `
until ctr --connect-timeout 1s version >/dev/null 2>&1; do sleep 0.1; done
ctr images import /run/tools.tar
rm /run/tools.tar
`;

/** A containerd in that kernel, with an image of a shell, `ping` and `iperf3`. */
export interface Containerd {
  /** Runs `ctr` to its end. */
  readonly ctr: (...arguments_: readonly string[]) => Promise<string>;
  readonly image: string;
  readonly stop: () => Promise<void>;
}

export async function startContainerd(kernel: Kernel): Promise<Containerd> {
  await kernel.shell(START_IN_BACKGROUND, [WRITE_IMAGE], { input: CONFIG });
  const daemon = await kernel.start("containerd", ["--config", CONFIG_PATH]);
  const ready = kernel.shell(UNTIL_READY);
  const early = daemon.ended.then(({ stderr }) => Promise.reject(new Error(`containerd has ended:\n${stderr.slice(-4_000)}`)));
  try {
    await Promise.race([ready, early]);
  } catch (error) {
    daemon.kill("SIGKILL");
    throw error;
  }
  return {
    ctr: async (...arguments_) => (await kernel.run("ctr", arguments_)).stdout,
    image: IMAGE,
    stop: async () => {
      daemon.kill();
      await early.catch(() => undefined);
    },
  };
}
