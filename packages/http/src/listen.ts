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

/**
 * Readiness turns red at once, so that no new traffic is sent; then requests under way are finished,
 * and what must be closed is closed. After `patienceMs` the rest is cut.
 */
export async function drain(app: Server, close: () => Promise<void>, patienceMs = 9_000): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), patienceMs);
  try {
    await app.close();
    await close();
  } finally {
    clearTimeout(cut);
  }
}
