import { type Static, Type } from "typebox";
import type { Mistake } from "./mistakes.ts";
import type { AppError, Language, RefusalDefinition } from "./refusals.ts";

/** RFC 9457 problem document. Clients branch on `code` alone; texts may change. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: "A page that explains the code" }),
    title: Type.String({ description: "For people, in English or Russian by Accept-Language" }),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    code: Type.String({ description: "Stable; what clients branch on" }),
    request_id: Type.String({ description: "Quote it to support: logs and traces are found by it" }),
    trace_id: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          at: Type.String({ description: "JSON pointer into the request" }),
          message: Type.String({ description: "For people, in the language of the title" }),
        }),
      ),
    ),
  },
  { $id: "Problem", additionalProperties: true },
);

export type ProblemDocument = Static<typeof Problem>;

export interface ProblemContext {
  readonly language: Language;
  readonly requestId: string;
  readonly traceId: string | undefined;
}

export function problemOf(
  error: AppError,
  context: ProblemContext,
): ProblemDocument & Record<string, unknown> {
  const { errors, ...members } = error.members;
  return {
    ...describe(error.code, error.definition, context),
    ...members,
    ...(errors === undefined ? {} : { errors: told(errors as readonly Mistake[], context.language) }),
  };
}

function told(mistakes: readonly Mistake[], language: Language) {
  return mistakes.map(({ at, message }) => ({ at, message: message[language] }));
}

/** The document of a refusal as the contract shows it. */
export function exampleProblem(
  code: string,
  definition: RefusalDefinition,
): ProblemDocument & Record<string, unknown> {
  const context = {
    language: "en",
    requestId: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f",
    traceId: undefined,
  } as const;
  return { ...describe(code, definition, context), ...definition.example };
}

function describe(
  code: string,
  definition: RefusalDefinition,
  { language, requestId, traceId }: ProblemContext,
): ProblemDocument {
  return {
    type: `urn:kinopass:problem:${code}`,
    title: definition.title[language],
    status: definition.status,
    ...(definition.detail === undefined ? {} : { detail: definition.detail[language] }),
    code,
    request_id: requestId,
    ...(traceId === undefined ? {} : { trace_id: traceId }),
  };
}
