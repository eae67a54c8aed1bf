/** A ratio found in several processes, one after the other, and how far to believe it. */
export interface Ratio {
  /** Mean over the processes. */
  readonly mean: number;
  /** Its standard error, from how far the processes are apart; NaN for a single one. */
  readonly error: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The lowest and the highest fifth are put aside: who else is at work falls on single turns. */
const ASIDE = 0.2;

/**
 * What one process did in its rounds ÷ what others did in the same ones. Neighbours in time share the machine's mood: of the
 * same turns, quartiles of ten held against one another are apart half as far again.
 *
 * @param others one list for each of the others, of as many rounds; held against their mean
 */
export function againstOthers(rounds: readonly number[], others: readonly (readonly number[])[]): number {
  const logs = rounds
    .map((value, round) => Math.log(value / mean(others.map((other) => other[round] ?? Number.NaN))))
    .toSorted((a, b) => a - b);
  const aside = Math.floor(logs.length * ASIDE);
  return Math.exp(mean(logs.slice(aside, logs.length - aside)));
}

export function overProcesses(ratios: readonly number[]): Ratio {
  const middle = mean(ratios);
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - middle) ** 2, 0) / (ratios.length - 1);
  return {
    mean: middle,
    error: Math.sqrt(variance / ratios.length),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
