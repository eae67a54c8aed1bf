import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { gunzipSync } from "node:zlib";
import { type DecodedSpan, decodeTraceRequest } from "./otlp-protobuf.ts";

export type { DecodedAttributes, DecodedSpan, DecodedValue } from "./otlp-protobuf.ts";

/** How the receiver treats a batch: keeps it, takes it unread, never answers, or answers with this HTTP status. */
export type Behaviour = "keep" | "discard" | "hang" | number;

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly port: number;
  /** Everything received so far, as decoded from the protobuf on the wire. */
  readonly spans: readonly DecodedSpan[];
  /** The bytes of every request, for canaries. */
  readonly requests: readonly Buffer[];
  behave(behaviour: Behaviour): void;
  /**
   * Resolves with the first spans that satisfy `enough`, looked at after every batch.
   *
   * @throws Error naming what has arrived when `deadlineMs` is over
   */
  waitFor(
    enough: (spans: readonly DecodedSpan[]) => boolean,
    deadlineMs?: number,
  ): Promise<readonly DecodedSpan[]>;
  close(): Promise<void>;
}

interface Inbox {
  behaviour: Behaviour;
  readonly spans: DecodedSpan[];
  readonly requests: Buffer[];
  readonly arrived: EventTarget;
}

/** An OTLP receiver on a free loopback port: `http/protobuf` by default, or `grpc`. */
export async function startOtlpReceiver(
  protocol: "http/protobuf" | "grpc" = "http/protobuf",
): Promise<OtlpReceiver> {
  const inbox: Inbox = { behaviour: "keep", spans: [], requests: [], arrived: new EventTarget() };
  const { server, closeConnections } = protocol === "grpc" ? grpcServer(inbox) : httpServer(inbox);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    spans: inbox.spans,
    requests: inbox.requests,
    behave(behaviour) {
      inbox.behaviour = behaviour;
    },
    waitFor: (enough, deadlineMs = 10_000) => waitFor(inbox, enough, deadlineMs),
    async close() {
      closeConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function waitFor(inbox: Inbox, enough: (spans: readonly DecodedSpan[]) => boolean, deadlineMs: number) {
  const signal = AbortSignal.timeout(deadlineMs);
  while (!enough(inbox.spans)) {
    try {
      await once(inbox.arrived, "batch", { signal });
    } catch {
      const names = inbox.spans.map((span) => span.name).join(", ");
      throw new Error(
        `the spans waited for did not arrive in ${deadlineMs} ms; what did: ${names || "nothing"}`,
      );
    }
  }
  return inbox.spans;
}

function keep(inbox: Inbox, message: Buffer): void {
  inbox.requests.push(message);
  inbox.spans.push(...decodeTraceRequest(message));
  inbox.arrived.dispatchEvent(new Event("batch"));
}

function httpServer(inbox: Inbox) {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await request.toArray());
    if (inbox.behaviour === "hang") return;
    if (typeof inbox.behaviour === "number") {
      response.writeHead(inbox.behaviour).end();
      return;
    }
    if (inbox.behaviour === "keep")
      keep(inbox, request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  return { server: server as Server, closeConnections: () => server.closeAllConnections() };
}

/** gRPC without a gRPC library: HTTP/2, five bytes before each message (compressed flag, length), status in trailers. */
function grpcServer(inbox: Inbox) {
  const server = createHttp2Server();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  const answer = async (stream: ServerHttp2Stream) => {
    const body = Buffer.concat(await stream.toArray());
    if (inbox.behaviour === "hang") return;
    const message = body.subarray(5, 5 + body.readUInt32BE(1));
    const status = typeof inbox.behaviour === "number" ? 14 : 0;
    if (inbox.behaviour === "keep") keep(inbox, body.readUInt8(0) === 1 ? gunzipSync(message) : message);
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.end(Buffer.alloc(5));
  };
  server.on("stream", (stream) => {
    answer(stream).catch(() => stream.destroy());
  });
  const closeConnections = () => {
    for (const session of sessions) session.destroy();
  };
  return { server: server as Server, closeConnections };
}
