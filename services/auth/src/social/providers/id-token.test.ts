import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import { base64url, type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from "jose";
import { failureOf, onGround, signIn } from "./emulated.ts";
import { goodClaims, publishedKeys, scripted, signed, withCode } from "./scripted.ts";

const ISSUER = "https://accounts.google.com";
const CALLBACK = withCode({ iss: ISSUER });
const NOW_S = Math.floor(scripted("google", {}).clock.now().getTime() / 1000);
const GOOD = goodClaims(ISSUER, scripted("google", {}).clock);

function given(idToken: unknown, keys: unknown = undefined) {
  return scripted("google", {
    "/token": { body: { access_token: "a", id_token: idToken } },
    "/certs": async () => ({ body: keys ?? (await publishedKeys()) }),
  });
}

async function refusalOf(idToken: unknown, keys?: unknown): Promise<string> {
  const failure = await failureOf(given(idToken, keys).provider.finish(CALLBACK));
  assert.ok(["substitution", "provider_garbage"].includes(failure.kind), failure.message);
  // Claims are about a person: none of them belongs in a log.
  assert.doesNotMatch(inspect(failure, { depth: 9 }), /1234|nonce-/);
  return failure.because;
}

test("a token that is right in everything signs in", async () => {
  assert.equal((await given(await signed(GOOD)).provider.finish(CALLBACK)).subject, "1234");
  assert.equal(
    (await given(await signed({ ...GOOD, aud: ["our-app"], azp: "our-app" })).provider.finish(CALLBACK))
      .subject,
    "1234",
  );
});

test("T40: every wrong claim is refused under its own name", async () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ iss: "https://accounts.evil.example" }, "id_token_iss"],
    [{ aud: "another-app" }, "id_token_aud"],
    [{ aud: ["our-app", "another-app"] }, "id_token_aud"],
    [{ azp: "another-app" }, "id_token_azp"],
    [{ exp: NOW_S - 61 }, "id_token_exp"],
    [{ exp: undefined }, "id_token_exp"],
    [{ iat: NOW_S + 3600 }, "id_token_iat"],
    [{ iat: undefined }, "id_token_iat"],
    [{ iat: String(NOW_S) }, "id_token_iat"],
    [{ nbf: NOW_S + 3600 }, "id_token_nbf"],
    [{ nonce: "another" }, "id_token_nonce"],
    [{ nonce: undefined }, "id_token_nonce"],
    [{ nonce: [GOOD["nonce"]] }, "id_token_nonce"],
    [{ sub: undefined }, "id_token_sub"],
    [{ sub: 1234 }, "id_token_sub"],
    [{ sub: "" }, "id_token_sub"],
    [{ sub: "a b" }, "id_token_sub"],
    [{ sub: "x".repeat(256) }, "id_token_sub"],
  ];
  for (const [claims, because] of wrong) {
    const payload = Object.fromEntries(
      Object.entries({ ...GOOD, ...claims }).filter(([, value]) => value !== undefined),
    );
    assert.equal(await refusalOf(await signed(payload)), because, JSON.stringify(claims));
  }
});

test("T40: a token signed in any way but RS256 by the issuer's own key is refused", async () => {
  const { keys } = await publishedKeys();
  const publicPem = await exportSPKI((await importJWK(keys[0] as object, "RS256")) as CryptoKey);
  const head = (header: object) => base64url.encode(JSON.stringify(header));
  const body = base64url.encode(JSON.stringify(GOOD));
  const hmac = (message: string) => createHmac("sha256", publicPem).update(message).digest("base64url");
  const confused = `${head({ alg: "HS256", kid: "k1" })}.${body}`;

  assert.equal(await refusalOf(`${head({ alg: "none", kid: "k1" })}.${body}.`), "id_token_form");
  assert.match(await refusalOf(`${head({ alg: "none", kid: "k1" })}.${body}.AA`), /^id_token_err_/);
  assert.match(await refusalOf(`${head({ alg: "noNE", kid: "k1" })}.${body}.AA`), /^id_token_err_/);
  assert.match(await refusalOf(`${confused}.${hmac(confused)}`), /^id_token_err_/);

  const other = await generateKeyPair("RS256");
  const forged = await new SignJWT(GOOD)
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .sign(other.privateKey);
  assert.match(await refusalOf(forged), /^id_token_err_jws_signature/);
  const elliptic = await generateKeyPair("ES256");
  const es = await new SignJWT(GOOD)
    .setProtectedHeader({ alg: "ES256", kid: "k1" })
    .sign(elliptic.privateKey);
  assert.match(await refusalOf(es), /^id_token_err_/);

  // An issuer may publish a key without saying what it is for: what we take is ours to say.
  const issuers = await generateKeyPair("RS256", { extractable: true });
  const open = { keys: [{ ...(await exportJWK(issuers.publicKey)), kid: "k1", use: "sig" }] };
  const secret = await exportJWK(issuers.privateKey);
  const by = async (alg: string) =>
    new SignJWT(GOOD).setProtectedHeader({ alg, kid: "k1" }).sign(await importJWK(secret, alg));
  assert.equal((await given(await by("RS256"), open).provider.finish(CALLBACK)).subject, "1234");
  for (const alg of ["RS384", "RS512", "PS256"])
    assert.match(await refusalOf(await by(alg), open), /^id_token_err_jose_alg_not_allowed/, alg);
});

test("T40: a header cannot bring its own key, hide its key's name, or carry what we do not understand", async () => {
  const own = await exportJWK((await generateKeyPair("RS256", { extractable: true })).publicKey);
  for (const header of [
    { jwk: own },
    { jku: "https://evil.example/keys" },
    { x5u: "https://evil.example/c" },
    { x5c: ["AA"] },
  ]) {
    assert.equal(await refusalOf(await signed(GOOD, header)), "id_token_brings_its_own_key");
  }
  assert.equal(await refusalOf(await signed(GOOD, { kid: undefined })), "id_token_key_unnamed");
  assert.equal(await refusalOf(await signed(GOOD, { kid: "k".repeat(200) })), "id_token_key_unnamed");
  for (const kid of ["../../etc/passwd", "' or 1=1 --", "unknown"]) {
    assert.match(await refusalOf(await signed(GOOD, { kid })), /^id_token_err_jwks_no_matching_key/);
  }
  const [, payload, signature] = (await signed(GOOD)).split(".");
  const critical = base64url.encode(JSON.stringify({ alg: "RS256", kid: "k1", crit: ["x"], x: 1 }));
  assert.match(await refusalOf(`${critical}.${payload}.${signature}`), /^id_token_err_/);
});

test("T40: only the compact form of a bounded size is looked at", async () => {
  const good = await signed(GOOD);
  const [header, payload, signature] = good.split(".");
  const odd = [
    undefined,
    "",
    "a.b",
    "a.b.c.d.e",
    `${good} `,
    `{"payload":"${payload}","protected":"${header}","signature":"${signature}"}`,
    `${header}.${"A".repeat(2 * 1024 * 512)}.${signature}`,
    { payload },
  ];
  for (const token of odd) assert.match(await refusalOf(token), /^(id_token_form|no_id_token|too_large)$/);
});

test("T40: keys come from the pinned address alone, whatever a token says", async () => {
  const { provider, asked } = given(await signed(GOOD, { kid: "unknown", typ: "JWT" }));
  await failureOf(provider.finish(CALLBACK));
  assert.deepEqual(
    [...new Set(asked.map(({ url }) => url.host))],
    ["oauth2.googleapis.com", "www.googleapis.com"],
  );
});

test("T46: a provider that rotates its keys is followed within one fetch, and a withdrawn key is refused after it", async (t) => {
  const { provider, emulators, calls, clock } = await onGround(t);
  const google = provider("google");
  const fetches = () => calls.filter(({ pathname }) => pathname.endsWith("/certs")).length;
  await signIn(google, "adult");
  await signIn(google, "child");
  assert.equal(fetches(), 1);
  clock.advance(31_000);
  emulators.rotateKeys("google", { withdrawOld: true });
  await signIn(google, "adult");
  assert.equal(fetches(), 2);
});

test("T46: ten thousand made-up key ids cost at most two fetches a minute", async () => {
  let fetches = 0;
  let made = 0;
  const [, payload, signature] = (await signed(GOOD)).split(".");
  const { provider, clock } = scripted("google", {
    "/token": () => {
      const header = base64url.encode(JSON.stringify({ alg: "RS256", kid: `made-up-${made++}` }));
      return { body: { access_token: "a", id_token: `${header}.${payload}.${signature}` } };
    },
    "/certs": async () => {
      fetches += 1;
      return { body: await publishedKeys() };
    },
  });
  for (let second = 0; second < 60; second += 1) {
    await Promise.all(Array.from({ length: 170 }, () => failureOf(provider.finish(CALLBACK))));
    clock.advance(1000);
  }
  assert.ok(made >= 10_000);
  assert.ok(fetches <= 3, `${fetches} fetches: one to begin with and two in the minute`);
});

test("T46: keys on hand serve while the issuer is away, for a day and no longer; with none on hand the provider is away", async () => {
  let away = false;
  const script = {
    "/token": async () => ({
      body: { access_token: "a", id_token: await signed(goodClaims(ISSUER, clock)) },
    }),
    "/certs": async () => (away ? { status: 503 } : { body: await publishedKeys() }),
  };
  const { provider, clock } = scripted("google", script);
  await provider.finish(CALLBACK);
  away = true;
  clock.advance(12 * 3_600_000);
  await provider.finish(CALLBACK);
  clock.advance(12 * 3_600_000 + 1000);
  const failure = await failureOf(provider.finish(CALLBACK));
  assert.deepEqual([failure.kind, failure.because], ["provider_unreachable", "keys_unavailable"]);
});

test("a key set of the wrong shape, too large or empty is no key set", async () => {
  for (const body of [
    {},
    { keys: [] },
    { keys: "k" },
    { keys: Array.from({ length: 40 }, () => ({})) },
    `{"keys":"${"x".repeat(70_000)}"}`,
  ]) {
    const failure = await failureOf(given(await signed(GOOD), body).provider.finish(CALLBACK));
    assert.equal(failure.because, "keys_unavailable");
  }
});
