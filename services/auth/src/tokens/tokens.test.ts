import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { base64url, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { AccountId, SessionId } from "../ids.ts";
import { Secrets } from "../secrets.ts";
import { rowsOf, setUpSessions } from "../sessions/set-up.test-support.ts";
import { ACCESS_TOKEN_SECONDS, AccessTokens } from "./access-tokens.ts";
import { SigningKeys } from "./signing-keys.ts";

const claims = {
  accountId: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f" as AccountId,
  sessionId: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e70" as SessionId,
  roles: ["subscriber"],
  ageCeiling: 18,
} as const;

const noAudit = async () => {};

async function setUp(t: TestContext) {
  const ground = await setUpSessions(t, 2);
  const [one, two] = ground.services;
  if (one === undefined || two === undefined) throw new Error("two instances");
  return { ...ground, one, two };
}

test("an access token says what RFC 9068 asks for, and lives ten minutes", async (t) => {
  const { one, clock } = await setUp(t);
  const token = await one.accessTokens.issue(claims);
  const { kid } = await one.keys.current();
  assert.deepEqual(decodeProtectedHeader(token), { alg: "EdDSA", typ: "at+jwt", kid });
  const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;
  assert.deepEqual(Object.keys(payload).sort(), [
    "age_ceiling",
    "aud",
    "client_id",
    "exp",
    "iat",
    "iss",
    "jti",
    "roles",
    "sid",
    "sub",
  ]);
  clock.advance({ seconds: ACCESS_TOKEN_SECONDS - 1 });
  assert.ok(await one.accessTokens.verify(token));
  clock.advance({ seconds: 2 });
  assert.equal(await one.accessTokens.verify(token), undefined);
});

test("what is not exactly one of our access tokens is nothing: every flipped byte, every other key, type and algorithm", async (t) => {
  const { one } = await setUp(t);
  const token = await one.accessTokens.issue(claims);
  const { kid } = await one.keys.current();
  const foreign = await generateKeyPair("EdDSA", { crv: "Ed25519" });
  const sign = (header: Record<string, unknown>, body: Record<string, unknown> = {}) =>
    new SignJWT({ sid: claims.sessionId, roles: [], age_ceiling: 18, client_id: "kinopass", ...body })
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid, ...header })
      .setIssuer("http://auth.example")
      .setAudience("kinopass")
      .setSubject(claims.accountId)
      .setJti("x")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(foreign.privateKey);
  const [head = "", body = "", signature = ""] = token.split(".");
  const unsigned = `${base64url.encode('{"alg":"none","typ":"at+jwt"}')}.${body}.`;
  const confused = `${base64url.encode(`{"alg":"HS256","typ":"at+jwt","kid":"${kid}"}`)}.${body}.${signature}`;
  const refused = [
    unsigned,
    confused,
    `${head}.${body}`,
    `${head}.${body}.`,
    `${token} `,
    `${token}.`,
    `${token}=`,
    `${head}\n.${body}.${signature}`,
    `${head}.${body}.${signature}.${signature}.${signature}`,
    "x".repeat(5000),
    await sign({}),
    await sign({ kid: "../../etc/passwd" }),
    await sign({ kid: "' or 1=1 --" }),
    await sign({ jwk: await exportJWK(foreign.publicKey), kid: undefined }),
  ];
  for (const text of refused) assert.equal(await one.accessTokens.verify(text), undefined, text.slice(0, 60));
  for (let at = 0; at < token.length; at += 1) {
    const flipped = `${token.slice(0, at)}${token[at] === "A" ? "Q" : "A"}${token.slice(at + 1)}`;
    if (flipped !== token) assert.equal(await one.accessTokens.verify(flipped), undefined, `byte ${at}`);
  }
});

test("two replicas that start together make one current and one next key between them", async (t) => {
  const { one, two } = await setUp(t);
  await rowsOf(one.db, "delete from auth.signing_keys");
  await Promise.all([one.keys.ensure(), two.keys.ensure(), one.keys.ensure(), two.keys.ensure()]);
  const states = (await one.keys.list()).map(({ state }) => state).sort();
  assert.deepEqual(states, ["current", "next"]);
});

test("rotation never breaks a token: the next key was published before it signed, the previous one stays", async (t) => {
  const { one, two, clock } = await setUp(t);
  const before = await one.accessTokens.issue(claims);
  await two.keys.published();
  await one.keys.rotate(noAudit);
  const after = await one.accessTokens.issue(claims);
  // The other replica has not read the rotation yet, and verifies both all the same.
  assert.ok(await two.accessTokens.verify(before));
  assert.ok(await two.accessTokens.verify(after));
  assert.notEqual(decodeProtectedHeader(before).kid, decodeProtectedHeader(after).kid);
  clock.advance({ seconds: 6 });
  await two.keys.current();
  assert.equal((await one.keys.published()).length, 3);
});

test("twenty rotations at once leave one current and one next key", async (t) => {
  const { one, two } = await setUp(t);
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).keys.rotate(noAudit)),
  );
  const states = (await one.keys.list()).map(({ state }) => state);
  assert.equal(states.filter((state) => state === "current").length, 1);
  assert.equal(states.filter((state) => state === "next").length, 1);
});

test("a withdrawn key verifies nothing, and another one signs at once", async (t) => {
  const { one } = await setUp(t);
  const token = await one.accessTokens.issue(claims);
  const { kid } = await one.keys.current();
  assert.equal(await one.keys.withdraw(kid, noAudit), true);
  assert.equal(await one.accessTokens.verify(token), undefined);
  assert.ok((await one.keys.published()).every((key) => key.kid !== kid));
  assert.ok(await one.accessTokens.verify(await one.accessTokens.issue(claims)));
  assert.equal(await one.keys.withdraw(kid, noAudit), false);
  assert.equal(await one.keys.withdraw("no-such-key", noAudit), false);
});

test("private keys are sealed in the database: without the master key they do not open", async (t) => {
  const { one, clock } = await setUp(t);
  const [row] = await rowsOf<{ sealed_private: Buffer; public_jwk: object }>(
    one.db,
    "select sealed_private, public_jwk from auth.signing_keys where state = 'current'",
  );
  assert.doesNotMatch(row?.sealed_private.toString("latin1") ?? "", /"d"/);
  assert.ok(!("d" in (row?.public_jwk ?? {})));
  const stranger = new Secrets({ masters: [{ id: 1, key: randomBytes(32) }], directoryKey: randomBytes(32) });
  await assert.rejects(
    new SigningKeys({ db: one.db, clock, secrets: stranger }).current(),
    /cannot be opened/,
  );
});

test("once read, keys serve on while the database is away", async (t) => {
  const { one, clock } = await setUp(t);
  const token = await one.accessTokens.issue(claims);
  await one.db.close();
  clock.advance({ minutes: 5 });
  assert.ok(await one.accessTokens.verify(token));
  assert.equal((await one.keys.published()).length, 2);
  assert.ok(await one.accessTokens.issue(claims));
});

test("tokens of another issuer or audience are not ours", async (t) => {
  const { one, clock } = await setUp(t);
  const other = (issuer: string, audience: string) =>
    new AccessTokens({ keys: one.keys, clock, issuer, audience });
  assert.equal(
    await one.accessTokens.verify(await other("http://evil.example", "kinopass").issue(claims)),
    undefined,
  );
  assert.equal(
    await one.accessTokens.verify(await other("http://auth.example", "other").issue(claims)),
    undefined,
  );
});
