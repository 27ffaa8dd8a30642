import { selfSigned } from "../../self-signed.ts";
import { openFetch, openWebSocket } from "./built-in.ts";
import {
  CONNECTIONS,
  clientOf,
  type Dispatcher,
  openPerOrigin,
  openPipeline,
  openProxied,
  openRequest,
  openRetrying,
  openStream,
  openUpgrade,
  ownDispatcher,
  type Undici,
  withClient,
} from "./undici-calls.ts";
import { type CheckName, type OpenedWay, reasons, type WayOut } from "./way.ts";

type Cannot = Readonly<Partial<Record<CheckName, string>>>;

const noRedirects = { "redirect to a target": reasons.noRedirects, "redirect to another host": reasons.noRedirects };
const RETRIES = { maxRetries: 5, minTimeout: 1, maxTimeout: 5, timeoutFactor: 1 };

/** The ways of a copy of undici. */
export function waysOfUndici(installedAs: string, load: () => Promise<unknown>): readonly WayOut[] {
  const loadUndici = load as () => Promise<Undici>;
  const isOld = installedAs === "undici6";
  const writesHost = installedAs !== "undici";
  const proxied: Cannot = writesHost ? { ...noRedirects, "headers unchanged": "writes a Host header into them itself" } : noRedirects;

  function way(
    name: string,
    open: (undici: Undici) => Promise<OpenedWay> | OpenedWay,
    cannot: Cannot,
    server: WayOut["server"] = "http",
  ): WayOut {
    return {
      name: `undici ${name}`,
      package: installedAs,
      server,
      cannot: { pipelining: reasons.sequential, ...cannot },
      open: async () => open(await loadUndici()),
    };
  }

  /** `request` with a dispatcher. */
  function by(name: string, make: (undici: Undici) => Dispatcher, cannot: Cannot = noRedirects, server?: WayOut["server"]): WayOut {
    return way(name, (undici) => openRequest(undici, clientOf(make(undici))), cannot, server);
  }

  /** A client of one origin each, asked without `undici.request`. */
  function perOrigin(name: string, make: (undici: Undici, origin: string) => Dispatcher, cannot: Cannot): WayOut {
    return way(name, (undici) => openPerOrigin((origin) => make(undici, origin)), cannot);
  }

  /** From version 7 on, only requests that are said not to block follow each other at once. */
  function pipelined(): WayOut {
    const make =
      ({ Client }: Undici) =>
      (origin: string) =>
        new Client(origin, { pipelining: 10 });
    const open = async () => openPerOrigin(make(await loadUndici()), { blocking: false });
    return { name: "undici Client with pipelining", package: installedAs, server: "http", cannot: noRedirects, open };
  }

  /** Undici 6 fails an assertion of its own where it has several streams under way. */
  function multiplexed(): WayOut {
    const pipelining = isOld ? 1 : 10;
    const cannot = isOld ? { ...noRedirects, pipelining: reasons.sequential } : noRedirects;
    const make = ({ Agent }: Undici) => new Agent({ allowH2: true, connections: 1, pipelining, connect: { ca: selfSigned.cert } });
    const open = async () => {
      const undici = await loadUndici();
      return openRequest(undici, clientOf(make(undici)), { blocking: false });
    };
    return { name: "undici Agent with allowH2", package: installedAs, server: "h2", cannot, open };
  }

  const agent = ({ Agent }: Undici) => new Agent(CONNECTIONS);
  const untunnelled: Cannot = { ...proxied, "keep-alive": "the proxy's connections are not its own" };

  return [
    way("fetch", (undici) => withClient(agent(undici), (dispatcher, close) => openFetch(undici.fetch as never, { dispatcher }, close)), {}),
    way("request", (undici) => openRequest(undici, undefined), noRedirects),
    way("stream", (undici) => openStream(undici, clientOf(agent(undici))), noRedirects),
    way("pipeline", (undici) => openPipeline(undici, clientOf(agent(undici))), noRedirects),
    way("upgrade", openUpgrade, { ...noRedirects, "keep-alive": reasons.ownConnection, "streamed body": reasons.noBody }),
    way(
      "WebSocket",
      (undici) => withClient(agent(undici), (dispatcher, close) => openWebSocket(undici.WebSocket as never, { dispatcher }, close)),
      {
        ...noRedirects,
        "keep-alive": reasons.ownConnection,
        "streamed body": reasons.noBody,
        abort: reasons.noSignal,
        "events of an abort": reasons.noSignal,
      },
    ),
    perOrigin("Client", ({ Client }, origin) => new Client(origin), noRedirects),
    pipelined(),
    perOrigin("Pool", ({ Pool }, origin) => new Pool(origin, CONNECTIONS), noRedirects),
    perOrigin("BalancedPool", ({ BalancedPool }, origin) => new BalancedPool([origin], CONNECTIONS), noRedirects),
    by("Agent", agent),
    by("own dispatcher", (undici) => ownDispatcher(undici)),
    by("redirect interceptor", (undici) => agent(undici).compose(undici.interceptors.redirect({ maxRedirections: 3 })), {}),
    way("retry interceptor", (undici) => openRetrying(undici, agent(undici).compose(undici.interceptors.retry(RETRIES))), retries),
    way("RetryAgent", (undici) => openRetrying(undici, new undici.RetryAgent(agent(undici), RETRIES)), retries),
    way("ProxyAgent with a tunnel", (undici) => openProxied(undici, { proxyTunnel: true }), proxied),
    // Undici 6 always makes a tunnel.
    ...(isOld ? [] : [way("ProxyAgent without a tunnel", (undici) => openProxied(undici, { proxyTunnel: false }), untunnelled)]),
    multiplexed(),
  ];
}

const retries: Cannot = { ...noRedirects, "streamed body": "sends a streamed body once only" };
