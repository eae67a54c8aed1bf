import { createServer } from "node:net";

export interface WantedPort {
  readonly port: number;
  readonly what: string;
  readonly variable: string;
}

/** Names every busy port at once, each with the variable that moves it. */
export async function demandFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const busy: WantedPort[] = [];
  for (const candidate of wanted) if (!(await isFree(candidate.port))) busy.push(candidate);
  if (busy.length === 0) return;
  const lines = busy.map(
    ({ port, what, variable }) =>
      `Port ${port} (${what}) is taken. Stop what uses it, or choose another: ${variable}=${port + 100} npm start`,
  );
  throw new Error(lines.join("\n    "));
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((ready, fail) => probe.once("error", fail).listen(0, "127.0.0.1", ready));
  const { port } = probe.address() as { port: number };
  await new Promise((closed) => probe.close(closed));
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return await new Promise<boolean>((answer) => {
    probe.once("error", () => answer(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => answer(true)));
  });
}
