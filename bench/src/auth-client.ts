import { setTimeout as sleep } from "node:timers/promises";
import { makeSuperuser, openConsole } from "@kinopass/auth/commands";
import { createAuthClient, type ResilientFetchOptions } from "@kinopass/guard/client";
import { type Fault, FaultProxy } from "@kinopass/guard/testing";
import { type Ground, openGround } from "./ground.ts";
import type { Figure } from "./report.ts";

const PER_SECOND = 50;
const SECONDS = 10;
/** Of the client, over attempts, pauses and body; what a call took beside it is the event loop's. */
const DEADLINE_MS = 250;
const SLACK_MS = 50;
const MOST_ATTEMPTS = 1.1;

interface Trouble {
  /** Of so many calls the answer to one is cut off, once: its next attempt fares well. */
  readonly cutEvery?: number;
  /** All the time, for every connection. */
  readonly fault?: Fault;
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  "all well": {},
  "one in ten cut": { cutEvery: 10 },
  "one in five cut": { cutEvery: 5 },
  "every second cut": { cutEvery: 2 },
  blackholed: { fault: { kind: "blackhole" } },
  "10 s late": { fault: { kind: "delay", ms: 10_000 } },
};

/** What other services' calls cost an Auth that is in trouble: attempts that reach it ÷ calls made, and how long a caller waits. */
export async function benchAuthClient(): Promise<Figure[]> {
  const ground = await openGround();
  let asked = 0;
  const proxy = await FaultProxy.listen({
    port: Number(new URL(ground.auth.url).port),
    onAsked: (bytes) => {
      if (/^GET \/v1\/roles/.test(bytes.toString("latin1", 0, 20))) asked += 1;
    },
  });
  try {
    const token = await administrator(ground);
    const figures: Figure[] = [];
    for (const [name, trouble] of Object.entries(TROUBLES)) {
      const before = asked;
      const calls = await callFor(SECONDS, { proxy, token, trouble });
      figures.push(...figuresOf(name, calls, asked - before));
    }
    return figures;
  } finally {
    await proxy.close();
    await ground.stop();
  }
}

function figuresOf(name: string, { made, failed, slowestMs }: Calls, attempts: number): Figure[] {
  const atMost = DEADLINE_MS + SLACK_MS;
  return [
    {
      name: `${name}: attempts ÷ requests`,
      value: attempts / made,
      unit: "",
      target: { atMost: MOST_ATTEMPTS },
    },
    { name: `${name}: calls without an answer, of ${made}`, value: failed, unit: "" },
    { name: `${name}: slowest call`, value: slowestMs, unit: "ms", target: { atMost } },
  ];
}

interface Calls {
  readonly made: number;
  readonly failed: number;
  readonly slowestMs: number;
}

/** At a steady pace, whether or not the last call was answered, by a client of its own. */
async function callFor(
  seconds: number,
  { proxy, token, trouble }: { proxy: FaultProxy; token: string; trouble: Trouble },
): Promise<Calls> {
  const always = trouble.fault ?? { kind: "none" };
  const resilience: ResilientFetchOptions = {
    deadlineMs: DEADLINE_MS,
    onOutcome: () => void proxy.set(always),
  };
  // Only asked for roles, which needs no credential of a service.
  const client = createAuthClient({ baseUrl: proxy.url, credential: { id: "-", secret: "-" }, resilience });
  await proxy.set(always);
  let [failed, slowestMs] = [0, 0];
  const one = async () => {
    const began = performance.now();
    await client.roles(token).catch(() => {
      failed += 1;
    });
    slowestMs = Math.max(slowestMs, performance.now() - began);
  };
  const made = seconds * PER_SECOND;
  const calls: Promise<void>[] = [];
  const began = performance.now();
  for (let n = 1; n <= made; n += 1) {
    const isCut = trouble.cutEvery !== undefined && n % trouble.cutEvery === 0;
    if (isCut) await proxy.set({ kind: "reset", bytes: 0 });
    calls.push(one());
    await sleep(Math.max(0, began + (n * 1000) / PER_SECOND - performance.now()));
  }
  await Promise.all(calls);
  await proxy.set({ kind: "none" });
  return { made, failed, slowestMs };
}

/** The access token of somebody who may read roles. */
async function administrator({ auth, env, people }: Ground): Promise<string> {
  const [person] = await people(1);
  const console_ = await openConsole(env);
  try {
    const who = { email: person?.email ?? "", locale: "en" } as const;
    await makeSuperuser(console_, who, () => Promise.reject(new Error("the account is there")));
  } finally {
    await console_.close();
  }
  const answer = await fetch(`${auth.url}/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: person?.email, password: person?.password }),
  });
  return String(((await answer.json()) as Record<string, unknown>)["access_token"]);
}
