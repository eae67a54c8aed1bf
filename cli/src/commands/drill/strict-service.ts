/** A service of the cinema as small as they come: one route that must be sure who is calling. The catalog has none. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createGuard, strict } from "@kinopass/guard";
import { guarded } from "@kinopass/guard/http";

export interface StrictSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly credential: { readonly id: string; readonly secret: string };
  readonly authUrl: string;
  readonly directory: string;
}

process.once("message", (settings: StrictSettings) => {
  void start(settings);
});

async function start(settings: StrictSettings): Promise<void> {
  const guard = createGuard(settings);
  await guard.start();
  const sure = guarded(guard, strict);
  const server = createServer((request, response) => sure(request, response, () => response.end("{}")));
  server.listen(0, "127.0.0.1", () => {
    process.send?.({ port: (server.address() as AddressInfo).port });
  });
}
