/** The typed client against the Auth that runs: what the contract says is what comes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSuperuser, openConsole, openServices } from "@kinopass/auth/commands";
import { AuthRefused, CallFailed, createAuthClient } from "@kinopass/guard/client";
import { decodeJwt } from "jose";
import { type Ground, openGround, PASSWORD } from "./ground.test-support.ts";

const refusal = (call: Promise<unknown>) =>
  call.then(
    () => "no refusal",
    (error: unknown) => (error instanceof AuthRefused ? `${error.status} ${error.code}` : String(error)),
  );

test("a service asks Auth through its contract", async (t) => {
  const ground = await openGround(t);
  const { auth, signUp } = ground;
  const credential = await credentialOf(ground, "support-desk", ["introspect", "revoke"]);
  const client = createAuthClient({ baseUrl: auth.url, credential, resilience: { deadlineMs: 5_000 } });
  const chief = await superuser(ground);

  await t.test("whether a token is active, and ends its session", async () => {
    const { access_token, refresh_token, session_id } = await signUp();
    const report = await client.introspect(access_token);
    assert.deepEqual(
      [report.active, report.sub, report.sid],
      [true, decodeJwt(access_token).sub, session_id],
    );
    assert.equal((await client.introspect(refresh_token)).token_type, "refresh_token");
    await client.revoke(refresh_token);
    assert.deepEqual(await client.introspect(access_token), { active: false });
    await client.revoke("of no use");
  });

  await t.test("no longer than whoever it asks for is there", async () => {
    const { access_token } = await signUp();
    const nobodyWaits = { signal: AbortSignal.abort() };
    const late = client.introspect(access_token, nobodyWaits);
    await assert.rejects(late, (error) => error instanceof CallFailed && error.kind === "cancelled");
    assert.equal((await client.introspect(access_token)).active, true, "and that says nothing about Auth");
  });

  await t.test("for what an administrator may see, in the administrator's name", async () => {
    const viewer = await signUp();
    const id = decodeJwt(viewer.access_token).sub ?? "";
    assert.equal((await client.account(chief, id)).id, id);
    const found = await client.accounts(chief, { email: viewer.email });
    assert.deepEqual(
      found.items.map((account) => account.id),
      [id],
    );
    assert.ok((await client.roles(chief)).items.some(({ name }) => name === "subscriber"));
    assert.equal(await refusal(client.account(viewer.access_token, id)), "403 permission_required");
    assert.equal(
      await refusal(client.account(chief, "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f")),
      "404 account_not_found",
    );
  });

  await t.test("and is told by code what it may not", async () => {
    const { access_token } = await signUp();
    const narrow = createAuthClient({
      baseUrl: auth.url,
      credential: await credentialOf(ground, "listener", ["revocations"]),
      resilience: { deadlineMs: 5_000 },
    });
    assert.equal(await refusal(narrow.introspect(access_token)), "403 insufficient_scope");
    const stranger = createAuthClient({
      baseUrl: auth.url,
      credential: { id: "svc_0000000000000000", secret: `kp_sk_${"A".repeat(43)}` },
      resilience: { deadlineMs: 5_000 },
    });
    const refused = await stranger.introspect(access_token).catch((error: unknown) => error);
    assert.ok(refused instanceof AuthRefused && refused.code === "invalid_client");
    assert.ok(refused.requestId, "with the id under which Auth's log has it");
  });

  await t.test("and waits no longer than its deadline for an Auth that is frozen", async () => {
    const { access_token } = await signUp();
    const hasty = createAuthClient({ baseUrl: auth.url, credential });
    process.kill(auth.pid, "SIGSTOP");
    try {
      const began = performance.now();
      const failed = await hasty.introspect(access_token).catch((error: unknown) => error);
      assert.ok(failed instanceof CallFailed && failed.kind === "deadline", String(failed));
      assert.ok(performance.now() - began < 4_000);
    } finally {
      process.kill(auth.pid, "SIGCONT");
    }
  });
});

async function credentialOf(
  { env }: Ground,
  name: string,
  scopes: readonly ("introspect" | "revoke" | "revocations")[],
) {
  const services = openServices(env);
  try {
    return await services.add(name, scopes);
  } finally {
    await services.close();
  }
}

async function superuser({ ask, auth, env }: Ground): Promise<string> {
  const console_ = await openConsole(env);
  try {
    await makeSuperuser(console_, { email: "chief@example.com", locale: "en" }, async () => PASSWORD);
  } finally {
    await console_.close();
  }
  const { body } = await ask("POST", `${auth.url}/v1/sessions`, {
    body: { email: "chief@example.com", password: PASSWORD },
  });
  return body.access_token;
}
