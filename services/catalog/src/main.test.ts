import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { emptyDatabase } from "./testing/start-catalog.ts";

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<number | null>;
}

function start(variables: Record<string, string>): Started {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: "", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (part) => (text += part));
  const exit = once(child, "close").then(([code]) => code as number | null);
  return { child, output: () => text, exit };
}

async function addressOf({ output, exit }: Started): Promise<string> {
  let gone = false;
  void exit.then(() => (gone = true));
  while (!gone) {
    const address = /"address":"([^"]+)"/.exec(output())?.[1];
    if (address !== undefined) return address;
    await new Promise((next) => setTimeout(next, 20));
  }
  throw new Error(`it ended: ${output()}`);
}

const variablesFor = (url: string) => ({
  CATALOG_DATABASE_URL: url,
  CATALOG_KEYS: `1:${Buffer.alloc(32, 3).toString("base64")}`,
  CATALOG_PORT: "0",
  // Nobody listens there: Auth is away from the beginning, and the catalog starts all the same.
  AUTH_ISSUER: "http://127.0.0.1:9",
  CATALOG_DATABASE_WAIT_MS: "20000",
  CATALOG_STATEMENT_TIMEOUT_MS: "20000",
});

test("one process fills an empty database, serves without Auth, drains on SIGTERM, and starts again with the data kept", async (t) => {
  const url = await emptyDatabase(t);
  for (const imported of [3862, 0]) {
    const started = start(variablesFor(url));
    t.after(() => started.child.kill("SIGKILL"));
    const address = await addressOf(started);
    assert.match(started.output(), new RegExp(`"imported":${imported}\\b`));
    const answer = await fetch(`${address}/v1/films?query=godfahter`);
    const body = (await answer.json()) as { items: { title: string }[] };
    assert.equal(body.items[0]?.title, "The Godfather");
    assert.match(answer.headers.get("x-request-id") ?? "", /^[\w-]{8,64}$/);
    started.child.kill("SIGTERM");
    assert.equal(await started.exit, 0);
    assert.match(started.output(), /"msg":"stopped"/);
  }
});

test("an instance that is told to stop does not wait for a Jaeger that takes spans and never answers", async (t) => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const exported = once(silent, "connection");
  const { port } = silent.address() as AddressInfo;
  const started = start({
    ...variablesFor(await emptyDatabase(t)),
    NODE_OPTIONS: `--import=${import.meta.resolve("@kinopass/tracing/register")}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    // Whoever waits for the answer waits for two minutes.
    OTEL_EXPORTER_OTLP_TIMEOUT: "120000",
  });
  t.after(() => started.child.kill("SIGKILL"));
  await (await fetch(`${await addressOf(started)}/v1/films`)).arrayBuffer();
  started.child.kill("SIGTERM");
  const patience = AbortSignal.timeout(60_000);
  const gone = await Promise.race([started.exit, once(patience, "abort").then(() => "still there")]);
  await exported;
  assert.equal(gone, 0);
  assert.match(started.output(), /"msg":"stopped"/);
  assert.match(started.output(), /the last spans could not be sent in time/);
});

test("a port that is taken is named with the variable that moves it, and nothing stays open", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  t.after(() => holder.close());
  const { port } = holder.address() as { port: number };
  const started = start({ ...variablesFor(await emptyDatabase(t)), CATALOG_PORT: String(port) });
  t.after(() => started.child.kill("SIGKILL"));
  assert.equal(await started.exit, 1);
  assert.match(started.output(), new RegExp(`Port ${port} is taken.*CATALOG_PORT`));
});

test("a wrong configuration ends the start with every mistake in one message", async () => {
  const started = start({ CATALOG_PORT: "x" });
  assert.equal(await started.exit, 1);
  assert.match(started.output(), /3 mistakes/);
});
