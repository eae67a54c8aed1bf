/** First moment of the month, in UTC: partitions begin there. */
export function startOfMonth(at: Date): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1));
}

export function addMonths(month: Date, count: number): Date {
  return new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + count, 1));
}

/** `sign_ins_202603` → March 2026; undefined for another name. */
export function monthOfLeaf(leaf: string): Date | undefined {
  const [, year, month] = /^sign_ins_(\d{4})(\d{2})$/.exec(leaf) ?? [];
  return year === undefined ? undefined : new Date(Date.UTC(Number(year), Number(month) - 1, 1));
}

export function leafOfMonth(month: Date): string {
  return `sign_ins_${month.toISOString().slice(0, 7).replace("-", "")}`;
}
