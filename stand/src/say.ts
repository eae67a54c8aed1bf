/** What a person reads while the stand comes up: one line a step, with how long it took. */
const colourful = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;

const paint = (code: number) => (text: string) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = paint(1);
export const dim = paint(2);
export const green = paint(32);
export const red = paint(31);
export const yellow = paint(33);

export async function step<T>(
  name: string,
  work: () => Promise<{ readonly value: T; readonly says: string }>,
): Promise<T> {
  const began = performance.now();
  const { value, says } = await work();
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  console.log(`  ${green("✓")} ${name.padEnd(11)}${says} ${dim(took)}`);
  return value;
}

export function note(name: string, says: string): void {
  console.log(`  ${yellow("!")} ${name.padEnd(11)}${says}`);
}

export function fail(message: string): void {
  console.error(`  ${red("✗")} ${message}`);
}
