import { setImmediate } from "node:timers/promises";
import fastify, { type FastifyInstance } from "fastify";
import { tracingConfig } from "../config.ts";
import { tracing } from "../fastify.ts";
import { sqlSpan, trace } from "../index.ts";
import { startTracing } from "../sdk.ts";
import { startOtlpReceiver } from "../testing/otlp-receiver.ts";

/** What a request costs in this process. */
export interface RequestCost {
  /** `off`, or `ratio 0.01` and so on. */
  readonly tracing: string;
  /**
   * Lower quartiles over the rounds, in microseconds of processor time a request: a busy machine only ever adds.
   */
  readonly cpuUs: number;
  readonly cpuUsWithoutTracingCode: number;
  /** Throughput to be expected against the same request without any tracing code; 1 is no loss. */
  readonly share: number;
}

export interface RequestCostOptions {
  readonly rounds?: number;
  readonly requestsPerRound?: number;
}

const WARM_UP = 20;
const RATIOS = ["0", "0.01", "1"];

/**
 * Processor time of a small Fastify request with two traced calls and one SQL span in it, against the same request
 * without any tracing code; the two take turns, so that a noisy moment of the machine falls on both. Requests are injected,
 * so no socket is in it, and the share tracing takes is larger here than in any real request. Serialising and
 * sending is in it, to a receiver that takes everything unread.
 */
export async function measureRequestCost(options: RequestCostOptions = {}): Promise<readonly RequestCost[]> {
  const { rounds = 200, requestsPerRound = 100 } = options;
  const costs = [await compare("off", rounds, requestsPerRound)];
  for (const ratio of RATIOS) {
    const stop = await startSdk(ratio);
    costs.push(await compare(`ratio ${ratio}`, rounds, requestsPerRound));
    await stop();
  }
  return costs;
}

async function compare(tracing: string, rounds: number, requests: number): Promise<RequestCost> {
  const subjects = [untraced(), traced()].map((app) => ({ app, costs: [] as number[] }));
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const { app, costs } of subjects) {
      const before = process.cpuUsage();
      for (let n = 0; n < requests; n += 1) {
        await app.inject("/films/7");
        // As between real requests: without a turn of the event loop the garbage of all of them stays reachable.
        await setImmediate();
      }
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) costs.push((user + system) / requests);
    }
  }
  const [without = 0, cpuUs = 0] = subjects.map(({ costs }) => {
    return costs.sort((a, b) => a - b)[Math.floor(rounds / 4)] ?? 0;
  });
  const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
  return {
    tracing,
    cpuUs: rounded(cpuUs, 1),
    cpuUsWithoutTracingCode: rounded(without, 1),
    share: rounded(without / cpuUs, 3),
  };
}

async function startSdk(ratio: string): Promise<() => Promise<void>> {
  const receiver = await startOtlpReceiver();
  receiver.behave("discard");
  const config = tracingConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: ratio,
    OTEL_BSP_SCHEDULE_DELAY: "200",
  });
  if (config === undefined) throw new Error("an endpoint was given, so tracing is on");
  const running = await startTracing(config, () => undefined);
  return async () => {
    await running.shutdown(2_000);
    await receiver.close();
  };
}

const find = async (id: string) => ({ rowCount: 1, id });

function untraced(): FastifyInstance {
  const app = fastify();
  const load = async (id: string) => find(id);
  const page = async (id: string) => load(id);
  app.get<{ Params: { id: string } }>("/films/:id", (request) => page(request.params.id));
  return app;
}

function traced(): FastifyInstance {
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "made" });
  const load = trace("films.load", async (id: string) => sqlSpan("films.by_id", () => find(id)));
  const page = trace("films.page", async (id: string) => load(id));
  app.after(() => app.get<{ Params: { id: string } }>("/films/:id", (request) => page(request.params.id)));
  return app;
}
