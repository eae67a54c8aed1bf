import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { deliver } from "./keys-delivery.ts";
import type { FromTestAuth, TestAuthState, ToTestAuth } from "./test-auth-messages.ts";

/**
 * The part of Auth that the guard relies on, as a process of its own that tests may kill or stop:
 * the key set and the revocation feed, as docs/guard.md describes them.
 */
let state: TestAuthState | undefined;
const listeners = new Set<ServerResponse>();
const requests: Record<string, number> = {};

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://auth");
  requests[pathname] = (requests[pathname] ?? 0) + 1;
  if (state === undefined) return void response.writeHead(503).end();
  if (pathname === "/elsewhere") return deliver.whole(response, 200, state.keysAnswer?.body ?? "");
  if (pathname === "/.well-known/jwks.json") return answerKeys(state, response);
  if (pathname === "/readyz") return answerReadiness(state, response);
  if (pathname === "/v1/revocations") return answerFeed(state, request, response, searchParams.get("after"));
  response.writeHead(404).end();
});

process.on("message", (message: ToTestAuth) => {
  if (message.kind === "listen") {
    state = message.state;
    setInterval(() => broadcast(": heartbeat\n\n"), state.heartbeatMs);
    server.listen(message.port, "127.0.0.1", () => {
      send({ kind: "listening", port: (server.address() as AddressInfo).port });
    });
    return;
  }
  if (message.kind === "state") changeState(message.state);
  send({ kind: "done", id: message.id, requests });
});
process.on("disconnect", () => process.exit(0)); // a test that dies must not leave its Auth behind

function changeState(next: TestAuthState): void {
  const known = state?.events.length ?? 0;
  state = next;
  if (next.feedStatus !== undefined) for (const listener of listeners) listener.destroy();
  for (let index = known; index < next.events.length; index += 1) broadcast(eventText(next, index));
}

function answerKeys({ keys, keysAnswer = {} }: TestAuthState, response: ServerResponse): void {
  const { status = 200, body = JSON.stringify({ keys }), delayMs = 0, as = "whole" } = keysAnswer;
  setTimeout(() => deliver[as](response, status, body), delayMs);
}

function answerReadiness({ readiness = { status: 404 } }: TestAuthState, response: ServerResponse): void {
  if (readiness === "silence") return;
  const { status, body = JSON.stringify({ status: status === 200 ? "ok" : "not_ready" }) } = readiness;
  response.writeHead(status, { "content-type": "application/json" }).end(body);
}

function answerFeed(
  { credential, events, oldestCursor, feedStatus }: TestAuthState,
  request: IncomingMessage,
  response: ServerResponse,
  after: string | null,
): void {
  const expected = Buffer.from(`${credential.id}:${credential.secret}`).toString("base64");
  if (request.headers.authorization !== `Basic ${expected}`) {
    response.writeHead(401, { "www-authenticate": "Basic" }).end();
    return;
  }
  if (feedStatus !== undefined) return void response.writeHead(feedStatus).end();
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const cursor = Number(after ?? Number.NaN);
  const resumable = cursor >= oldestCursor && cursor <= events.length;
  if (!resumable) response.write("event: snapshot-begin\ndata:\n\n");
  for (let index = resumable ? cursor : 0; index < events.length; index += 1) {
    if (state !== undefined) response.write(eventText(state, index));
  }
  response.write(`id: ${events.length}\nevent: snapshot-end\ndata:\n\n`);
  listeners.add(response);
  response.on("close", () => listeners.delete(response));
}

function eventText({ events }: TestAuthState, index: number): string {
  const event = events[index];
  return event === undefined ? "" : `id: ${index + 1}\nevent: ${event.type}\ndata: ${event.data}\n\n`;
}

function broadcast(text: string): void {
  for (const listener of listeners) listener.write(text);
}

function send(message: FromTestAuth): void {
  process.send?.(message);
}
