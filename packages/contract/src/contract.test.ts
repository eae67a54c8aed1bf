import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

interface Media {
  readonly example?: unknown;
  readonly examples?: object;
  readonly schema?: { readonly examples?: unknown[]; readonly example?: unknown; readonly $ref?: string };
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Record<
    string,
    { readonly description: string; readonly content?: Record<string, Media> }
  >;
}

interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
}

const directory = join(dirname(fileURLToPath(import.meta.url)), "../openapi");

for (const name of ["auth", "catalog"]) {
  const document = JSON.parse(readFileSync(join(directory, `${name}.openapi.json`), "utf8")) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      title: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );

  test(`${name}: the document is OpenAPI 3.1 and names every operation once`, () => {
    assert.match(document.openapi, /^3\.1\./);
    assert.ok(operations.length >= 8);
    const ids = operations.map(({ operation, title }) => operation.operationId ?? assert.fail(title));
    assert.equal(new Set(ids).size, ids.length);
  });

  test(`${name}: every operation has a summary and a tag that the document explains`, () => {
    const known = new Set(document.tags.map((tag) => tag.name));
    for (const { title, operation } of operations) {
      assert.ok(operation.summary, title);
      assert.ok(
        operation.tags?.length && operation.tags.every((tag) => known.has(tag)),
        `${title}: ${operation.tags}`,
      );
    }
  });

  test(`${name}: no body and no successful answer without an example`, () => {
    const has = ({ example, examples, schema }: Media) =>
      example !== undefined ||
      examples !== undefined ||
      schema?.example !== undefined ||
      (schema?.examples?.length ?? 0) > 0;
    for (const { title, operation } of operations) {
      for (const media of Object.values(operation.requestBody?.content ?? {}))
        assert.ok(has(media), `${title}: body`);
      const successes = Object.entries(operation.responses).filter(([status]) => /^[23]/.test(status));
      assert.ok(successes.length > 0, `${title}: no success`);
      for (const [status, { content = {} }] of successes) {
        for (const [type, media] of Object.entries(content))
          if (type !== "text/html") assert.ok(has(media), `${title}: ${status} ${type}`);
      }
    }
  });

  test(`${name}: every error status is a problem document with an example for each of its codes`, () => {
    for (const { title, operation } of operations) {
      const errors = Object.entries(operation.responses).filter(([status]) => /^[45]/.test(status));
      assert.ok(
        errors.some(([status]) => status === "503"),
        `${title}: 503`,
      );
      for (const [status, { content, description }] of errors) {
        const problem = content?.["application/problem+json"];
        assert.equal(problem?.schema?.$ref, "#/components/schemas/Problem", `${title}: ${status}`);
        const codes = Object.keys(problem?.examples ?? {});
        assert.ok(
          codes.length > 0 && codes.every((code) => description.includes(`\`${code}\``)),
          `${title}: ${status}`,
        );
      }
    }
  });

  test(`${name}: an operation that asks who is calling says what happens to those who do not tell`, () => {
    for (const { title, operation } of operations) {
      if (
        (operation.security ?? []).length > 0 &&
        !(operation.security ?? []).some((way) => Object.keys(way).length === 0)
      ) {
        assert.ok(operation.responses["401"], title);
      }
      const body = operation.requestBody !== undefined;
      if (body || (operation.parameters?.length ?? 0) > 0) assert.ok(operation.responses["400"], title);
      if (body) assert.ok(operation.responses["413"] && operation.responses["415"], title);
    }
  });
}
