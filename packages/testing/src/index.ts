export { type HostileRun, type OpenApiDocument, runHostile } from "./hostile.ts";
export { ManualClock } from "./manual-clock.ts";
export { testDatabase } from "./postgres.ts";
export { type RedisProcess, startRedis } from "./redis.ts";
export { traceSuite } from "./traced-suite.ts";
