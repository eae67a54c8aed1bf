import { generateKeyPairSync, sign as signBare, verify as verifyBare } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, importJWK, jwtVerify } from "jose";
import { systemClock } from "../clock.ts";
import { createGuard, type Guard } from "../guard.ts";
import { type TestKey, testKey, testToken } from "../testing/test-keys.ts";

/** What one way to look at a token costs, on one core. */
export interface Throughput {
  readonly name: string;
  readonly perSecond: number;
}

const ISSUER = "https://auth.bench";
const AUDIENCE = "catalog";
const NEW_TOKENS = 4_000;
const SEEN_TOKENS = 1_000;
const BATCH = 50;

interface Ground {
  readonly guard: Guard;
  readonly key: TestKey;
  readonly close: () => Promise<void>;
}

/**
 * One round of the published figures of the guard: a token seen before, a new one, jose's `jwtVerify`
 * of the same with a local key, and Node's bare Ed25519 verify. One after the other in one thread.
 */
export async function benchVerification(): Promise<readonly Throughput[]> {
  const ground = await prepare();
  try {
    const fresh = await Promise.all(
      Array.from({ length: NEW_TOKENS }, () =>
        testToken({ key: ground.key, issuer: ISSUER, audience: AUDIENCE, at: systemClock.now() }),
      ),
    );
    const publicKey = (await importJWK(ground.key.jwk, "EdDSA")) as CryptoKey;
    const verifiers = {
      "a token seen for the first time": guardAsVerifier(ground.guard),
      "jose's jwtVerify with a local key": joseAsVerifier(publicKey),
      "Node's bare Ed25519 verify": bareVerifier(fresh),
    };
    return [...(await inTurns(verifiers, fresh)), seenTokens(ground.guard, fresh.slice(-SEEN_TOKENS))];
  } finally {
    await ground.close();
  }
}

type Verifier = (token: string) => Promise<void>;

function guardAsVerifier(guard: Guard): Verifier {
  return async (token) => {
    const { kind } = await guard.identify({ authorization: `Bearer ${token}`, method: "GET" });
    if (kind !== "member") throw new Error(`a good token made a ${kind}`);
  };
}

function joseAsVerifier(key: CryptoKey): Verifier {
  const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["EdDSA"], typ: "at+jwt" };
  return async (token) => {
    await jwtVerify(token, key, expected);
  };
}

/** The signature alone, over bytes made ready before: what no verifier on this core can beat. */
function bareVerifier(tokens: readonly string[]): Verifier {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signed = new Map(
    tokens.map((token) => {
      const input = Buffer.from(token.slice(0, token.lastIndexOf(".")));
      return [token, { input, signature: signBare(null, input, privateKey) }];
    }),
  );
  return async (token) => {
    const ready = signed.get(token);
    if (ready === undefined || !verifyBare(null, ready.input, publicKey, ready.signature)) {
      throw new Error("a good signature was refused");
    }
  };
}

/** Small batches, as requests come, in changing turns: a noisy neighbour, or whoever ran before, slows all of them alike. */
async function inTurns(
  verifiers: Readonly<Record<string, Verifier>>,
  tokens: readonly string[],
): Promise<readonly Throughput[]> {
  const took = new Map(Object.keys(verifiers).map((name) => [name, 0]));
  const order = Object.entries(verifiers);
  for (let at = 0; at < tokens.length; at += BATCH) {
    const batch = tokens.slice(at, at + BATCH);
    order.push(...order.splice(0, 1));
    for (const [name, verify] of order) {
      const began = cpuMs();
      await Promise.all(batch.map(verify));
      took.set(name, (took.get(name) ?? 0) + cpuMs() - began);
    }
  }
  return [...took].map(([name, tookMs]) => throughput(name, tokens.length, tookMs));
}

/** The guard remembers these tokens: what most requests of a viewer are. */
function seenTokens(guard: Guard, tokens: readonly string[]): Throughput {
  const headers = tokens.map((token) => `Bearer ${token}`);
  const rounds = 500;
  const began = cpuMs();
  for (let round = 0; round < rounds; round += 1) {
    for (const authorization of headers) {
      const caller = guard.identify({ authorization, method: "GET" });
      if (caller instanceof Promise || caller.kind !== "member") throw new Error("the token was forgotten");
    }
  }
  return throughput("a token seen before", rounds * headers.length, cpuMs() - began);
}

/** A guard whose Auth is an answer on loopback: what is measured never leaves the process. */
async function prepare(): Promise<Ground> {
  const key = await testKey("bench");
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/v1/revocations")) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("event: snapshot-begin\ndata:\n\nid: 0\nevent: snapshot-end\ndata:\n\n");
    } else response.end(JSON.stringify({ keys: [key.jwk] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const authUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credential = { id: "bench", secret: "bench" };
  const guard = createGuard({ issuer: ISSUER, audience: AUDIENCE, credential, authUrl });
  await guard.start();
  const close = async () => {
    await guard.stop();
    server.closeAllConnections();
    server.close();
  };
  return { guard, key, close };
}

/** Processor time of all our threads: what "per core" means, whoever else is using the machine. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function throughput(name: string, times: number, tookMs: number): Throughput {
  return { name, perSecond: Math.round((times / tookMs) * 1_000) };
}
