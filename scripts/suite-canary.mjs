// Listens to everything that the services' tests trace, and looks in it for what no span may tell: the bytes as they are sent.
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { root } from "./environment.mjs";

const ADDRESS = /[\w.+-](?:@|%40)(?:[a-z]+\.)*(?:example|com|ru|test|local)\b/i;
/** With so much of it around the sign as chance hardly makes. */
const WHOLE_ADDRESS = /[\w.+-]{2}(?:@|%40)(?:[a-z\d-]{2,}\.)+(?:example|com|ru|test|local)\b/i;

/** Of what the tests sign people in with. Codes are digits, which any id may have; the walk through every door knows them. */
const FORBIDDEN = {
  "a token, code or pass of ours": /kp_[a-z]{2}_[\w-]{20}/,
  "a signed token": /eyJ[\w-]{10,}\.[\w-]{10,}/,
  "an e-mail address": ADDRESS,
  "a password":
    /(?:four|five|six) (?:plain words|green (?:boots|kettles)|yellow umbrellas)|eleven quiet tall/,
};
const AROUND = 100;

/**
 * @returns {Promise<{ url: string, heard: { bytes: number }, found: string[], names: Set<string>, close(): Promise<void> }>}
 *   `found` has a line for each thing that was told and must not be; `names` those of `expected` that were heard
 */
export async function listenToSpans(expected = []) {
  const heard = { bytes: 0 };
  const found = [];
  const names = new Set();
  // Not before: whoever imports this file builds first.
  const { decodeTraceRequest } = await import(join(root, "packages/tracing/dist/testing/otlp-protobuf.js"));
  /** Ids and times are random bytes, some millions a run, and now and then spell a short address that no text of a span has. */
  const isChance = (body) => {
    try {
      const texts = JSON.stringify(decodeTraceRequest(body), (_, value) =>
        typeof value === "bigint" ? undefined : value,
      );
      return !ADDRESS.test(texts);
    } catch {
      return false;
    }
  };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    heard.bytes += body.length;
    const text = body.toString("latin1");
    for (const [what, pattern] of Object.entries(FORBIDDEN)) {
      const at = text.search(pattern);
      if (at < 0 || (pattern === ADDRESS && !WHOLE_ADDRESS.test(text) && isChance(body))) continue;
      found.push(`${what} in a span: ${printable(text.slice(Math.max(0, at - AROUND), at + AROUND))}`);
    }
    for (const name of expected) if (!names.has(name) && text.includes(name)) names.add(name);
    // An empty ExportTraceServiceResponse.
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${server.address().port}`, heard, found, names, close };
}

function printable(text) {
  return text.replaceAll(/[^\x20-\x7e]+/g, "·");
}
