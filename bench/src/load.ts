/** How one measurement went: finished operations a second, and how long they took. */
export interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

export interface Load {
  readonly clients: number;
  readonly seconds: number;
  /** One operation of one client; throwing counts as a failure. */
  readonly operation: (client: number) => Promise<void>;
}

const WARM_UP_SECONDS = 1;

/** Closed loop: every client starts its next operation when the last is answered. */
export async function run({ clients, seconds, operation }: Load): Promise<Run> {
  await loop(clients, WARM_UP_SECONDS, operation);
  return await loop(clients, seconds, operation);
}

/** The same without the second that warms up. */
export async function loop(clients: number, seconds: number, operation: Load["operation"]): Promise<Run> {
  const times: number[] = [];
  let failures = 0;
  const began = performance.now();
  const until = began + seconds * 1000;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      while (performance.now() < until) {
        const start = performance.now();
        try {
          await operation(client);
          times.push(performance.now() - start);
        } catch {
          failures += 1;
        }
      }
    }),
  );
  const took = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { perSecond: times.length / took, p50Ms: at(0.5), p99Ms: at(0.99), failures };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** A and B in turn, several times: the machine's drift falls on both. */
export async function inTurn<T>(
  rounds: number,
  a: () => Promise<T>,
  b: () => Promise<T>,
): Promise<{ readonly a: readonly T[]; readonly b: readonly T[] }> {
  const done = { a: [] as T[], b: [] as T[] };
  for (let round = 0; round < rounds; round += 1) {
    done.a.push(await a());
    done.b.push(await b());
  }
  return done;
}
