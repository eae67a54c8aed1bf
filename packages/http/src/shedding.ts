/**
 * Sends requests away while the event loop is late, the least needed first: an answer within milliseconds that says
 * "try again" is worth more than one that comes after the client gave up, and whoever is let in is served in time.
 *
 * The loop's lateness is how much later than asked a timer runs, smoothed over about half a second, so that one short
 * pause sheds nobody and a loop that is busy all the time sheds soon. A process that was frozen (SIGSTOP, a laptop's
 * sleep) was not overloaded: no work of ours holds the loop for two seconds.
 */
import { meter } from "@kinopass/tracing";
import type { FastifyRequest } from "fastify";
import { common } from "./common-refusals.ts";
import type { Server } from "./server.ts";

/** What is given up last to first. `vital` is never shed. */
export type Priority = "vital" | "high" | "normal" | "low" | "lowest";

declare module "fastify" {
  interface FastifyContextConfig {
    /** How long this route is kept when there is more to do than can be done; by its limit class if left out. */
    readonly priority?: Priority;
  }
}

export interface SheddingOptions {
  /** Milliseconds the loop is late by; `loopLateness` by default. */
  readonly latenessMs?: () => number;
}

/** The loop may be late by so many milliseconds before a priority is shed. Far above what a busy neighbour causes. */
const TOLERATED_MS: Readonly<Record<Exclude<Priority, "vital">, number>> = {
  lowest: 120,
  low: 160,
  normal: 400,
  high: 1_200,
};

const LEAST_TOLERATED_MS = Math.min(...Object.values(TOLERATED_MS));

/** Priorities of the limiter's classes: who is in stays in, before anybody new comes. Others are `normal`. */
const OF_CLASS: Readonly<Record<string, Priority>> = {
  refresh: "high",
  "sign-in": "low",
  "sign-in-known-device": "low",
  social: "low",
  captcha: "lowest",
  "sign-up": "lowest",
  reset: "lowest",
};

const SAMPLE_MS = 50;
const SMOOTHED_OVER_MS = 500;
const MOST_WEIGHT_MS = 100;
const FROZEN_MS = 2_000;

const shed = meter().counter("kinopass.http.requests_shed", {
  description: "Requests sent away because the event loop was late, by priority",
});

/** Register it before every other hook: a request that is sent away must cost nothing. */
export function shedWhenLate(app: Server, { latenessMs }: SheddingOptions = {}): void {
  const late = latenessMs ?? loopLateness(app);
  app.addHook("onRequest", (request, _reply, done) => {
    const lateMs = late();
    if (lateMs <= LEAST_TOLERATED_MS) return done();
    const priority = priorityOf(request);
    if (priority === "vital" || lateMs <= TOLERATED_MS[priority]) return done();
    shed.add(1, { priority });
    done(common.temporarily_unavailable({ headers: { "retry-after": "1" } }));
  });
}

function priorityOf({ routeOptions: { config } }: FastifyRequest): Priority {
  if (config.priority !== undefined) return config.priority;
  const limit = (config as { readonly limit?: false | { readonly class: string } }).limit;
  if (limit === false) return "vital";
  return OF_CLASS[limit?.class ?? ""] ?? "normal";
}

/**
 * Samples while the app listens: loading and compiling before that hold the loop for good reason. Keeps no process
 * alive for it.
 */
function loopLateness(app: Server): () => number {
  let mean = 0;
  let timer: NodeJS.Timeout | undefined;
  app.addHook("onListen", async () => {
    let expected = performance.now() + SAMPLE_MS;
    timer = setInterval(() => {
      const now = performance.now();
      const lateMs = Math.max(0, now - expected);
      // One pause, however long, weighs no more than a tenth of a second would: only pause after pause is overload.
      const weight = 1 - Math.exp(-Math.min(lateMs + SAMPLE_MS, MOST_WEIGHT_MS) / SMOOTHED_OVER_MS);
      if (lateMs < FROZEN_MS) mean += weight * (lateMs - mean);
      expected = now + SAMPLE_MS;
    }, SAMPLE_MS).unref();
  });
  app.addHook("onClose", async () => clearInterval(timer));
  return () => mean;
}
