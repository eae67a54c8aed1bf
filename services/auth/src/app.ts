/** The whole service: what it is made of, its server, and how it begins and ends. */
import { common, createServer, describeContract, docsPage, type Server } from "@kinopass/http";
import { followLimits, limits } from "@kinopass/limiter";
import { contractInfo } from "./contract-info.ts";
import { credentialsFirst } from "./http/credentials-first.ts";
import { countDoors, countTurnedAway } from "./metrics/doors.ts";
import { buildCapabilities, type Capabilities } from "./wiring/capabilities.ts";
import { addRoutes } from "./wiring/routes.ts";
import type { Surroundings } from "./wiring/surroundings.ts";

export type { Capabilities } from "./wiring/capabilities.ts";
export type { Surroundings } from "./wiring/surroundings.ts";

export interface Auth {
  readonly app: Server;
  readonly capabilities: Capabilities;
  /** Makes what must exist before the first request: keys, months. */
  prepare(): Promise<void>;
  /** Mail, purges and other work that no request waits for. */
  startBackground(): void;
  /** Stops the background, then lets go of connections. The server itself is drained first. */
  close(): Promise<void>;
}

export async function buildAuth(surroundings: Surroundings): Promise<Auth> {
  const { config, logger } = surroundings;
  const capabilities = buildCapabilities(surroundings);
  const { keys, regions, partitions, upkeep, limiter, feed } = capabilities;
  const app = await buildServer(surroundings, capabilities);
  const unfollow = followLimits({ file: config.limitsFile, limiter, logger });
  return {
    app,
    capabilities,
    prepare: async () => {
      await keys.ensure();
      await partitions.round();
      // What is read once and kept is read now: later it would be read by a transaction that holds a connection already.
      await Promise.all([keys.current(), regions.all(), feed.start()]);
    },
    startBackground: () => {
      upkeep.start();
      capabilities.mailWorker.start();
      capabilities.purges.start();
      capabilities.owedEndings.start();
    },
    close: async () => {
      unfollow();
      await close(capabilities);
    },
  };
}

async function buildServer(surroundings: Surroundings, capabilities: Capabilities): Promise<Server> {
  const { config, clock, logger, demandDocumentedCodes = false, shedding } = surroundings;
  const app = await createServer({
    logger,
    now: () => clock.now(),
    trustedProxies: config.trustedProxies,
    trustedTraceNetworks: config.trustedTraceNetworks,
    demandDocumentedCodes,
    onTurnedAway: countTurnedAway,
    ...(shedding === undefined ? {} : { shedding }),
  });
  await describeContract(app, contractInfo(config.issuer));
  await app.register(limits, {
    limiter: capabilities.limiter,
    trustedProxies: config.trustedProxies,
    refuse: () => common.rate_limited(),
  });
  credentialsFirst(app, {
    access_token: (request) => capabilities.authenticate.presented(request),
    service_credential: (request) => capabilities.services.presented(request),
  });
  countDoors(app);
  await addRoutes(app, surroundings, capabilities);
  await docsPage(app);
  return app;
}

/** The database last: what is still under way writes to it. */
async function close(capabilities: Capabilities): Promise<void> {
  const { feed, limiter, redis, upkeep, purges, owedEndings, newDevices, social, mailWorker } = capabilities;
  feed.stop();
  limiter.close();
  redis?.disconnect();
  await upkeep.stop();
  await purges.stop();
  await owedEndings.stop();
  await newDevices.settled();
  await social.revoker.settled();
  await mailWorker.stop();
  await capabilities.passwords.close();
  await capabilities.history.close();
  await capabilities.urgent.close();
  await capabilities.db.close();
}
