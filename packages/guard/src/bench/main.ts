import { benchVerification, type Throughput } from "./index.ts";

/** Medians of five rounds after one to warm up; `node dist/bench/main.js`. */
const ROUNDS = 5;
await benchVerification();
const rounds: (readonly Throughput[])[] = [];
for (let round = 0; round < ROUNDS; round += 1) rounds.push(await benchVerification());
const medians = (rounds[0] ?? []).map(({ name }, index) => {
  const sorted = rounds.map((round) => round[index]?.perSecond ?? 0).sort((a, b) => a - b);
  return { name, perSecond: sorted[Math.floor(ROUNDS / 2)] ?? 0 };
});
const ratios = rounds.map(([guard, jose]) => (guard?.perSecond ?? 0) / (jose?.perSecond ?? 1)).sort();
console.table(medians);
console.log(`a new token ÷ jose: ${ratios[Math.floor(ROUNDS / 2)]?.toFixed(3)}`);
