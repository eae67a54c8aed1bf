import { benchVerification } from "@kinopass/guard/bench";
import { median } from "./load.ts";
import type { Figure } from "./report.ts";

const ROUNDS = 5;
const SEEN = "a token seen before";
const NEW = "a token seen for the first time";
const JOSE = "jose's jwtVerify with a local key";

/** What knowing the caller costs on one core: processor time of all threads, in changing turns in one process. */
export async function benchGuard(): Promise<Figure[]> {
  await benchVerification();
  const rounds: ReadonlyMap<string, number>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const measured = await benchVerification();
    rounds.push(new Map(measured.map(({ name, perSecond }) => [name, perSecond])));
  }
  const names = [...(rounds[0]?.keys() ?? [])];
  const of = (name: string) => rounds.map((round) => round.get(name) ?? Number.NaN);
  const ratios = rounds.map((round) => (round.get(NEW) ?? 0) / (round.get(JOSE) ?? Number.NaN));
  return [
    ...names.map((name): Figure => {
      const figure = { name: `${name}, per core`, value: Math.round(median(of(name))), unit: "/s" };
      return name === SEEN ? { ...figure, target: { atLeast: 300_000 } } : figure;
    }),
    { name: "a new token ÷ jose's jwtVerify", value: median(ratios), unit: "", target: { atLeast: 0.9 } },
  ];
}
