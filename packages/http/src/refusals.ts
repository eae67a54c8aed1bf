/** The languages viewers read. Code, logs and documentation are in English. */
export type Language = "en" | "ru";

export type Texts = Readonly<Record<Language, string>>;

/** What the caller may see of a refusal: one stable code, one status, one sentence in each language. */
export interface RefusalDefinition {
  readonly status: number;
  readonly title: Texts;
  /** What to do next, where the title does not say it. */
  readonly detail?: Texts;
  /** Members that its answers have, as the contract shows them. */
  readonly example?: Readonly<Record<string, unknown>>;
}

export interface RefusalExtras {
  readonly cause?: unknown;
  /** Members added to the problem document, e.g. `{ ways: ["set_password"] }` (RFC 9457 §3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A refusal that the caller may see. Anything else that is thrown is a defect: it is logged whole
 * and answered with a bare 500.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: string;
  readonly status: number;
  readonly definition: RefusalDefinition;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    definition: RefusalDefinition,
    { cause, members = {}, headers = {} }: RefusalExtras = {},
  ) {
    super(definition.title.en, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = definition.status;
    this.definition = definition;
    this.members = members;
    this.headers = headers;
  }
}

/** Makes the error of one refusal; carries its own definition so that the contract can list it. */
export interface Refusal {
  (extras?: RefusalExtras): AppError;
  readonly code: string;
  readonly definition: RefusalDefinition;
}

/** Declares what a capability may refuse, in one table next to the rules that refuse it. */
export function refusals<const Table extends Record<string, RefusalDefinition>>(
  table: Table,
): { readonly [Code in keyof Table]: Refusal } {
  const made = Object.entries(table).map(([code, definition]) => {
    const make = (extras?: RefusalExtras) => withoutStack(() => new AppError(code, definition, extras));
    return [code, Object.assign(make, { code, definition })] as const;
  });
  return Object.fromEntries(made) as { readonly [Code in keyof Table]: Refusal };
}

/**
 * Nobody reads where a refusal was made: its code says it, and what it came of is its cause, with a stack of its own. Writing
 * one down would be a twentieth of what sending somebody away costs.
 */
function withoutStack<Made>(make: () => Made): Made {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
