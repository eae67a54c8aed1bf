import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rotationText } from "@kinopass/auth/bench";
import pg from "pg";
import { Client } from "./client.ts";
import { type Ground, openGround } from "./ground.ts";
import { inTurn, median, run } from "./load.ts";
import type { Figure } from "./report.ts";

/** So many that both sides always have work: with eight, Auth and PostgreSQL take turns in waiting for each other. */
const CLIENTS = 32;
const SECONDS = 6;
const ROUNDS = 3;

/** Refreshes a second over HTTP ÷ the same statement by pgbench, with as many clients, on the same server. */
export async function benchRefresh(): Promise<Figure[]> {
  const pgbench = findPgbench();
  const ground = await openGround();
  const directory = mkdtempSync(join(tmpdir(), "kinopass-pgbench-"));
  try {
    const people = await ground.people(CLIENTS);
    const clients = await Promise.all(people.map(() => Client.open(ground.auth.url)));
    const refresh = () =>
      run({
        clients: CLIENTS,
        seconds: SECONDS,
        operation: async (client) => {
          const person = people[client];
          if (person === undefined) throw new Error("nobody");
          const { status, body } = (await clients[client]?.request(
            "POST",
            "/v1/sessions/refresh",
            "",
            `{"refresh_token":"${person.refreshToken}"}`,
          )) ?? { status: 0, body: "" };
          if (status !== 200) throw new Error(String(status));
          person.refreshToken = /"refresh_token":"([^"]+)"/.exec(body)?.[1] ?? "";
        },
      });
    const sql = await prepareRotation(ground, directory);
    const { a, b } = await inTurn(ROUNDS, refresh, async () => ({
      perSecond: sql(pgbench),
      p50Ms: 0,
      p99Ms: 0,
      failures: 0,
    }));
    for (const client of clients) client.close();
    const ratios = a.map(({ perSecond }, round) => perSecond / (b[round] as { perSecond: number }).perSecond);
    return [
      { name: "refreshes a second", value: median(a.map(({ perSecond }) => perSecond)), unit: "/s" },
      { name: "p99 of a refresh", value: median(a.map(({ p99Ms }) => p99Ms)), unit: "ms" },
      {
        name: "the same statement by pgbench",
        value: median(b.map(({ perSecond }) => perSecond)),
        unit: "/s",
      },
      { name: "refresh ÷ pgbench", value: median(ratios), unit: "", target: { atLeast: 0.4 } },
      {
        name: "failed refreshes",
        value: a.reduce((sum, { failures }) => sum + failures, 0),
        unit: "",
        target: { atMost: 0 },
      },
    ];
  } finally {
    await ground.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * The service's own statement. Each pgbench client rotates a session of its own, cloned from a real
 * one; its counter only ever grows, over all rounds.
 */
async function prepareRotation(ground: Ground, directory: string): Promise<(pgbench: string) => number> {
  const url = ground.postgres.url("auth");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`
    insert into auth.sessions (account_id, id, created_at, authenticated_at, last_used_at, expires_at, region, door, device_kind)
      select account_id, gen_random_uuid(), now(), now(), now(), now() + interval '1 day', region, 'bench', 'other' from auth.sessions where door = 'sign_up';
    create table public.bench_sessions as
      select row_number() over () - 1 as n, account_id, id, region from auth.sessions where door = 'bench';
    alter table public.bench_sessions add primary key (n)`);
  await client.end();
  const file = join(directory, "rotate.sql");
  const parameters = [
    ":account",
    ":session",
    ":counter",
    ":region",
    "now()",
    "now() - interval '10 seconds'",
    "now() - interval '30 days'",
  ];
  const text = rotationText.replaceAll(
    /\$(\d)/g,
    (_, number: string) => parameters[Number(number) - 1] ?? "",
  );
  writeFileSync(
    file,
    `\\if :known = 0\nselect account_id as account, id as session, region from public.bench_sessions where n = :client_id \\gset\n\\set known 1\n\\endif\n\\set counter :counter + 1\n${text.replaceAll("\n", " ")};\n`,
  );
  let counter = 0;
  return (pgbench) => {
    counter += 100_000_000;
    const flags = [
      "-n",
      "-M",
      "prepared",
      "-c",
      String(CLIENTS),
      "-j",
      "2",
      "-T",
      String(SECONDS),
      "-D",
      `counter=${counter}`,
      "-D",
      "known=0",
      "-f",
      file,
    ];
    const done = spawnSync(pgbench, [...flags, url], {
      encoding: "utf8",
      env: { ...process.env, PGOPTIONS: "-c plan_cache_mode=force_generic_plan" },
    });
    const tps = /tps = ([\d.]+)/.exec(done.stdout)?.[1];
    if (done.status !== 0 || tps === undefined) throw new Error(`pgbench: ${done.stderr.slice(-800)}`);
    return Number(tps);
  };
}

function findPgbench(): string {
  const found = ["pgbench", ...globSync("/usr/lib/postgresql/*/bin/pgbench")].find(
    (path) => spawnSync(path, ["--version"]).status === 0,
  );
  if (found === undefined)
    throw new Error(
      "pgbench is not here. Install it: apt-get install postgresql-contrib (Debian: part of postgresql-15)",
    );
  return found;
}
