import { STATUS_CODES } from "node:http";
import swagger from "@fastify/swagger";
import { common } from "./common-refusals.ts";
import { exampleProblem, Problem } from "./problem.ts";
import type { Refusal } from "./refusals.ts";
import type { Server } from "./server.ts";

export interface ContractInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly serverUrl: string;
  readonly securitySchemes: Readonly<Record<string, object>>;
}

interface OperationObject {
  operationId?: string;
  requestBody?: { content?: Record<string, { schema?: { type?: string; additionalProperties?: unknown } }> };
  parameters?: { readonly in?: string }[];
  responses?: Record<string, { description?: string; headers?: object; content?: object }>;
}

/**
 * Makes the routes' schemas into OpenAPI 3.1, to be called before any route is declared. Success
 * answers come from the schemas; refusals come from `config.refuses` plus what any route may answer.
 */
export async function describeContract(app: Server, info: ContractInfo): Promise<void> {
  const refused = new Map<string, readonly Refusal[]>();
  app.addHook("onRoute", ({ schema, config }) => {
    const id = (schema as { operationId?: string } | undefined)?.operationId;
    if (id !== undefined) refused.set(id, config?.refuses ?? []);
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.1",
      info: {
        title: info.title,
        version: info.version,
        description: info.description,
        license: { name: "MIT", identifier: "MIT" } as never,
      },
      servers: [{ url: info.serverUrl }],
      tags: [...info.tags],
      components: { securitySchemes: info.securitySchemes as never, schemas: { Problem: Problem as never } },
    },
    transformObject: (document) => {
      const { openapiObject } = document as {
        openapiObject: {
          paths?: Record<string, Record<string, OperationObject>>;
          components: { examples?: object };
        };
      };
      const codes = [...Object.values(common), ...[...refused.values()].flat()];
      openapiObject.components.examples = Object.fromEntries(
        codes.map(({ code, definition }) => [code, { value: exampleProblem(code, definition) }]),
      );
      for (const operations of Object.values(openapiObject.paths ?? {})) {
        for (const [method, operation] of Object.entries(operations)) {
          addRefusals(method, operation, refused.get(operation.operationId ?? "") ?? []);
          sayWhatIsTrue(operation);
        }
      }
      return openapiObject as never;
    },
  });
}

/** Also what takes no input is asked with some: a query is refused everywhere, a body by every method that could have one. */
function addRefusals(method: string, operation: OperationObject, own: readonly Refusal[]): void {
  const hasPlace = operation.parameters?.some((parameter) => parameter.in === "path") === true;
  const anyway = [
    common.invalid_request,
    ...(method === "get" ? [] : [common.body_too_large, common.unsupported_media_type]),
    ...(hasPlace ? [common.uri_too_long] : []),
    common.rate_limited,
    common.internal_error,
    common.temporarily_unavailable,
  ];
  const byStatus = Map.groupBy([...own, ...anyway], ({ definition }) => String(definition.status));
  operation.responses ??= {};
  for (const [status, list] of byStatus) {
    operation.responses[status] = {
      description: list.map(({ code, definition }) => `\`${code}\`: ${definition.title.en}`).join("  \n"),
      ...(status === "429" || status === "503"
        ? { headers: { "Retry-After": { description: "Seconds to wait", schema: { type: "integer" } } } }
        : {}),
      content: {
        "application/problem+json": {
          schema: { $ref: "#/components/schemas/Problem" },
          examples: Object.fromEntries(
            list.map(({ code }) => [code, { $ref: `#/components/examples/${code}` }]),
          ),
        },
      },
    };
  }
}

/** Bodies are closed (see validation.ts), and "Default Response" tells nobody anything. */
function sayWhatIsTrue({ requestBody, responses }: OperationObject): void {
  for (const { schema } of Object.values(requestBody?.content ?? {})) {
    if (schema?.type === "object") schema.additionalProperties ??= false;
  }
  for (const [status, response] of Object.entries(responses ?? {})) {
    if (response.description === "Default Response") response.description = STATUS_CODES[status] ?? "Done";
  }
}

/** The finished OpenAPI document of an app whose routes are all declared. */
export async function contractOf(app: Server): Promise<object> {
  await app.ready();
  return app.swagger();
}
