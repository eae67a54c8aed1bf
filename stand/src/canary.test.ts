/** T93: what nobody may read again is in no log, no span, no metric, no error body, and not in clear in PostgreSQL. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { startEmulators } from "@kinopass/emulators";
import { startOtlpReceiver } from "@kinopass/tracing/testing/otlp-receiver";
import pg from "pg";
import { walkEveryDoor } from "./canary.test-support.ts";
import { catalogCredential } from "./catalog-credential.ts";
import { openTracedGround } from "./traced-ground.test-support.ts";

/** Counters that first appear when something went wrong. */
const ONLY_IN_TROUBLE = new Set(["kinopass_auth_hashes_shed_total", "kinopass_auth_sign_ins_dropped_total"]);

/** Every row of every table, as text; bytes show as hexadecimal digits. */
async function everyRow(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('auth', 'catalog', 'public') and c.relkind in ('r', 'p') and not c.relispartition`,
    );
    const dumps: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      dumps.push(...rows.map(({ row }) => row));
    }
    return dumps.join("\n");
  } finally {
    await client.end();
  }
}

/** As it was, and as it would look in a URL, in base64 or in a dump of bytes. */
function spellings(secret: string): readonly RegExp[] {
  const bytes = Buffer.from(secret);
  const texts = [secret, encodeURIComponent(secret), bytes.toString("hex"), bytes.toString("base64url")];
  // A code is eight digits: among digits it would be found by chance.
  return [...new Set(texts)].map((text) => {
    const literal = text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return new RegExp(/^[\d ]+$/.test(text) ? `(?<![0-9a-fA-F])${literal}(?![0-9a-fA-F])` : literal);
  });
}

function demandAbsent(words: Iterable<string>, places: Readonly<Record<string, string>>): void {
  const found: string[] = [];
  for (const word of words)
    for (const spelling of spellings(word))
      for (const [place, text] of Object.entries(places)) {
        const at = text.search(spelling);
        if (at >= 0) found.push(`${place}: …${text.slice(Math.max(0, at - 120), at + 20)}…`);
      }
  assert.deepEqual(found, []);
}

test("no password, token, code or address is in logs, spans, metrics or error bodies, and no secret in PostgreSQL", async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const emulators = await startEmulators();
  t.after(() => emulators.close());
  const ground = await openTracedGround(t, {
    LOG_LEVEL: "trace",
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: "100",
    AUTH_SOCIAL_RETURN_TO: "https://site.test/*",
    ...emulators.environment,
  });
  const auth = await ground.start("auth");
  const catalog = await ground.start("catalog", await catalogCredential(ground.home, ground.env));
  const walk = await walkEveryDoor(ground, auth.url, catalog.url);
  const metrics = `${await auth.metrics()}\n${await catalog.metrics()}`;
  await catalog.stop();
  await auth.stop();
  const places = {
    "Auth's log": auth.log(),
    "the catalog's log": catalog.log(),
    spans: Buffer.concat(receiver.requests).toString("latin1"),
    metrics,
    "error bodies": walk.errorBodies.join("\n"),
  };
  const database = `${await everyRow(ground.env["DATABASE_URL"] ?? "")}\n${await everyRow(ground.env["CATALOG_DATABASE_URL"] ?? "")}`;

  await t.test("the walk went through the doors, and the scan sees what it looks through", () => {
    for (const passed of [
      "POST /v1/sessions 201",
      "POST /v1/sessions 401",
      "POST /v1/sessions/refresh 200",
      "POST /v1/sessions/refresh 401",
      "POST /v1/password-resets/confirm 204",
      "PUT /v1/me/password 204",
      "GET /v1/roles 200",
      "POST /v1/introspect 200",
      "POST /v1/social/exchange 201",
      "GET /v1/me/export 200",
    ])
      assert.ok(walk.seen.has(passed), `${passed} is missing of\n${[...walk.seen].join("\n")}`);
    assert.ok(walk.secrets.size >= 25 && walk.addresses.size >= 4 && walk.errorBodies.length >= 15);
    assert.match(places["Auth's log"], /"route":"\/v1\/sessions\/refresh"/);
    assert.match(places["the catalog's log"], /"route":"\/v1\/films"/);
    for (const name of ["sessions.refresh", "passwords.hash_wait", "limits.decide", "EVALSHA", "mail.smtp"])
      assert.ok(places.spans.includes(name), name);
    assert.match(metrics, /^kinopass_auth_refreshes_total\{outcome="refresh_token_reused",[^}]*\} 1$/m);
    assert.match(
      metrics,
      /^kinopass_auth_sign_ins_total\{door="password",outcome="credentials_wrong",[^}]*\} \d/m,
    );
    assert.ok(database.includes([...walk.addresses][0] ?? "?"));
  });
  await t.test("the dashboard asks for nothing that the services do not tell", () => {
    const file = new URL("../../deploy/grafana/kinopass.json", import.meta.url);
    const { panels } = JSON.parse(readFileSync(file, "utf8")) as {
      panels: { targets?: { expr: string }[] }[];
    };
    const asked = panels.flatMap(({ targets = [] }) =>
      targets.flatMap(
        ({ expr }) =>
          expr
            .replaceAll(/by \([^)]*\)/g, "")
            .match(/\b(?:kinopass_|http_server_|db_client_)\w+\b(?=[[{)])/g) ?? [],
      ),
    );
    assert.ok(asked.length >= 20);
    const untold = asked.filter(
      (name) =>
        !metrics.includes(`\n${name}{`) && !metrics.includes(`\n${name} `) && !ONLY_IN_TROUBLE.has(name),
    );
    assert.deepEqual(untold, []);
  });
  await t.test("each script of the captcha is called by its name", () => {
    for (const name of ["captcha-issue", "captcha-answer"])
      assert.ok(
        receiver.spans.some((span) => span.name === `EVALSHA ${name}`),
        name,
      );
  });
  await t.test("rows of history are nobody's request", () => {
    const writers = receiver.spans.filter(({ name }) => name === "history.write");
    assert.ok(writers.length > 0 && writers.every(({ parentSpanId }) => parentSpanId === ""));
    const ids = new Set(writers.map(({ spanId }) => spanId));
    const written = receiver.spans.filter(({ name }) => name === "history.insert");
    assert.ok(written.length > 0 && written.every(({ parentSpanId }) => ids.has(parentSpanId)));
  });
  await t.test("polls in the background make no traces of one statement each", () => {
    const roots = receiver.spans.filter(({ parentSpanId }) => parentSpanId === "");
    assert.deepEqual(
      roots.filter(({ attributes }) => attributes["db.system.name"] !== undefined).map(({ name }) => name),
      [],
    );
  });
  await t.test("secrets", () => demandAbsent(walk.secrets, { ...places, PostgreSQL: database }));
  await t.test("addresses", () => demandAbsent(walk.addresses, places));
  await t.test("every line of both logs is one JSON object", () => {
    for (const place of ["Auth's log", "the catalog's log"] as const)
      for (const line of places[place].split("\n").filter((text) => text !== "")) JSON.parse(line);
  });
});
