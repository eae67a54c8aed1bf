/** From a viewer's request to the slow SQL: three services, one tree, found by the id the viewer was shown. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { openServices } from "@kinopass/auth/commands";
import { consent, startEmulators } from "@kinopass/emulators";
import pg from "pg";
import { catalogCredential } from "./catalog-credential.ts";
import { writePlaylists } from "./playlists.test-support.ts";
import { freePort } from "./ports.ts";
import { startService } from "./services.ts";
import {
  openTraceStore,
  type StoredSpan,
  type StoredTrace,
  type TraceStore,
} from "./trace-store.test-support.ts";
import { openTracedGround, type Started, type TracedGround } from "./traced-ground.test-support.ts";

const PASSWORD = "four plain words here";
/** The first build of Jaeger takes its time. */
const TIMEOUT_MS = 25 * 60_000;

interface Cinema {
  readonly store: TraceStore;
  readonly ground: TracedGround;
  readonly auth: Started;
  readonly catalog: Started;
  readonly email: string;
}

async function openCinema(t: TestContext): Promise<Cinema> {
  const store = await openTraceStore(t);
  const emulators = await startEmulators();
  t.after(() => emulators.close());
  const ground = await openTracedGround(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: store.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: "100",
    TRUSTED_TRACE_NETWORKS: "127.0.0.0/8",
    AUTH_SOCIAL_RETURN_TO: "https://site.test/*",
    ...emulators.environment,
  });
  const auth = await ground.start("auth");
  const catalog = await ground.start("catalog", await catalogCredential(ground.home, ground.env));
  const email = `anna-${randomBytes(4).toString("hex")}@example.com`;
  await send(`${auth.url}/v1/accounts`, { id: "anna-signs-up", body: { email, password: PASSWORD } });
  const code = await ground.codeFor(email);
  await send(`${auth.url}/v1/accounts/confirm`, { id: "anna-confirms", body: { email, code } });
  return { store, ground, auth, catalog, email };
}

interface Sent {
  readonly id: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of a body
async function send(url: string, { id, body, headers = {} }: Sent): Promise<{ answer: Response; json: any }> {
  const answer = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    redirect: "manual",
    signal: AbortSignal.timeout(15_000),
    headers: {
      "x-request-id": id,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.equal(answer.headers.get("x-request-id"), id);
  const text = await answer.text();
  return { answer, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}

const named = ({ spans }: StoredTrace, name: string): StoredSpan => {
  const found = spans.find((span) => span.name === name);
  assert.ok(found, `no span ${name}`);
  return found;
};

/** The names from a span up to its root. */
function pathOf(trace: StoredTrace, { parent, service, name }: StoredSpan): readonly string[] {
  const above = trace.spans.find(({ id }) => id === parent);
  return [`${service} ${name}`, ...(above === undefined ? [] : pathOf(trace, above))];
}

async function auditRows(ground: TracedGround, requestId: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: ground.env["DATABASE_URL"] });
  await client.connect();
  try {
    const { rows } = await client.query<{ action: string }>(
      "select action from auth.audit_entries where request_id = $1",
      [requestId],
    );
    return rows.map(({ action }) => action);
  } finally {
    await client.end();
  }
}

test("tracing through the cinema", { timeout: TIMEOUT_MS }, async (t) => {
  const cinema = await openCinema(t);
  await t.test("service → Auth and catalog → SQL, Redis and hash are one tree", (inner) =>
    oneTree(inner, cinema),
  );
  await t.test("a trusted caller's trace goes on in both services", () => trustedCaller(cinema));
  await t.test("calls to a social network are in the trace, without their queries", () =>
    socialReturn(cinema),
  );
  await t.test("a letter has a trace of its own, linked to the request that caused it", () => letter(cinema));
  await t.test("one id leads from an error body to the log, the audit row and the trace", () =>
    oneId(cinema),
  );
  await t.test("a health check makes no trace", () => quiet(cinema));
});

async function oneTree(t: TestContext, { store, ground, auth, catalog, email }: Cinema) {
  const console_ = openServices(ground.env);
  const { id, secret } = await console_.add("playlists", ["introspect"]);
  await console_.close();
  const port = await freePort();
  const playlists = await startService({
    name: "playlists",
    home: ground.home,
    entry: writePlaylists(ground.home),
    url: `http://127.0.0.1:${port}`,
    env: {
      ...ground.env,
      OTEL_SERVICE_NAME: "playlists",
      AUTH_URL: auth.url,
      CATALOG_URL: catalog.url,
      SERVICE: `${id}:${secret}`,
      PORT: String(port),
    },
  });
  try {
    const requestId = "an-evening-at-the-cinema";
    const { json } = await send(`${playlists.url}/evening`, {
      id: requestId,
      body: { email, password: PASSWORD },
    });
    assert.deepEqual(json, { active: true, films: 20 });
    const services = ["playlists", "kinopass-auth", "kinopass-catalog"];
    const [trace] = await store.byRequestId(
      "playlists",
      requestId,
      ([found]) =>
        services.every((name) => found?.spans.some(({ service }) => service === name)) &&
        found?.spans.some(({ name }) => name === "POST /evening") === true,
    );
    assert.ok(trace);
    t.diagnostic(`\n${trace.drawing}`);
    const roots = trace.spans.filter(({ parent }) => parent === undefined);
    assert.deepEqual(
      roots.map(({ service, name }) => `${service} ${name}`),
      ["playlists POST /evening"],
    );
    const hash = ["passwords.hash_wait", "passwords.hash_work"].map((name) => named(trace, name));
    for (const span of hash)
      assert.deepEqual(pathOf(trace, span).slice(1), [
        "kinopass-auth passwords.verify",
        "kinopass-auth passwords.sign_in",
        "kinopass-auth POST /v1/sessions",
        "playlists POST /v1/sessions",
        "playlists POST /evening",
      ]);
    const statements = trace.spans.filter(({ attributes }) => attributes["db.system.name"] === "postgresql");
    assert.ok(statements.some(({ service }) => service === "kinopass-auth"));
    assert.ok(statements.some(({ service }) => service === "kinopass-catalog"));
    const scripts = trace.spans.filter(({ name }) => name === "EVALSHA token-bucket");
    assert.ok(scripts.some((span) => pathOf(trace, span)[1] === "kinopass-auth limits.decide"));
    const decision = trace.spans.find(
      ({ service, name }) => service === "kinopass-auth" && name === "limits.decide",
    );
    assert.equal(decision?.attributes["kinopass.limit.mode"], "redis");
    assert.equal(decision?.attributes["kinopass.limit.allowed"], true);
    const films = named(trace, "GET /v1/films");
    const served = trace.spans.find(
      ({ service, name }) => service === "kinopass-catalog" && name === films.name,
    );
    assert.deepEqual(
      ["kind", "certainty"].map((what) => served?.attributes[`kinopass.caller.${what}`]),
      ["member", "fresh"],
    );
    for (const service of services)
      assert.ok(
        trace.spans.some((span) => span.service === service && span.attributes["request.id"] === requestId),
        `${service} has the request's id`,
      );
  } finally {
    await playlists.stop();
  }
}

async function trustedCaller({ store, auth, catalog, email }: Cinema) {
  const traceId = randomBytes(16).toString("hex");
  const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString("hex")}-01` };
  const id = "a-trusted-caller";
  const { json } = await send(`${auth.url}/v1/sessions`, {
    id,
    headers,
    body: { email, password: PASSWORD },
  });
  const bearer = { ...headers, authorization: `Bearer ${json.access_token}` };
  await send(`${catalog.url}/v1/films?query=godfather`, { id, headers: bearer });
  const [trace] = await store.byRequestId("kinopass-catalog", id, ([found]) =>
    ["POST /v1/sessions", "GET /v1/films"].every((name) => found?.spans.some((span) => span.name === name)),
  );
  assert.equal(trace?.traceId, traceId);
}

async function socialReturn({ store, auth }: Cinema) {
  const returnTo = encodeURIComponent("https://site.test/in");
  const begun = await send(`${auth.url}/v1/social/yandex/start?return_to=${returnTo}`, {
    id: "goes-to-yandex",
  });
  const cookie = begun.answer.headers.getSetCookie().map((line) => line.split(";")[0]);
  const { url, fields } = await consent(begun.answer.headers.get("location") ?? "", { person: "new" });
  const back = new URL(url);
  for (const [name, value] of Object.entries(fields)) back.searchParams.set(name, value);
  const returned = await send(back.href, { id: "comes-from-yandex", headers: { cookie: cookie.join("; ") } });
  assert.match(returned.answer.headers.get("location") ?? "", /\?code=/);
  const [trace] = await store.byRequestId(
    "kinopass-auth",
    "comes-from-yandex",
    ([found]) => found?.spans.some(({ name }) => name === "GET /v1/social/:provider/callback") === true,
  );
  assert.ok(trace);
  const calls = trace.spans.filter(({ attributes }) => attributes["service.peer.name"] !== undefined);
  assert.ok(calls.length >= 2, trace.drawing);
  for (const call of calls) {
    assert.ok(pathOf(trace, call).includes("kinopass-auth GET /v1/social/:provider/callback"));
    assert.doesNotMatch(String(call.attributes["url.full"]), /[?#@]/);
  }
}

async function letter({ store, ground, auth, email }: Cinema) {
  await send(`${auth.url}/v1/password-resets`, { id: "forgot-it", body: { email } });
  await ground.codeFor(email);
  const traces = await store.byRequestId("kinopass-auth", "forgot-it", (found) =>
    ["POST /v1/password-resets", "mail.smtp"].every((name) =>
      found.some(({ spans }) => spans.some((span) => span.name === name)),
    ),
  );
  const request = traces.find(({ spans }) => spans.some(({ name }) => name === "POST /v1/password-resets"));
  const delivery = traces.find(({ spans }) => spans.some(({ name }) => name === "mail.deliver"));
  assert.ok(request !== undefined && delivery !== undefined && request !== delivery);
  assert.deepEqual(named(delivery, "mail.deliver").links, [request.traceId]);
  assert.equal(named(delivery, "mail.deliver").attributes["kinopass.mail.attempt"], 1);
}

async function oneId({ store, ground, auth, email }: Cinema) {
  const id = "shown-to-the-viewer";
  const wrong = { email, password: "not her password at all" };
  const { answer, json } = await send(`${auth.url}/v1/sessions`, { id, body: wrong });
  assert.deepEqual([answer.status, json.request_id], [401, id]);
  const [trace] = await store.byRequestId("kinopass-auth", id, (found) => found.length > 0);
  assert.equal(json.trace_id, trace?.traceId);
  const lines = auth.log().split("\n");
  const own = lines.filter((line) => line.includes(`"request_id":"${id}"`));
  assert.ok(own.length > 0 && own.every((line) => line.includes(`"trace_id":"${json.trace_id}"`)));

  const opened = "signs-in-and-is-audited";
  await send(`${auth.url}/v1/sessions`, { id: opened, body: { email, password: PASSWORD } });
  assert.deepEqual(await auditRows(ground, opened), ["session.opened"]);
}

async function quiet({ store, auth, catalog }: Cinema) {
  for (const { url } of [auth, catalog]) await send(`${url}/readyz`, { id: "are-you-well" });
  for (const [service, url] of [
    ["kinopass-auth", `${auth.url}/v1/regions`],
    ["kinopass-catalog", `${catalog.url}/v1/genres`],
  ] as const) {
    await send(url, { id: "the-last-word" });
    // What was sent later has arrived, so what was to come before has as well.
    await store.byRequestId(service, "the-last-word", (found) => found.length > 0);
    assert.deepEqual(await store.byRequestId(service, "are-you-well", () => true), []);
  }
}
