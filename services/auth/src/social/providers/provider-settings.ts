import type { ProviderName } from "./provider.ts";

/** One provider's settings, read out of a flat record, with every mistake noted instead of thrown. */
export class ProviderSettings {
  readonly #prefix: string;
  readonly #values: Readonly<Record<string, string | undefined>>;
  readonly #emulator: string | undefined;
  readonly #mistakes: string[];
  readonly #known = new Set<string>();

  constructor(
    name: ProviderName,
    values: Readonly<Record<string, string | undefined>>,
    emulator: string | undefined,
    mistakes: string[],
  ) {
    this.#prefix = `AUTH_SOCIAL_${name.toUpperCase()}_`;
    this.#values = values;
    this.#emulator = emulator;
    this.#mistakes = mistakes;
  }

  /** All of them or none. `ignored` ones may be there (VK gives a secret that its protocol has no use for). */
  credentials<const Key extends string>(
    keys: readonly Key[],
    ignored: readonly string[] = [],
  ): Readonly<Record<Key, string>> | undefined {
    for (const key of ignored) this.#read(key);
    const entries = keys.map((key) => [key, this.#read(key)] as const);
    const missing = entries.filter(([, value]) => value === undefined).map(([key]) => this.#prefix + key);
    if (missing.length === entries.length) return undefined;
    const there = entries.filter(([, value]) => value !== undefined).map(([key]) => this.#prefix + key);
    for (const name of missing) this.#mistakes.push(`${name} is missing, though ${there.join(" and ")} came`);
    return missing.length === 0 ? (Object.fromEntries(entries) as Record<Key, string>) : undefined;
  }

  /** `_HOST_<NAME>` over the emulator over the provider's own. */
  hosts<const Defaults extends Readonly<Record<string, string>>>(
    defaults: Defaults,
  ): { [K in keyof Defaults]: string } {
    const chosen = Object.entries(defaults).map(([key, real]) => {
      const set = this.matching(
        `HOST_${key.toUpperCase()}`,
        /^https?:\/\/[^\s?#]+$/,
        "an http(s) address without a query",
      );
      return [key, set ?? (this.#emulator === undefined ? real : behind(this.#emulator, real))];
    });
    return Object.fromEntries(chosen) as { [K in keyof Defaults]: string };
  }

  flag(key: string): boolean | undefined {
    const value = this.matching(key, /^(true|false)$/, "true or false");
    return value === undefined ? undefined : value === "true";
  }

  oneOf<const Choice extends string>(key: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.#read(key);
    const choice = choices.find((candidate) => candidate === value);
    if (value !== undefined && choice === undefined) this.#wrong(key, `one of ${choices.join(", ")}`);
    return choice;
  }

  matching(key: string, pattern: RegExp, wanted: string): string | undefined {
    const value = this.#read(key);
    if (value === undefined || pattern.test(value)) return value;
    this.#wrong(key, wanted);
    return undefined;
  }

  /** Whether a given value can be read; the value itself never shows in the mistake. */
  accepted(key: string, read: (value: string) => unknown, wanted: string): boolean {
    try {
      read(this.#read(key) ?? "");
      return true;
    } catch {
      this.#wrong(key, wanted);
      return false;
    }
  }

  /** A misspelt name would silently leave its provider off, or a switch at its default. */
  refuseUnknown(): void {
    for (const [name, value] of Object.entries(this.#values)) {
      if (name.startsWith(this.#prefix) && value?.trim() && !this.#known.has(name)) {
        this.#mistakes.push(`${name} is not a setting; there are ${[...this.#known].sort().join(", ")}`);
      }
    }
  }

  #read(key: string): string | undefined {
    const name = this.#prefix + key;
    this.#known.add(name);
    const value = this.#values[name]?.trim();
    return value === "" ? undefined : value;
  }

  #wrong(key: string, wanted: string): void {
    this.#mistakes.push(`${this.#prefix}${key} must be ${wanted}`);
  }
}

/** `https://oauth.yandex.ru` becomes `http://127.0.0.1:9100/oauth.yandex.ru`. */
function behind(emulator: string, real: string): string {
  return `${emulator.replace(/\/+$/, "")}/${new URL(real).hostname}`;
}
