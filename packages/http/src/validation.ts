import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormatsModule from "ajv-formats";
import { invalidInput, type Mistake, textsOf, UNCLEAN_TEXT } from "./mistakes.ts";
import type { Server } from "./server.ts";
import { isCleanText } from "./strict-json.ts";

const addFormats = addFormatsModule.default;

/**
 * Bodies are taken exactly as sent: no coercion, no defaults added, unknown fields refused. Texts in
 * addresses have no types, so there "20" may become 20, but a name given twice stays a list and is refused.
 */
export function strictValidation(app: Server): void {
  const exact = addFormats(new Ajv({ allErrors: false, strict: false }));
  const coercing = addFormats(
    new Ajv({ allErrors: false, strict: false, coerceTypes: true, useDefaults: true }),
  );
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const validate: ValidateFunction = (httpPart === "body" ? exact : coercing).compile(
      closed(schema as object, httpPart),
    );
    return (data: unknown) => {
      if (validate(data)) return { value: data };
      const mistakes = (validate.errors ?? []).slice(0, 5).map((error) => explain(error, httpPart));
      return { error: invalidInput(...mistakes) };
    };
  });
  app.addHook("preValidation", ({ params, query }, _reply, done) => {
    if (!areClean(params)) done(invalidInput({ at: "/path", message: UNCLEAN_TEXT }));
    else if (!areClean(query)) done(invalidInput({ at: "/query", message: UNCLEAN_TEXT }));
    else done();
  });
  // An address that cannot take a query or a body says so, rather than ignoring half of the request.
  app.addHook("onRoute", (route) => {
    route.schema ??= {};
    route.schema.querystring ??= { type: "object", additionalProperties: false, properties: {} };
  });
}

function areClean(values: unknown): boolean {
  for (const [name, value] of Object.entries((values ?? {}) as Record<string, unknown>))
    if (!isCleanText(name) || (typeof value === "string" && !isCleanText(value))) return false;
  return true;
}

/** Objects are closed unless they say otherwise: a field that we do not know is a mistake, not a decoration. */
function closed(schema: object, part: string | undefined): object {
  return part === "headers" ? schema : (close(structuredClone(schema)) as object);
}

function close(node: unknown): unknown {
  if (typeof node !== "object" || node === null) return node;
  const schema = node as Record<string, unknown>;
  if (
    schema["type"] === "object" &&
    schema["additionalProperties"] === undefined &&
    schema["patternProperties"] === undefined
  ) {
    schema["additionalProperties"] = false;
  }
  for (const inner of Object.values(schema)) close(inner);
  return schema;
}

function explain(error: ErrorObject, part: string | undefined): Mistake {
  const where = part === "querystring" ? "query" : part === "params" ? "path" : (part ?? "body");
  const name = error.keyword === "additionalProperties" ? String(error.params["additionalProperty"]) : "";
  // A misspelt field is named; anything else that came where a name belongs may be a secret, and is not repeated.
  const unknown = FIELD_NAME.test(name) ? `: ${name}` : "";
  const { en, ru } = textsOf(error);
  return { at: `/${where}${error.instancePath}`, message: { en: `${en}${unknown}`, ru: `${ru}${unknown}` } };
}

const FIELD_NAME = /^[A-Za-z_]{1,40}$/;
