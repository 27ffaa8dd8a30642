import { isIP } from "node:net";

/** What resolv.conf(5) says about how names are looked up. */
export interface ResolvConf {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  /** A name with fewer dots is tried with the search list first. */
  readonly ndots: number;
  readonly timeoutMs?: number;
  readonly attempts?: number;
}

/** resolv.conf(5): the name servers after the third are not used. */
const MOST_SERVERS = 3;

/** Reads the text of a resolv.conf; what a resolver would not understand either is skipped. */
export function parseResolvConf(text: string): ResolvConf {
  const lines = text.split("\n").map((line) =>
    line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/),
  );
  const valuesOf = (...keys: string[]) => lines.filter(([key = ""]) => keys.includes(key)).map(([, ...values]) => values);
  const options = new Map(valuesOf("options").flatMap((list) => list.map((option) => readOption(option))));
  const timeout = options.get("timeout");
  const attempts = options.get("attempts");
  return {
    servers: valuesOf("nameserver")
      .flatMap(([server = ""]) => (isIP(server) === 0 ? [] : [server]))
      .slice(0, MOST_SERVERS),
    // Of several lists the last one counts.
    search: (valuesOf("search", "domain").at(-1) ?? []).map((domain) => domain.toLowerCase().replace(/\.$/, "")).filter(Boolean),
    ndots: options.get("ndots") ?? 1,
    ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    ...(attempts === undefined ? {} : { attempts }),
  };
}

/** The names that stand for a host, in the order in which they are tried. */
export function namesToTry(host: string, { search, ndots }: Pick<ResolvConf, "search" | "ndots">): readonly string[] {
  if (host.endsWith(".")) return [host.slice(0, -1)];
  const searched = search.map((domain) => `${host}.${domain}`);
  const dots = host.split(".").length - 1;
  return dots >= ndots ? [host, ...searched] : [...searched, host];
}

function readOption(option: string): readonly [string, number | undefined] {
  const [name = "", value = ""] = option.split(":");
  return [name, /^\d{1,3}$/.test(value) ? Number(value) : undefined];
}
