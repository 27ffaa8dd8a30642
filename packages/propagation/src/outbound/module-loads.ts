import { tracingChannel } from "node:diagnostics_channel";
import Module from "node:module";

/** What to do around the loading of a CommonJS module, also where an ES module imports it. */
export interface LoadWatcher {
  before?(id: string, parentFile: string | undefined): void;
  after(id: string, parentFile: string | undefined, exports: unknown): void;
}

type Load = (this: unknown, request: string, parent: { filename?: string } | undefined, ...rest: unknown[]) => unknown;

/** The exports of the CommonJS modules that are loaded already. */
export function loadedModules(): unknown[] {
  const cache: Record<string, { exports?: unknown } | undefined> = Reflect.get(Module, "_cache");
  return Object.values(cache).map((module) => module?.exports);
}

const watchers: LoadWatcher[] = [];

/**
 * Watches modules being loaded, in whatever order the service imports things.
 *
 * Node 22.4 brought a diagnostics channel for it; on Node 20 there is only the function behind `require`.
 */
export function watchModuleLoads(watcher: LoadWatcher): void {
  watchers.push(watcher);
  if (watchers.length > 1) return;
  if (hasChannel(process.versions.node)) subscribeToLoads();
  else wrapLoad();
}

function beforeLoad(id: string, parentFile: string | undefined): void {
  for (const watcher of watchers) watcher.before?.(id, parentFile);
}

function afterLoad(id: string, parentFile: string | undefined, exports: unknown): void {
  for (const watcher of watchers) watcher.after(id, parentFile, exports);
}

function hasChannel(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 4);
}

function subscribeToLoads(): void {
  const noop = () => {};
  tracingChannel<unknown, { id: string; parentFilename?: string; result?: unknown }>("module.require").subscribe({
    start: (message) => beforeLoad(message.id, message.parentFilename),
    end: (message) => afterLoad(message.id, message.parentFilename, message.result),
    asyncStart: noop,
    asyncEnd: noop,
    error: noop,
  });
}

function wrapLoad(): void {
  const load: Load = Reflect.get(Module, "_load");
  const watched: Load = function watchedLoad(this: unknown, request, parent, ...rest) {
    beforeLoad(request, parent?.filename);
    let exports: unknown;
    try {
      exports = load.call(this, request, parent, ...rest);
      return exports;
    } finally {
      afterLoad(request, parent?.filename, exports);
    }
  };
  Reflect.set(Module, "_load", watched);
}
