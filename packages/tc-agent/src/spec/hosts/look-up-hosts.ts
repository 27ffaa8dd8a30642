import { Resolver } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { parseHostsFile } from "./hosts-file.ts";
import { namesToTry, parseResolvConf, type ResolvConf } from "./resolv-conf.ts";

/** How hosts are looked up: as the pod does it, where its files are given. */
export interface LookUpOptions {
  /** The text of the pod's resolv.conf; this machine's name servers, and no search list, where left out. */
  readonly resolvConf?: string;
  /** The text of the pod's /etc/hosts, which goes before name servers. */
  readonly hosts?: string;
  /** The name servers' port; 53 where left out. */
  readonly port?: number;
  /** How long a name server may take, in milliseconds, where resolv.conf does not say; 2,000 where left out. */
  readonly timeoutMs?: number;
}

/** A host that has no address for now. */
export class HostError extends Error {
  readonly code: "unknown-host" | "name-servers-failed";
  readonly host: string;

  constructor(code: HostError["code"], host: string, message: string) {
    super(message);
    this.name = "HostError";
    this.code = code;
    this.host = host;
  }
}

/** What is known of hosts. */
export interface LookUp {
  /** Of each host that has any, IPv4 first, as the name servers told them. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  readonly errors: readonly HostError[];
}

type Answer = { readonly addresses: readonly string[] } | { readonly failure: string };

/** RFC 2308: the name does not exist, or has no address of that family. */
const NO_ADDRESS: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Looks up the addresses of hosts, of both families, as a pod's resolver does: its hosts file, then its name servers with its search list.
 * A name that name servers can not tell for now ends the search, so that no outage makes another host of it.
 *
 * @returns the addresses that were found, and an error for each host that has none; it does not throw
 *
 * @example
 * ```ts
 * const { addresses, errors } = await lookUpHosts(hostsOf(spec), { resolvConf: await readFile("/etc/resolv.conf", "utf8") });
 * const rules = resolveSpec(spec, addresses);
 * ```
 */
export async function lookUpHosts(hosts: readonly string[], options: LookUpOptions = {}): Promise<LookUp> {
  const known = parseHostsFile(options.hosts ?? "");
  const conf = parseResolvConf(options.resolvConf ?? "");
  const resolver = resolverFor(conf, options);
  const found = await Promise.all(
    hosts.map(async (host) => {
      const listed = known.get(host.replace(/\.$/, ""));
      return { host, answer: listed === undefined ? await ask(resolver, host, conf) : listed };
    }),
  );
  return {
    addresses: new Map(found.flatMap(({ host, answer }) => (answer instanceof HostError ? [] : [[host, answer] as const]))),
    errors: found.flatMap(({ answer }) => (answer instanceof HostError ? [answer] : [])),
  };
}

function resolverFor(conf: ResolvConf, { port = 53, timeoutMs = 2_000 }: LookUpOptions): Resolver {
  const resolver = new Resolver({ timeout: conf.timeoutMs ?? timeoutMs, tries: conf.attempts ?? 2 });
  if (conf.servers.length > 0)
    resolver.setServers(conf.servers.map((server) => (isIPv6(server) ? `[${server}]:${port}` : `${server}:${port}`)));
  return resolver;
}

async function ask(resolver: Resolver, host: string, conf: ResolvConf): Promise<readonly string[] | HostError> {
  const names = namesToTry(host, conf);
  for (const name of names) {
    const answers = await Promise.all([answerTo(resolver.resolve4(name)), answerTo(resolver.resolve6(name))]);
    const addresses = answers.flatMap((answer) => ("addresses" in answer ? answer.addresses : []));
    if (addresses.length > 0) return addresses;
    const failure = answers.find((answer) => "failure" in answer)?.failure;
    if (failure !== undefined) {
      const message = `the name servers can not tell the addresses of ${host} (${failure}): check resolv.conf, and that they run`;
      return new HostError("name-servers-failed", host, message);
    }
  }
  const tried = names.length === 1 ? "" : `, tried as ${names.join(", ")}`;
  return new HostError("unknown-host", host, `the host ${host} has no address${tried}: check the name, or name a cidr`);
}

async function answerTo(query: Promise<readonly string[]>): Promise<Answer> {
  try {
    return { addresses: await query };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return NO_ADDRESS.has(code) ? { addresses: [] } : { failure: code };
  }
}
