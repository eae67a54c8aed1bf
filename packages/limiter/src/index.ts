export { type Address, type Cidr, CidrSet, parseAddress, parseCidr, prefixName } from "./address.ts";
export type { BucketPolicy, Rate } from "./bucket.ts";
export { clientAddress } from "./client-address.ts";
export { connectRedis, REDIS_OPTIONS } from "./connect.ts";
export type { Allowed, Ask, BucketReading, DecidedBy, Decision, Refused } from "./decision.ts";
export { type LimitHeaders, limitHeaders } from "./headers.ts";
export { Limiter, type LimiterOptions, type Mode } from "./limiter.ts";
export { LaneFull, type LanePolicy, Pacer, type PacerOptions, type Turn } from "./pacer.ts";
export { PoliciesError, parsePolicies } from "./parse-policies.ts";
export { type LimitsOptions, limits, type RouteLimit } from "./plugin.ts";
export {
  type ClassPolicy,
  type ClassScope,
  DEFAULT_POLICIES,
  type Policies,
  type Scope,
} from "./policies.ts";
export { followLimits, followPolicyFile, type PolicyFileOptions, readPolicyFile } from "./policy-file.ts";
export type { RedisClient } from "./redis-link.ts";
