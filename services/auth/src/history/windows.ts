/** Half-open: `from` is inside, `before` is not. */
export interface Window {
  readonly from: Date;
  readonly before: Date;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const WIDTH_MS = 90 * DAY_MS;
/** Twelve whole months are kept besides the running one; nothing older is looked for. */
const MONTHS_KEPT = 13;

/**
 * Stretches of time to look through, newest first, until the oldest month that is kept. Each is at
 * most 90 days wide and never reaches into more than four months, so that a statement touches at most
 * four partitions: 90 days can reach into five (31 January to 1 May).
 */
export function windowsBefore(end: Date, now: Date): readonly Window[] {
  const oldest = startOfMonth(now, -MONTHS_KEPT).getTime();
  const windows: Window[] = [];
  for (let before = end; before.getTime() > oldest; ) {
    const from = Math.max(before.getTime() - WIDTH_MS, startOfMonth(before, -3).getTime());
    windows.push({ from: new Date(from), before });
    before = new Date(from);
  }
  return windows;
}

function startOfMonth(at: Date, offset: number): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset, 1));
}
