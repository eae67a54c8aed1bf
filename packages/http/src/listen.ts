import { setTimeout as delay } from "node:timers/promises";
import { announceLeaving } from "./health.ts";
import type { Server } from "./server.ts";

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Named in the message when the port is taken, e.g. `AUTH_PORT`. */
  readonly portVariable: string;
}

/** The port is taken; the message names the variable that moves it. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";
}

/** Listens, or says in one sentence why not and what to change. Resolves to the address. */
export async function listen(app: Server, { host, port, portVariable }: ListenOptions): Promise<string> {
  try {
    return await app.listen({ host, port, backlog: 1024 });
  } catch (error) {
    if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    throw new PortTaken(
      `Port ${port} is taken by another process. Stop it, or set ${portVariable} to a free port.`,
      { cause: error },
    );
  }
}

/** How long a balancer may take to notice that readiness turned red. */
const NOTICE_MS = 1_000;

/**
 * Readiness turns red at once and everything is still served, until balancers had time to notice: a socket that is
 * closed while somebody is connecting resets them. Each answer meanwhile ends its connection, for one that is kept would be
 * closed under a request that is on its way. Then requests under way are finished, and what must be closed is closed.
 * After `patienceMs` the rest is cut.
 */
export async function drain(app: Server, close: () => Promise<void>, patienceMs = 8_000): Promise<void> {
  announceLeaving(app);
  app.server.prependListener("request", (_, response) => response.setHeader("connection", "close"));
  await delay(NOTICE_MS);
  const cut = setTimeout(() => app.server.closeAllConnections(), patienceMs);
  try {
    await app.close();
    await close();
  } finally {
    clearTimeout(cut);
  }
}
