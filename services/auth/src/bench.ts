/** What the benchmarks measure themselves against: our own statement, run by pgbench. */
import { rotate } from "./sessions/queries.ts";

export const rotationText = rotate.text;
