/** The flood itself, in a thread of its own: its work must not be seen as the service's slowness. */
import { parentPort, workerData } from "node:worker_threads";
import { Client } from "./client.ts";

export interface FloodOrder {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly bodies: readonly string[];
}

export interface FloodOutcome {
  readonly signedIn: number;
  readonly shed: number;
  /** Neither signed in nor sent away with 503 or 429. */
  readonly otherwise: number;
  readonly shedP99Ms: number;
  /** Requests that could not even be sent, because every connection waited for an answer. */
  readonly unsent: number;
  readonly tookSeconds: number;
}

const CONNECTIONS = 256;
/**
 * What came due meanwhile goes out at once, and what was answered meanwhile is read at once: a flood comes from other
 * machines, and waking for each would take more of this one than sending it. Times are up to so much too long.
 */
const TICK_MS = 5;
const bell = new Int32Array(new SharedArrayBuffer(4));
/** The whole thread sleeps. */
const rest = () => Atomics.wait(bell, 0, 0, TICK_MS);

/** Open loop: the next request goes out when its time has come, whether or not the last is answered. */
async function flood({ url, perSecond, seconds, bodies }: FloodOrder): Promise<FloodOutcome> {
  const idle = await Promise.all(Array.from({ length: CONNECTIONS }, () => Client.open(url)));
  const all = [...idle];
  const shedMs: number[] = [];
  const counts = { signedIn: 0, otherwise: 0, unsent: 0 };
  const one = async (client: Client, body: string): Promise<void> => {
    const began = performance.now();
    const { status } = await client.request("POST", "/v1/sessions", "", body).catch(() => ({ status: 0 }));
    if (status === 201) counts.signedIn += 1;
    else if (status === 503 || status === 429) shedMs.push(performance.now() - began);
    else counts.otherwise += 1;
    if (status !== 0) idle.push(client);
  };
  const asked: Promise<void>[] = [];
  const began = performance.now();
  for (let n = 0; n < perSecond * seconds; ) {
    const due = Math.min(perSecond * seconds, Math.ceil(((performance.now() - began) / 1000) * perSecond));
    for (; n < due; n += 1) {
      // In turn, so that none rests for so long that the service hangs up.
      const client = idle.shift();
      if (client === undefined) counts.unsent += 1;
      else asked.push(one(client, bodies[n % bodies.length] ?? ""));
    }
    rest();
    await new Promise(setImmediate);
  }
  const tookSeconds = (performance.now() - began) / 1000;
  await Promise.all(asked);
  for (const client of all) client.close();
  shedMs.sort((a, b) => a - b);
  const shedP99Ms = shedMs[Math.floor(shedMs.length * 0.99)] ?? 0;
  return { ...counts, shed: shedMs.length, shedP99Ms, tookSeconds };
}

parentPort?.postMessage(await flood(workerData as FloodOrder));
