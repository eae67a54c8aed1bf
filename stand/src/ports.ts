import { createServer } from "node:net";

export interface WantedPort {
  readonly port: number;
  readonly what: string;
  readonly variable: string;
}

/** Names every port that cannot be had at once, each with the variable that moves it. */
export async function demandFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const lines: string[] = [];
  for (const [index, { port, what, variable }] of wanted.entries()) {
    const twin = wanted.slice(0, index).find((earlier) => earlier.port === port);
    const trouble = twin === undefined ? await troubleWith(port) : `is ${twin.what}'s as well`;
    if (trouble !== undefined)
      lines.push(`Port ${port} (${what}) ${trouble}: ${variable}=${elsewhere(port)} npm start`);
  }
  if (lines.length > 0) throw new Error(lines.join("\n    "));
}

/** A port nearby that anybody may use. */
function elsewhere(port: number): number {
  return port < 1_024 || port > 65_000 ? 8_100 : port + 100;
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((ready, fail) => probe.once("error", fail).listen(0, "127.0.0.1", ready));
  const { port } = probe.address() as { port: number };
  await new Promise((closed) => probe.close(closed));
  return port;
}

/** What stands in the way of listening on it; undefined if nothing does. */
async function troubleWith(port: number): Promise<string | undefined> {
  if (port === 0) return "must be one that can be told to others; choose one";
  const probe = createServer();
  return await new Promise((answer) => {
    probe.once("error", ({ code }: NodeJS.ErrnoException) =>
      answer(
        code === "EADDRINUSE"
          ? "is taken. Stop what uses it, or choose another"
          : `cannot be used (${code ?? "no reason told"}). Choose another`,
      ),
    );
    probe.listen(port, "127.0.0.1", () => probe.close(() => answer(undefined)));
  });
}
