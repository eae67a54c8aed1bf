export { type DecisionThroughput, decisionThroughput } from "./decision-throughput.ts";
export { inTurn, median, medianRatio, type Series } from "./measure.ts";
export { type RedisFault, redisFault } from "./redis-faults.ts";
export { type RefusedFlood, refusedFlood } from "./refused-flood.ts";
