#!/usr/bin/env node
import { parseArgs } from "node:util";
import { startEmulators } from "./emulators.ts";

const HELP = `kinopass-emulators: nine social sign-in providers on localhost

  --port <number>        default 9100, 0 for any free one
  --host <address>       default 127.0.0.1; loopback only
  --public-url <url>     how browsers reach it, when that differs
  --app-name <name>      what the consent pages call your app
  --help
`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9100" },
    host: { type: "string", default: "127.0.0.1" },
    "public-url": { type: "string" },
    "app-name": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else await serve();

async function serve(): Promise<void> {
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError("--port must be 0 to 65535");
  const { "public-url": publicUrl, "app-name": appName } = values;
  const emulators = await startEmulators({
    port,
    host: values.host,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(appName === undefined ? {} : { appName }),
  });
  console.log(
    `Emulators at ${emulators.url}\nSettings for your app: curl ${emulators.url}/_emulator/environment`,
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void emulators.close());
}
