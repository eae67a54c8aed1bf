/**
 * Configuration is read once, at start, from the environment. Every mistake is collected and told
 * together, so that an operator mends the deployment in one go instead of one restart per mistake.
 */
import { readFileSync } from "node:fs";

export type Environment = Readonly<Record<string, string | undefined>>;

/** All that is wrong with the environment, one line per variable. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`}:\n  - ${mistakes.join("\n  - ")}`,
    );
    this.mistakes = mistakes;
  }
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Reads one variable at a time; a wrong one yields a placeholder, since `readConfig` throws in the end. */
export class Reader {
  readonly #env: Environment;
  readonly mistakes: string[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  #raw(name: string): string | undefined {
    const direct = this.#env[name]?.trim();
    if (direct !== undefined && direct !== "") return direct;
    // NAME_FILE is how secrets are mounted in containers; it keeps them out of `docker inspect`.
    const file = this.#env[`${name}_FILE`]?.trim();
    if (file === undefined || file === "") return undefined;
    try {
      return readFileSync(file, "utf8").trim();
    } catch {
      this.mistake(`${name}_FILE names a file that cannot be read`);
      return undefined;
    }
  }

  /** Adds a mistake of the caller's own, for rules that span several variables. */
  mistake(text: string): void {
    this.mistakes.push(text);
  }

  #need<T>(
    name: string,
    fallback: T | undefined,
    placeholder: T,
    parse: (raw: string) => T | undefined,
    shape: string,
  ): T {
    const raw = this.#raw(name);
    if (raw === undefined) {
      if (fallback !== undefined) return fallback;
      this.mistake(`${name} is missing (${shape})`);
      return placeholder;
    }
    const parsed = parse(raw);
    if (parsed !== undefined) return parsed;
    // The value itself is not repeated: it may be a secret in the wrong variable.
    this.mistake(`${name} is not ${shape}`);
    return placeholder;
  }

  optional(name: string): string | undefined {
    return this.#raw(name);
  }

  text(name: string, fallback?: string): string {
    return this.#need(name, fallback, "", (raw) => raw, "a text");
  }

  integer(
    name: string,
    fallback: number | undefined,
    { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds = {},
  ): number {
    const shape = `a whole number from ${min} to ${max}`;
    return this.#need(
      name,
      fallback,
      min,
      (raw) => {
        const value = Number(raw);
        return /^-?\d+$/.test(raw) && value >= min && value <= max ? value : undefined;
      },
      shape,
    );
  }

  port(name: string, fallback?: number): number {
    return this.integer(name, fallback, { min: 0, max: 65_535 });
  }

  boolean(name: string, fallback?: boolean): boolean {
    return this.#need(
      name,
      fallback,
      false,
      (raw) => (raw === "true" ? true : raw === "false" ? false : undefined),
      "true or false",
    );
  }

  choice<const Options extends readonly string[]>(
    name: string,
    options: Options,
    fallback?: Options[number],
  ): Options[number] {
    const shape = `one of ${options.join(", ")}`;
    return this.#need(
      name,
      fallback,
      options[0] ?? "",
      (raw) => options.find((option) => option === raw),
      shape,
    );
  }

  /** An absolute URL with one of the given schemes (without the colon). */
  url(name: string, schemes: readonly string[], fallback?: string): string {
    const shape = `a ${schemes.join(" or ")} URL`;
    return this.#need(
      name,
      fallback,
      "invalid:",
      (raw) => {
        if (!URL.canParse(raw)) return undefined;
        return schemes.includes(new URL(raw).protocol.slice(0, -1)) ? raw : undefined;
      },
      shape,
    );
  }

  /** Comma-separated texts; empty parts are dropped. */
  list(name: string, fallback: readonly string[] = []): readonly string[] {
    return (
      this.#raw(name)
        ?.split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "") ?? fallback
    );
  }

  /** Key material: base64 or base64url of at least `bytes` bytes. Never has a default. */
  secret(name: string, bytes: number): Buffer {
    const shape = `at least ${bytes} random bytes in base64: openssl rand -base64 ${bytes}`;
    return this.#need(name, undefined, Buffer.alloc(bytes), (raw) => parseSecret(raw, bytes), shape);
  }

  /** Rotatable key material, newest first: `2:BASE64,1:BASE64`. Ids are 0-255 and never used again. */
  keyring(name: string, bytes: number): readonly { readonly id: number; readonly key: Buffer }[] {
    const shape = `a list of number:base64 keys, newest first, each of at least ${bytes} bytes: 1:$(openssl rand -base64 ${bytes})`;
    return this.#need(
      name,
      undefined,
      [{ id: 0, key: Buffer.alloc(bytes) }],
      (raw) => parseKeyring(raw, bytes),
      shape,
    );
  }
}

function parseSecret(raw: string, bytes: number): Buffer | undefined {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(raw)) return undefined;
  const key = Buffer.from(raw, "base64");
  return key.length >= bytes ? key : undefined;
}

function parseKeyring(raw: string, bytes: number): { id: number; key: Buffer }[] | undefined {
  const keys = raw.split(",").map((part) => {
    const [, number, value] = /^\s*(\d{1,3}):(.+?)\s*$/.exec(part) ?? [];
    const key = value === undefined ? undefined : parseSecret(value, bytes);
    return key === undefined || Number(number) > 255 ? undefined : { id: Number(number), key };
  });
  const whole = keys.filter((key) => key !== undefined);
  const distinct = new Set(whole.map(({ id }) => id)).size === whole.length;
  return whole.length === keys.length && distinct ? whole : undefined;
}

/**
 * Builds a configuration with `read`; throws `ConfigError` with every mistake found.
 */
export function readConfig<Config>(env: Environment, read: (reader: Reader) => Config): Config {
  const reader = new Reader(env);
  const config = read(reader);
  if (reader.mistakes.length > 0) throw new ConfigError(reader.mistakes);
  return config;
}
