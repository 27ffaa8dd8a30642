import { Writable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type * as undici8 from "undici";
import { startProxy } from "../servers/proxy.ts";
import { noteEvents, type OpenedWay, type SendOptions } from "./way.ts";

/** The versions agree on what is used here. */
export type Undici = typeof undici8;
export type Dispatcher = undici8.Dispatcher;

interface Client {
  readonly dispatcher: Dispatcher;
  close(): Promise<unknown>;
}

/** Few enough for requests to wait for one another. */
export const CONNECTIONS = { connections: 2 };

export function clientOf(dispatcher: Dispatcher): Client {
  return { dispatcher, close: async () => dispatcher.destroy() };
}

export function withClient(dispatcher: Dispatcher, open: (dispatcher: Dispatcher, close: () => Promise<void>) => OpenedWay): OpenedWay {
  return open(dispatcher, async () => void (await dispatcher.destroy()));
}

function optionsOf({ headers = {}, signal, body }: SendOptions, dispatcher: Dispatcher | undefined) {
  return {
    headers,
    method: body === undefined ? ("GET" as const) : ("POST" as const),
    ...(body === undefined ? {} : { body: body as never }),
    ...(signal === undefined ? {} : { signal }),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  };
}

async function readBody(body: undici8.Dispatcher.ResponseData["body"], note: SendOptions["note"]): Promise<string> {
  noteEvents(body, "body", ["data", "end", "close"], note);
  return body.text();
}

export function openRequest(undici: Undici, client: Client | undefined, more: { readonly blocking?: boolean } = {}): OpenedWay {
  return {
    send: async (url, options = {}) => {
      const { body } = await undici.request(url, { ...optionsOf(options, client?.dispatcher), ...more });
      return readBody(body, options.note);
    },
    close: async () => void (await client?.close()),
  };
}

/** Each request fails once, and is sent a second time. */
export function openRetrying(undici: Undici, dispatcher: Dispatcher): OpenedWay {
  const opened = openRequest(undici, clientOf(dispatcher));
  return { ...opened, send: (url, options) => opened.send(url.replace("/echo", "/flaky"), options) };
}

export function openPerOrigin(make: (origin: string) => Dispatcher, more: { readonly blocking?: boolean } = {}): OpenedWay {
  const clients = new Map<string, Dispatcher>();
  return {
    send: async (url, options = {}) => {
      const { origin, pathname, search } = new URL(url);
      const client = clients.get(origin) ?? make(origin);
      clients.set(origin, client);
      const { body } = await client.request({ path: pathname + search, ...optionsOf(options, undefined), ...more });
      return readBody(body, options.note);
    },
    close: async () => {
      for (const client of clients.values()) await client.destroy();
    },
  };
}

export function openStream(undici: Undici, { dispatcher, close }: Client): OpenedWay {
  return {
    send: async (url, options = {}) => {
      let text = "";
      await undici.stream(url, optionsOf(options, dispatcher), () => {
        options.note?.("factory");
        const writable = new Writable({
          write(chunk, _encoding, done) {
            options.note?.("write");
            text += chunk;
            done();
          },
        });
        noteEvents(writable, "writable", ["finish", "close"], options.note);
        return writable;
      });
      return text;
    },
    close: async () => void (await close()),
  };
}

export function openPipeline(undici: Undici, { dispatcher, close }: Client): OpenedWay {
  return {
    send: async (url, options = {}) => {
      const { body, ...others } = optionsOf(options, dispatcher);
      const duplex = undici.pipeline(url, others, (response) => {
        options.note?.("handler");
        return response.body;
      });
      noteEvents(duplex, "duplex", ["data", "end", "error"], options.note);
      for await (const chunk of options.body ?? []) duplex.write(chunk);
      duplex.end();
      return readText(duplex);
    },
    close: async () => void (await close()),
  };
}

export function openUpgrade(undici: Undici): OpenedWay {
  const dispatcher = new undici.Agent(CONNECTIONS);
  return {
    send: async (url, { headers = {}, signal, note } = {}) => {
      const { socket } = await undici.upgrade(url, { protocol: "echo", headers, dispatcher, ...(signal === undefined ? {} : { signal }) });
      noteEvents(socket, "socket", ["data", "end", "close"], note);
      return readText(socket);
    },
    close: async () => void (await dispatcher.destroy()),
  };
}

/** What a service may put between its calls and undici: it holds each a little, and goes on from a timer. */
export function ownDispatcher(undici: Undici): Dispatcher {
  const inner = new undici.Agent(CONNECTIONS);
  class OwnDispatcher extends undici.Dispatcher {
    override dispatch(options: undici8.Dispatcher.DispatchOptions, handler: undici8.Dispatcher.DispatchHandler): boolean {
      void sleep(1).then(() => inner.dispatch(options as undici8.Agent.DispatchOptions, handler));
      return true;
    }
    override async destroy(): Promise<void> {
      await inner.destroy();
    }
  }
  return new OwnDispatcher();
}

export async function openProxied(undici: Undici, options: { readonly proxyTunnel?: boolean }): Promise<OpenedWay> {
  const proxy = await startProxy();
  const dispatcher = new undici.ProxyAgent({ uri: proxy.origin, ...options });
  const opened = openRequest(undici, clientOf(dispatcher as unknown as Dispatcher));
  return {
    ...opened,
    close: async () => {
      await opened.close();
      await proxy.close();
    },
  };
}
