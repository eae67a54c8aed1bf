import { common } from "./common-refusals.ts";
import type { Server } from "./server.ts";
import { JsonRefused, parseStrictJson } from "./strict-json.ts";

/**
 * One way to read a body: application/json, by our own strict reader. Whatever else is sent is 415,
 * so that no odd Content-Type can slip a body past the schema.
 */
export function readBodies(app: Server): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, text, done) => {
    try {
      done(null, text === "" ? undefined : parseStrictJson(text as string));
    } catch (error) {
      const message = error instanceof JsonRefused ? error.message : "The body is not JSON";
      done(common.invalid_request({ members: { errors: [{ at: "/body", message }] } }));
    }
  });
}
