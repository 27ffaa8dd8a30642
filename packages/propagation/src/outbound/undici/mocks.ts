import { rewriteBaggage } from "../../baggage/rewrite.ts";
import { addToBaggage } from "../../baggage/write.ts";
import { HEADER } from "../../names.ts";
import { processState } from "../../process-state.ts";
import { isObject } from "../../prototypes.ts";
import { currentScope, kScope } from "../../scope.ts";
import type { Settings } from "../../settings.ts";
import { agreeingBaggage, mayCarryName, type OutboundRequest } from "../verdict.ts";
import { canBeReadOnce, headerOf, headersAgain, inFormOf, type Pair, pairsOf, withValue } from "./header-forms.ts";
import { type Dispatch, kBound, overlay, scopeOfDispatch, withScope } from "./options.ts";
import { originOf } from "./requests.ts";
import { findSymbol, ownValue, wrapMethod } from "./wrapping.ts";

/** What a mock is shown instead of the options that it was given. */
interface Shown {
  readonly options: object;
  readonly request: OutboundRequest;
  readonly name: string;
  readonly baggage: string | undefined;
  /** The headers without the name: for a request that the mock lets through to the network: there it is written as on any other. */
  readonly headers: unknown;
  isLetThrough: boolean;
}

interface MockedOptions {
  readonly headers?: unknown;
  readonly origin?: unknown;
  readonly method?: unknown;
  readonly path?: unknown;
}

const kShown: unique symbol = Symbol.for("puggle.dev/propagation/v1/shown");

type AddLog = (this: unknown, options: unknown) => unknown;

/**
 * Shows the name to the mocks of a copy of undici: they answer before any request is made, where it would be written.
 *
 * It is added where a mock looks and not before, so that no redirect or retry takes it along to another host.
 */
export function wrapMocks(exports: unknown): void {
  for (const kind of ["MockClient", "MockPool"]) {
    const prototype = prototypeOf(ownValue(exports, kind));
    if (prototype !== undefined && !Object.hasOwn(prototype, "dispatch")) wrapMockDispatch(prototype);
  }
  const agent = prototypeOf(ownValue(exports, "MockAgent"));
  if (agent !== undefined) wrapCallHistory(agent);
}

function prototypeOf(kind: unknown): object | undefined {
  return typeof kind === "function" && isObject(kind.prototype) ? kind.prototype : undefined;
}

/**
 * A mock gives itself its `dispatch` while it is made, and keeps the inherited one for what it lets through: a property that can be
 * read and set on the prototype wraps both.
 */
function wrapMockDispatch(prototype: object): void {
  const letThrough: Dispatch = function dispatch(this: unknown, options, handler) {
    const inherited: Dispatch = Reflect.get(Object.getPrototypeOf(prototype), "dispatch");
    return inherited.call(this, isObject(options) ? withoutName(options) : options, handler);
  };
  Object.defineProperty(prototype, "dispatch", {
    configurable: true,
    get: () => letThrough,
    set(this: object, mocked: unknown) {
      const value = typeof mocked === "function" ? namedMockDispatch(mocked as Dispatch) : mocked;
      Object.defineProperty(this, "dispatch", { value, writable: true, enumerable: true, configurable: true });
    },
  });
}

function namedMockDispatch(mocked: Dispatch): Dispatch {
  return function dispatch(this: unknown, options, handler) {
    const shown = show(this, options, handler);
    if (shown === undefined) return mocked.call(this, options, handler);
    const answered = mocked.call(this, shown.options, handler);
    // What was let through is counted where the request is made.
    if (!shown.isLetThrough && mayCarryName(shown.request)) agreeingBaggage(shown.baggage, shown.name);
    return answered;
  };
}

function withoutName(options: object & { readonly [kShown]?: Shown }): object {
  const { [kShown]: shown } = options;
  if (shown === undefined) return options;
  shown.isLetThrough = true;
  return overlay(options, { headers: shown.headers, [kShown]: undefined });
}

function wrapCallHistory(agent: object): void {
  wrapMethod(agent, "dispatch", scopedAgentDispatch);
  const addLog = findSymbol(agent, "mock agent add call history log");
  if (addLog !== undefined) wrapMethod(agent, addLog, namedLog);
}

/** The log is not told the handler: where that knows whose request it is, the options do from here on. */
function scopedAgentDispatch(inherited: Dispatch): Dispatch {
  return function dispatch(this: unknown, options, handler) {
    if (processState.settings?.outbound !== true || !isObject(options) || !isObject(handler)) {
      return inherited.call(this, options, handler);
    }
    if (kScope in options || kBound in options) return inherited.call(this, options, handler);
    return inherited.call(this, withScope(options, kScope, scopeOfDispatch(options, handler) ?? currentScope()), handler);
  };
}

function namedLog(inherited: AddLog): AddLog {
  return function addLog(this: unknown, options) {
    if (!isObject(options) || canBeReadOnce((options as MockedOptions).headers)) return inherited.call(this, options);
    return inherited.call(this, show(undefined, options, {})?.options ?? options);
  };
}

/** What to show instead of the options; `undefined` where the request belongs to no virtual cluster. */
function show(client: unknown, options: unknown, handler: unknown): Shown | undefined {
  const { settings, counters } = processState;
  if (settings?.outbound !== true || !isObject(options) || !isObject(handler)) return undefined;
  try {
    const { name } = scopeOfDispatch(options, handler) ?? currentScope();
    if (name === undefined) return undefined;
    const { headers, origin, method, path } = options as MockedOptions;
    const pairs = pairsOf(headers);
    const request: OutboundRequest = {
      peer: String(origin ?? originOf(client)),
      connectedTo: originOf(client),
      path: String(path),
      method: String(method),
      hostHeader: headerOf(pairs, "host"),
      hasOurHeader: headerOf(pairs, HEADER) !== undefined,
    };
    const baggage = headerOf(pairs, "baggage");
    const isToCarry = !request.hasOurHeader && method !== "CONNECT" && settings.isTarget(request);
    const extended = isToCarry ? inFormOf(headers, withName(pairs, baggage, name, settings)) : headersAgain(headers, pairs);
    const shown = { request, name, baggage, headers: headersAgain(headers, pairs), isLetThrough: false };
    return Object.assign(shown, { options: overlay(options, { headers: extended, [kShown]: shown }) });
  } catch {
    counters.failures += 1;
    return undefined;
  }
}

function withName(
  pairs: readonly Pair[],
  baggage: string | undefined,
  name: string,
  { baggage: isInUse, writesBaggage }: Settings,
): Pair[] {
  const rewritten = isInUse && baggage !== undefined ? rewriteBaggage(baggage, name) : undefined;
  const agreeing = rewritten ?? (writesBaggage ? addToBaggage(baggage, name) : undefined);
  return withValue(agreeing === undefined ? pairs : withValue(pairs, "baggage", agreeing), HEADER, name);
}
