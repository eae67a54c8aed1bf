import { InvalidArgumentError } from "commander";

/** Reads an option that takes a whole number of a range. */
export function numberIn(least: number, most: number): (given: string) => number {
  return (given) => {
    const value = Number(given);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It needs a whole number from ${least} to ${most}.`);
  };
}
