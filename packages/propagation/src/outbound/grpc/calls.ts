import { mayBeLost, noteCallFromNowhere } from "../../lost/lost.ts";
import { HEADER } from "../../names.ts";
import { processState } from "../../process-state.ts";
import { hookMethod, ownerOf } from "../../prototypes.ts";
import { currentScope, isInScope, kScope, runInScope, type Scope, type Scoped } from "../../scope.ts";
import type { Destination } from "../../targets/judge.ts";
import { agreeingBaggage, mayCarryName } from "../verdict.ts";
import { hostsOfTarget, hostToJudge } from "./target.ts";

/** `Metadata` of `@grpc/grpc-js`. */
interface Metadata {
  get(key: string): unknown[];
  set(key: string, value: string): void;
  clone(): Metadata;
}

/** What a call tells who made it. */
interface Listener {
  onReceiveMetadata(metadata: unknown): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: unknown): void;
}

/** `CallCredentials`. */
interface Credentials {
  generateMetadata(options: unknown): unknown;
  compose(other: Credentials): Credentials;
}

interface Channel {
  getTarget(): string;
  readonly internalChannel?: { readonly options?: Readonly<Record<string, unknown>> };
}

/** A call below all interceptors. */
interface Call extends Scoped {
  /** The authority that it is for: the channel's, or that of the call's option `host`. */
  readonly host?: unknown;
  readonly credentials?: Credentials;
  setCredentials?(credentials: Credentials): void;
  [kChannel]?: Channel;
}

type ToHeaders = (this: unknown) => { [kKnown]?: true };

/** Marks the headers that a copy of gRPC which we wrapped gives to its HTTP/2 session. */
const kKnown: unique symbol = Symbol.for("puggle.dev/propagation/v1/grpc-headers");

/** Where a call keeps its channel. */
const kChannel: unique symbol = Symbol.for("puggle.dev/propagation/v1/grpc-channel");

type CreateCall = (this: Channel, ...values: unknown[]) => Call;
type WatchState = (this: Channel, state: unknown, deadline: unknown, callback: unknown) => void;
type Start = (this: Call, metadata: Metadata, listener: Listener) => void;
type SendMessage = (this: Call, context: { readonly callback?: unknown }, message: unknown) => void;

/**
 * Wraps what makes the calls of a copy of `@grpc/grpc-js`.
 *
 * All four kinds of calls, generated clients among them, come to `createCall` before anything may hold them back: there the scope is
 * their caller's. What interceptors delay, and what waits for a connection, is started and sent in whoever's context.
 */
export function instrumentChannels(prototype: object): void {
  hookMethod(prototype, "createCall", scopedCreateCall);
  hookMethod(prototype, "watchConnectivityState", scopedWatch);
}

function scopedCreateCall(inherited: CreateCall): CreateCall {
  return function createCall(...values) {
    const call = inherited.call(this, ...values);
    if (processState.settings?.outbound !== true) return call;
    try {
      rememberCaller(this, call);
    } catch {
      processState.counters.failures += 1;
    }
    return call;
  };
}

function rememberCaller(channel: Channel, call: Call): void {
  instrumentCall(call);
  const scope = currentScope();
  call[kScope] = scope;
  if (scope.name !== undefined) call[kChannel] = channel;
  else if (mayBeLost(scope)) noteCallFromNowhere(destinationOf(channel, call));
}

function instrumentCall(call: Call): void {
  const calls = ownerOf(call, "start");
  if (calls === undefined || calls === call) return;
  hookMethod(calls, "start", scopedStart);
  hookMethod(calls, "sendMessageWithContext", scopedSend);
}

function scopedStart(inherited: Start): Start {
  return function start(metadata, listener) {
    const scope = this[kScope];
    if (scope === undefined) return inherited.call(this, metadata, listener);
    if (this.credentials !== undefined) this.setCredentials?.(scopedCredentials(this.credentials, scope));
    return inherited.call(this, withName(this, scope, metadata), new ScopedListener(listener, scope));
  };
}

/** They are asked for metadata when a connection is there: then the scope is whoever's. */
function scopedCredentials(credentials: Credentials, scope: Scope): Credentials {
  return Object.create(credentials, {
    generateMetadata: { value: (options: unknown) => runInScope(scope, () => credentials.generateMetadata(options)) },
    compose: { value: (other: Credentials) => scopedCredentials(credentials.compose(other), scope) },
  });
}

function markHeaders(inherited: ToHeaders): ToHeaders {
  return function toHttp2Headers() {
    const headers = inherited.call(this);
    headers[kKnown] = true;
    return headers;
  };
}

/** Are these the headers of a call that `createCall` saw? */
export function areOfKnownCall(headers: object): boolean {
  return kKnown in headers;
}

/** Its callback makes a stream that waits go on. */
function scopedSend(inherited: SendMessage): SendMessage {
  return function sendMessageWithContext(context, message) {
    const scope = this[kScope];
    const callback = context?.callback;
    if (scope === undefined || !isCallback(callback)) return inherited.call(this, context, message);
    return inherited.call(this, { ...context, callback: bind(scope, callback) }, message);
  };
}

function scopedWatch(inherited: WatchState): WatchState {
  return function watchConnectivityState(state, deadline, callback) {
    const isActive = processState.settings?.outbound === true && isCallback(callback);
    return inherited.call(this, state, deadline, isActive ? bind(currentScope(), callback) : callback);
  };
}

type Callback = (...values: unknown[]) => unknown;

function bind(scope: Scope, callback: Callback): Callback {
  return (...values) => runInScope(scope, () => callback(...values));
}

function isCallback(value: unknown): value is Callback {
  return typeof value === "function";
}

/** The metadata to start with: the caller's own, or, where the call is to carry a name, a copy with it. */
function withName(call: Call, { name }: Scope, metadata: Metadata): Metadata {
  try {
    hookMethod(Object.getPrototypeOf(metadata), "toHttp2Headers", markHeaders);
    const channel = call[kChannel];
    if (name === undefined || channel === undefined) return metadata;
    const hasOurHeader = metadata.get(HEADER).length > 0;
    if (!mayCarryName({ method: "POST", hasOurHeader, ...destinationOf(channel, call) })) return metadata;
    const extended = metadata.clone();
    extended.set(HEADER, name);
    const given = metadata.get("baggage");
    const baggage = agreeingBaggage(given.length === 0 ? undefined : given.join(","), name);
    if (baggage !== undefined) extended.set("baggage", baggage);
    return extended;
  } catch {
    processState.counters.failures += 1;
    return metadata;
  }
}

/** The hosts that channels lead to: the same for the life of a channel. */
const hosts = new WeakMap<Channel, readonly string[]>();

function destinationOf(channel: Channel, { host }: Call): Destination {
  let known = hosts.get(channel);
  if (known === undefined) {
    known = hostsOfTarget(proxiedTarget(channel) ?? channel.getTarget());
    hosts.set(channel, known);
  }
  const isTarget = processState.settings?.isTarget ?? (() => false);
  return { peer: hostToJudge(known, isTarget), path: "/", hostHeader: typeof host === "string" ? host : undefined };
}

/** What a proxy is asked for: the target of such a channel is the proxy's. */
function proxiedTarget({ internalChannel }: Channel): string | undefined {
  const target: unknown = internalChannel?.options?.["grpc.http_connect_target"];
  return typeof target === "string" ? target : undefined;
}

/** Tells the caller in its own scope. */
class ScopedListener implements Listener {
  readonly listener: Listener;
  readonly scope: Scope;

  constructor(listener: Listener, scope: Scope) {
    this.listener = listener;
    this.scope = scope;
  }

  onReceiveMetadata(metadata: unknown): void {
    if (isInScope(this.scope)) this.listener.onReceiveMetadata(metadata);
    else runInScope(this.scope, () => this.listener.onReceiveMetadata(metadata));
  }

  onReceiveMessage(message: unknown): void {
    if (isInScope(this.scope)) this.listener.onReceiveMessage(message);
    else runInScope(this.scope, () => this.listener.onReceiveMessage(message));
  }

  onReceiveStatus(status: unknown): void {
    if (isInScope(this.scope)) this.listener.onReceiveStatus(status);
    else runInScope(this.scope, () => this.listener.onReceiveStatus(status));
  }
}
