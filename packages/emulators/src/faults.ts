import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { EMULATED, type Emulated } from "./ground.ts";

/** Ways for a provider to be ill. */
export const FAULTS = [
  "hang",
  "slow",
  "drip",
  "reset",
  "500",
  "503",
  "429",
  "html",
  "empty",
  "null",
  "truncated",
  "cut_off",
  "huge",
  "redirect",
  "wrong_type",
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** Which calls are hit. `page` is what the person's browser opens; `any` is every call of a server, not the page. */
export const PLACES = ["any", "token", "profile", "keys", "revoke", "page"] as const;
export type Place = (typeof PLACES)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly at?: Place;
  /** Only this many calls; absent: until taken away. */
  readonly times?: number;
  /** For `slow`: how long before the honest answer. */
  readonly delayMs?: number;
}

const HUGE_BYTES = 10 * 1024 * 1024;
const DEFAULT_DELAY_MS = 3_000;
const MAX_DELAY_MS = 120_000;

/** The switchboard: what is wrong with whom, and the doing of it. */
export class Faults {
  readonly #set = new Map<Emulated, { fault: Fault; left: number }>();
  readonly #waiting = new Set<() => void>();

  set(provider: Emulated, fault: Fault): void {
    this.#set.set(provider, { fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(provider?: Emulated): void {
    for (const name of provider === undefined ? EMULATED : [provider]) this.#set.delete(name);
  }

  list(): Partial<Record<Emulated, Fault>> {
    return Object.fromEntries([...this.#set].map(([name, { fault }]) => [name, fault]));
  }

  /** Lets go of every held connection, so that the server can close. */
  release(): void {
    for (const end of this.#waiting) end();
    this.#waiting.clear();
  }

  /** Puts the switchboard in front of every route marked with a provider and a place. */
  install(app: FastifyInstance): void {
    app.addHook("preHandler", async (request, reply) => this.#before(request, reply));
    app.addHook("onSend", async (request, reply, payload) => {
      const kind = this.#markOf(request);
      if (kind === "truncated" && typeof payload === "string")
        return payload.slice(0, Math.ceil(payload.length / 2));
      if (kind === "wrong_type") reply.type("text/plain");
      return payload;
    });
  }

  async #before(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const fault = this.#take(request);
    if (fault === undefined) return;
    if (fault.kind === "slow") return this.#pause(Math.min(fault.delayMs ?? DEFAULT_DELAY_MS, MAX_DELAY_MS));
    if (fault.kind === "truncated" || fault.kind === "wrong_type") {
      this.#marked.set(request, fault.kind);
      return;
    }
    if (!this.#byHand(fault.kind, reply)) await wholeAnswer(fault.kind, reply);
  }

  readonly #marked = new WeakMap<FastifyRequest, FaultKind>();

  #markOf(request: FastifyRequest): FaultKind | undefined {
    return this.#marked.get(request);
  }

  #take(request: FastifyRequest): Fault | undefined {
    const { provider, place } = request.routeOptions.config;
    const held = provider === undefined ? undefined : this.#set.get(provider);
    if (provider === undefined || held === undefined || held.left <= 0) return undefined;
    const at = held.fault.at ?? "any";
    if (at === "any" ? place === "page" : at !== place) return undefined;
    held.left -= 1;
    if (held.left <= 0) this.#set.delete(provider);
    return held.fault;
  }

  /** Answers that no framework would send: they are written to the socket. */
  #byHand(kind: FaultKind, reply: FastifyReply): boolean {
    if (kind !== "hang" && kind !== "reset" && kind !== "drip" && kind !== "cut_off") return false;
    reply.hijack();
    const { raw } = reply;
    if (kind === "reset") raw.destroy();
    if (kind === "cut_off") {
      raw.writeHead(200, { "content-type": "application/json", "content-length": 4096 });
      raw.write('{"access_token":"half', () => raw.destroy());
    }
    const drip = kind === "drip" ? startDrip(raw) : undefined;
    const end = () => {
      clearInterval(drip);
      raw.destroy();
    };
    this.#waiting.add(end);
    raw.once("close", () => {
      clearInterval(drip);
      this.#waiting.delete(end);
    });
    return true;
  }

  #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, delayMs);
    this.#waiting.add(() => {
      clearTimeout(timer);
      resolve();
    });
    return promise;
  }
}

function startDrip(raw: FastifyReply["raw"]): NodeJS.Timeout {
  raw.writeHead(200, { "content-type": "application/json" });
  raw.write('{"filler":"');
  return setInterval(() => raw.write("."), 50);
}

async function wholeAnswer(kind: FaultKind, reply: FastifyReply): Promise<void> {
  if (kind === "500" || kind === "503")
    await reply.code(Number(kind)).type("text/html").send("<h1>Sorry</h1>");
  if (kind === "429") await reply.code(429).header("retry-after", "7").send({ error: "slow_down" });
  if (kind === "html")
    await reply.type("text/html").send("<!doctype html><title>Maintenance</title><p>Back soon.</p>");
  if (kind === "empty") await reply.type("application/json").send("");
  if (kind === "null") await reply.type("application/json").send("null");
  if (kind === "huge") await reply.type("application/json").send(`{"filler":"${"x".repeat(HUGE_BYTES)}"}`);
  // The classic target of a server that follows whatever it is told.
  if (kind === "redirect") await reply.redirect("http://169.254.169.254/latest/meta-data/", 302);
}

declare module "fastify" {
  interface FastifyContextConfig {
    provider?: Emulated;
    place?: Place;
  }
}
