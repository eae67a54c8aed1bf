import assert from "node:assert/strict";
import test from "node:test";
import { inspect } from "node:util";
import { ask } from "../testing/ask.ts";
import { sql } from "../testing/sql.ts";
import { ALL, SITE, startSocial } from "./set-up.test-support.ts";

const ILLNESSES = [
  ["500", "provider_unavailable"],
  ["429", "provider_unavailable"],
  ["reset", "provider_unavailable"],
  ["cut_off", "provider_unavailable"],
  ["html", "provider_failed"],
  ["empty", "provider_failed"],
  ["null", "provider_failed"],
  ["truncated", "provider_failed"],
  ["huge", "provider_failed"],
  ["redirect", "provider_failed"],
] as const;

for (const [kind, told] of ILLNESSES) {
  test(`T45: an answer that is ${kind} is told as ${told}, and leaves no half-made account`, async (t) => {
    const auth = await startSocial(t);
    for (const provider of ALL) {
      for (const at of ["token", "profile"]) {
        auth.emulators.setFault(provider, { kind, at, times: 1 });
        const landed = await auth.browser().goThrough(provider, "adult");
        auth.emulators.clearFaults();
        // Telegram and Apple tell everything with the token; there is no second call to spoil.
        if (landed.code !== undefined) {
          assert.equal(at, "profile", provider);
          assert.ok(["telegram", "apple", "google"].includes(provider), provider);
          await sql(auth, "truncate auth.accounts, auth.identifiers, auth.social_accounts");
          continue;
        }
        assert.equal(landed.location?.href, `${SITE}?error=${told}`, `${provider} ${at}`);
        assert.doesNotMatch(landed.text, /filler|Maintenance|169\.254/);
      }
    }
    assert.ok(
      auth.calls.every(({ hostname }) => hostname === "127.0.0.1"),
      "no redirect was followed",
    );
    for (const table of ["accounts", "social_accounts", "identifiers", "sessions"])
      assert.deepEqual(await sql(auth, `select 1 from auth.${table}`), [], table);
    assert.deepEqual(await sql(auth, "select 1 from auth.social_flows where kind = 'state'"), [], "burnt");
  });
}

test("T45: a provider that hangs costs five seconds at most, then nothing, and no other door notices", async (t) => {
  const auth = await startSocial(t);
  const anna = await auth.signUp();
  auth.emulators.setFault("yandex", { kind: "hang", at: "token" });
  const began = performance.now();
  const hanging = Array.from({ length: 5 }, () => auth.browser().goThrough("yandex", "adult"));
  await auth.browser().signIn("google", "adult");
  await auth.signIn(anna.email);
  assert.ok(performance.now() - began < 4_500, "others came in while it hung");
  for (const landed of await Promise.all(hanging)) assert.equal(landed.error, "provider_unavailable");
  assert.ok(performance.now() - began < 7_000, "five seconds, and some for a busy machine");

  const state = async () => {
    const { body } = await ask(auth, "GET /v1/social/providers");
    return body.items.find((item: { name: string }) => item.name === "yandex").state;
  };
  assert.equal(await state(), "down");
  const refused = await auth.browser().open(`/v1/social/yandex/start?return_to=${SITE}`);
  assert.equal(refused.location?.href, `${SITE}?error=provider_unavailable`);
  auth.clock.advance({ seconds: 16 });
  assert.equal(await state(), "degraded", "somebody may try it again");
  auth.emulators.clearFaults();
  await auth.browser().signIn("yandex", "no-email");
  assert.equal(await state(), "ok");
});

test("a failure of ours in the middle of a callback makes no half of anything", async (t) => {
  const auth = await startSocial(t);
  const browser = auth.browser();
  const outcome = await browser.agree(await browser.start("vk"), "adult");
  await sql(auth, "alter table auth.social_accounts rename to social_accounts_away");
  const landed = await browser.comeBack(outcome);
  assert.equal(landed.status, 500);
  await sql(auth, "alter table auth.social_accounts_away rename to social_accounts");
  for (const table of ["accounts", "social_accounts", "identifiers"])
    assert.deepEqual(await sql(auth, `select 1 from auth.${table}`), [], table);
  assert.ok((await browser.signIn("vk", "adult")).accountId);
});

test("T93: nothing of a provider's lies in the database in clear, and no log line knows a secret", async (t) => {
  const lines: string[] = [];
  const write = (...said: unknown[]) => void lines.push(said.map(inWords).join(" "));
  const levels = { trace: write, debug: write, info: write, warn: write, error: write, fatal: write };
  const logger = { ...levels, silent: write, level: "trace", msgPrefix: "", child: () => logger };
  const auth = await startSocial(t, { surroundings: { logger: logger as never } });
  const secrets = new Set<string>();
  for (const provider of ALL) {
    const browser = auth.browser();
    const page = await browser.start(provider);
    const outcome = await browser.agree(page, "no-email");
    const landed = await browser.comeBack(outcome);
    for (const name of ["state", "code", "device_id"]) secrets.add(outcome.fields[name] ?? "");
    secrets.add(landed.code ?? "");
    for (const cookie of browser.cookies.values()) secrets.add(cookie);
    if (landed.code !== undefined) secrets.add((await browser.exchange(landed.code)).body.access_token);
  }
  auth.emulators.setFault("google", { kind: "html", at: "token" });
  const failing = auth.browser();
  const outcome = await failing.agree(await failing.start("google"), "adult");
  assert.equal((await failing.comeBack(outcome)).error, "provider_failed");
  for (const name of ["state", "code"]) secrets.add(outcome.fields[name] ?? "");
  assert.match(lines.join("\n"), /provider_garbage/);
  secrets.delete("");
  assert.ok(secrets.size > 20 && lines.length > 10);
  const rows = await sql(
    auth,
    `select encode(sealed_tokens, 'escape') as text from auth.social_accounts
     union all select encode(sealed, 'escape') from auth.social_flows`,
  );
  const kept = `${lines.join("")}${JSON.stringify(rows)}`;
  for (const secret of secrets) assert.equal(kept.includes(secret), false, "a secret was kept");
  assert.doesNotMatch(kept, /accessToken|refreshToken/);
});

/** With what an error carries in any depth, as the worst of loggers would write it. */
function inWords(said: unknown): string {
  return inspect(said, { depth: 10, maxStringLength: null });
}
