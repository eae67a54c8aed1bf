// Listens to everything that the services' tests trace, and looks in it for what no span may tell: the bytes as they are sent.
import { once } from "node:events";
import { createServer } from "node:http";

/** Of what the tests sign people in with. Codes are digits, which any id may have; the walk through every door knows them. */
const FORBIDDEN = {
  "a token, code or pass of ours": /kp_[a-z]{2}_[\w-]{20}/,
  "a signed token": /eyJ[\w-]{10,}\.[\w-]{10,}/,
  // With as much around the sign as chance does not make: ids and times are random bytes, some millions of them a run.
  "an e-mail address": /[\w.+-]{2}(?:@|%40)(?:[a-z\d-]{2,}\.)+(?:example|com|ru|test|local)\b/i,
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
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    heard.bytes += body.length;
    const text = body.toString("latin1");
    for (const [what, pattern] of Object.entries(FORBIDDEN)) {
      const at = text.search(pattern);
      if (at >= 0)
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
