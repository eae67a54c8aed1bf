import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import specs from "@asyncapi/specs";
import { Ajv, type AnySchema } from "ajv";

interface Message {
  readonly name: string;
  readonly payload: { readonly $ref: string };
  readonly examples: readonly { readonly name: string; readonly payload: Record<string, unknown> }[];
}

interface Document {
  readonly asyncapi: string;
  readonly components: {
    readonly messages: Record<string, Message>;
    readonly schemas: Record<string, AnySchema>;
  };
}

const file = join(dirname(fileURLToPath(import.meta.url)), "../asyncapi/auth.asyncapi.json");
const document = JSON.parse(readFileSync(file, "utf8")) as Document;
// The published schema leans on formats and keywords of its own; what is wrong is told all the same.
const lenient = () => new Ajv({ strict: false, allErrors: true, validateFormats: false });

test("the document is AsyncAPI 3.0 by the schema that AsyncAPI publishes", () => {
  const isAsyncApi = lenient().compile(specs.schemasWithoutId["3.0.0"] as AnySchema);
  assert.ok(isAsyncApi(document), JSON.stringify(isAsyncApi.errors, null, 2));
  assert.ok(!isAsyncApi({ ...document, channels: { revocations: { address: 7 } } }), "the schema can say no");
});

test("every reference leads somewhere", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
    ([, path = ""]) => path,
  );
  assert.ok(references.length > 10);
  for (const path of references) {
    let at: unknown = document;
    for (const step of path.split("/")) at = (at as Record<string, unknown>)[step];
    assert.ok(at !== undefined, path);
  }
});

test("every example is what its message says", () => {
  for (const { name, payload, examples } of Object.values(document.components.messages)) {
    const schema = document.components.schemas[payload.$ref.split("/").at(-1) ?? ""];
    assert.ok(schema !== undefined && examples.length > 0, name);
    const fits = lenient().compile(schema);
    for (const example of examples)
      assert.ok(fits(example.payload), `${name}, ${example.name}: ${JSON.stringify(fits.errors)}`);
    const [first] = examples;
    if (name === "revocation")
      assert.ok(!fits({ ...first?.payload, sub_id: "somebody" }), "the schema can say no");
  }
});
