export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
}

/** One line a figure; a figure with a target says whether it was reached. */
export function print(title: string, figures: readonly Figure[]): boolean {
  console.log(`\n${title}`);
  let reached = true;
  for (const { name, value, unit, target } of figures) {
    const hit =
      target === undefined || ("atLeast" in target ? value >= target.atLeast : value <= target.atMost);
    reached &&= hit;
    const aim =
      target === undefined
        ? ""
        : "atLeast" in target
          ? `  (≥ ${target.atLeast}${hit ? "" : ", missed"})`
          : `  (≤ ${target.atMost}${hit ? "" : ", missed"})`;
    console.log(`  ${name.padEnd(52)} ${format(value)} ${unit}${aim}`);
  }
  return reached;
}

function format(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString("en");
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  // Ratios: one that misses its aim by a thousandth must not look as if it did not.
  return value.toFixed(Math.abs(value) < 2 ? 3 : 2);
}
