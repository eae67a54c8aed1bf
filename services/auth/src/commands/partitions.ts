import { type NewRegion, type Plan, planPartitions, type Step, takeStep } from "../partitions/plan.ts";
import type { DatabaseConsole } from "./console.ts";

export type { NewRegion, Plan, Step } from "../partitions/plan.ts";

export async function plan({ db, clock }: DatabaseConsole, regions: readonly NewRegion[]): Promise<Plan> {
  return await planPartitions(db, clock.now(), regions);
}

/** Takes the steps of a fresh plan one by one, each on its own; tells of each before it begins. */
export async function apply(
  opened: DatabaseConsole,
  regions: readonly NewRegion[],
  onStep: (step: Step) => void,
): Promise<number> {
  const { steps } = await plan(opened, regions);
  for (const step of steps) {
    onStep(step);
    await takeStep(opened.db, step);
  }
  return steps.length;
}
