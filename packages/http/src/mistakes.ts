/** What is wrong with an input, and where: told in the reader's language, like every other text of a refusal. */
import type { ErrorObject } from "ajv";
import { common } from "./common-refusals.ts";
import type { AppError, Texts } from "./refusals.ts";

export interface Mistake {
  /** JSON pointer into the request: /body/email, /query/cursor. */
  readonly at: string;
  readonly message: Texts;
}

export function invalidInput(...errors: readonly Mistake[]): AppError {
  return common.invalid_request({ members: { errors } });
}

export const UNCLEAN_TEXT: Texts = {
  en: "A text has characters that are not allowed",
  ru: "В тексте есть недопустимые символы",
};

const TYPES: Readonly<Record<string, string>> = {
  string: "текстом",
  integer: "целым числом",
  number: "числом",
  boolean: "true или false",
  array: "списком",
  object: "объектом",
  null: "null",
};

/** By JSON Schema's keyword, with what the schema says. The English sentence is the validator's own. */
const RUSSIAN: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => string>> = {
  required: ({ missingProperty }) => `не хватает поля ${missingProperty}`,
  additionalProperties: () => "есть лишнее поле",
  type: ({ type }) => `должно быть ${[type].flat().map(typeName).join(" или ")}`,
  minLength: ({ limit }) => `слишком коротко: нужно символов не меньше ${limit}`,
  maxLength: ({ limit }) => `слишком длинно: можно символов не больше ${limit}`,
  minimum: ({ limit }) => `должно быть не меньше ${limit}`,
  maximum: ({ limit }) => `должно быть не больше ${limit}`,
  minItems: ({ limit }) => `слишком мало: нужно не меньше ${limit}`,
  maxItems: ({ limit }) => `слишком много: можно не больше ${limit}`,
  minProperties: ({ limit }) => `слишком мало полей: нужно не меньше ${limit}`,
  maxProperties: ({ limit }) => `слишком много полей: можно не больше ${limit}`,
  uniqueItems: () => "есть повторения",
  pattern: () => "записано не так, как нужно",
  format: ({ format }) => `записано не так, как нужно (${format})`,
  enum: () => "такого значения здесь не бывает",
  const: () => "такого значения здесь не бывает",
};

export function textsOf({ keyword, message, params }: ErrorObject): Texts {
  return { en: message ?? "is not valid", ru: RUSSIAN[keyword]?.(params) ?? "не подходит" };
}

function typeName(type: unknown): string {
  return TYPES[String(type)] ?? String(type);
}
