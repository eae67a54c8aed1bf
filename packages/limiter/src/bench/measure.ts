import { setImmediate as nextTurn } from "node:timers/promises";

const TURN = 1024;

/** Operations a second of one contender in each round, and their median. */
export interface Series {
  readonly perSecond: readonly number[];
  readonly median: number;
}

/**
 * Runs contenders in turn for several rounds, so that a noisy neighbour meets them all: a ratio is taken within a
 * round, and the median of the rounds is what counts.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, Series>> {
  const names = Object.keys(contenders) as Name[];
  const rates = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) rates.get(name)?.push(await contenders[name]());
  }
  const series = names.map((name): [Name, Series] => {
    const perSecond = rates.get(name) ?? [];
    return [name, { perSecond, median: median(perSecond) }];
  });
  return Object.fromEntries(series) as Record<Name, Series>;
}

/** The median of the rounds' own ratios. */
export function medianRatio(one: Series, other: Series): number {
  return median(one.perSecond.map((rate, i) => rate / (other.perSecond[i] ?? Number.NaN)));
}

/** Keeps `callers` calls under way until `total` are done; resolves to calls a second. */
export async function drive(
  callers: number,
  total: number,
  call: (n: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < total) {
        next += 1;
        await call(next);
        // Answers from memory never leave the microtasks: let timers and sockets have a turn, as requests would.
        if (next % TURN === 0) await nextTurn();
      }
    }),
  );
  return (total / (performance.now() - began)) * 1000;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
