import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { RedisClient } from "./redis-link.ts";

const RECONNECT_WITHIN_MS = 500;

/**
 * How the limiter wants its client: nothing queues, nothing is sent twice, nothing waits longer than a second.
 * A command that meets no connection fails at once and is decided in the process; a connection that stays silent
 * for a second (a frozen server still completes TCP handshakes) is torn down and made anew.
 */
export const REDIS_OPTIONS = {
  connectTimeout: 1000,
  commandTimeout: 1000,
  socketTimeout: 1000,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  maxLoadingRetryTime: RECONNECT_WITHIN_MS,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, RECONNECT_WITHIN_MS),
  // After a failover the old master answers READONLY; connecting again may find the new one.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
} as const satisfies RedisOptions;

/**
 * A client for the limiter and the pacer: one URL for a single Redis or Valkey, several joined by commas for the
 * seed nodes of a cluster. Connects in the background; errors show in the limiter's mode.
 */
export function connectRedis(urls: string): RedisClient {
  const nodes = urls.split(",").map((url) => url.trim());
  const [only = ""] = nodes;
  const client =
    nodes.length === 1
      ? new Redis(only, REDIS_OPTIONS)
      : new Cluster(nodes, {
          redisOptions: REDIS_OPTIONS,
          enableOfflineQueue: false,
          retryDelayOnFailover: 50,
          retryDelayOnClusterDown: 50,
          maxRedirections: 4,
          clusterRetryStrategy: (attempt) => Math.min(50 * 2 ** attempt, RECONNECT_WITHIN_MS),
        });
  // Without a listener the client prints every failed attempt; the breaker already tells once per change.
  client.on("error", () => undefined);
  return client;
}
