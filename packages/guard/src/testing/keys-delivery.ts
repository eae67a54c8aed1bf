import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { KeysDelivery } from "./test-auth-messages.ts";

const DRIP_MS = 20;
const MUCH = 10 * 1024 * 1024;
const JSON_TYPE = { "content-type": "application/json" };

type Deliver = (response: ServerResponse, status: number, body: string) => void;

/** The ways in which a key set, good or not, may come over a wire; see `KeysDelivery`. */
export const deliver: Readonly<Record<KeysDelivery, Deliver>> = {
  whole: (response, status, body) => response.writeHead(status, JSON_TYPE).end(body),
  endless: (response, status, body) => {
    response.writeHead(status, JSON_TYPE);
    const more = () => {
      while (!response.destroyed && response.write(body));
    };
    response.on("drain", more);
    more();
  },
  dripping: (response, status, body) => {
    response.writeHead(status, JSON_TYPE);
    let at = 0;
    const drip = setInterval(() => response.write(body.charAt(at++)), DRIP_MS);
    response.once("close", () => clearInterval(drip));
  },
  cut: (response, status, body) => {
    announceOneMore(response, status, body);
    response.socket?.end();
  },
  half_closed: (response, status, body) => {
    response.writeHead(status, JSON_TYPE).write(body);
    response.socket?.end();
  },
  hanging: announceOneMore,
  unzipping: (response, status, body) => {
    const zipped = gzipSync(`${body.slice(0, -1)}${" ".repeat(MUCH)}}`);
    response.writeHead(status, { ...JSON_TYPE, "content-encoding": "gzip" }).end(zipped);
  },
  elsewhere: (response) => void response.writeHead(302, { location: "/elsewhere" }).end(),
};

function announceOneMore(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { ...JSON_TYPE, "content-length": Buffer.byteLength(body) + 1 }).write(body);
}
