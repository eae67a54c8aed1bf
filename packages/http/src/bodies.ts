import type { IncomingHttpHeaders } from "node:http";
import { common } from "./common-refusals.ts";
import { invalidInput } from "./mistakes.ts";
import type { Server } from "./server.ts";
import { JsonRefused, NOT_JSON, parseStrictJson } from "./strict-json.ts";

/**
 * One way to read a body: application/json, by our own strict reader. Whatever else is sent is 415,
 * so that no odd Content-Type can slip a body past the schema.
 */
export function readBodies(app: Server): void {
  app.removeAllContentTypeParsers();
  // After onRequest, where a service asks who is calling: that is answered first.
  app.addHook("preParsing", ({ method, headers }, _reply, _payload, done) => {
    const isRead = BODILESS.has(method) || isPlainUtf8(headers);
    done(isRead ? null : common.unsupported_media_type());
  });
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, text, done) => {
    try {
      done(null, text === "" ? undefined : parseStrictJson(text as string));
    } catch (error) {
      const message = error instanceof JsonRefused ? error.texts : NOT_JSON;
      done(invalidInput({ at: "/body", message }));
    }
  });
}

/** What a reader of these would make of a body is nobody's concern: there is none (RFC 9110 §9.3.1). */
const BODILESS = new Set(["GET", "HEAD"]);

/** A body that says it is packed, or in letters of another kind, is not read as if it were neither. */
function isPlainUtf8(headers: IncomingHttpHeaders): boolean {
  const { "content-encoding": encoding = "identity", "content-type": type = "" } = headers;
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type) ?? [];
  return encoding.toLowerCase() === "identity" && charset.toLowerCase() === "utf-8";
}
