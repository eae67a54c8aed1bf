export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads variables as the specification has it: an empty one is unset, a wrong one is told and left at its default. */
export class VariableReader {
  readonly #environment: Environment;
  readonly complaints: string[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  complain(complaint: string): void {
    this.complaints.push(complaint);
  }

  text(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === "" ? undefined : value;
  }

  number(name: string, fallback: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (Number.isFinite(value) && value >= least && value <= most) return value;
    this.complain(`${name}=${text} is not a number from ${least} to ${most}; ${fallback} it is`);
    return fallback;
  }

  /** A number without a fraction. */
  whole(name: string, fallback: number, least: number, most?: number): number {
    const value = this.number(name, fallback, least, most);
    if (Number.isInteger(value)) return value;
    this.complain(`${name}=${value} is not a whole number; ${fallback} it is`);
    return fallback;
  }

  /** Only "true" is (specification, "Boolean value"); what is neither is told. */
  flag(name: string): boolean {
    const text = this.text(name)?.toLowerCase();
    if (text !== undefined && text !== "true" && text !== "false")
      this.complain(`${name}=${text} is neither true nor false; false it is`);
    return text === "true";
  }

  choice<Name extends string>(name: string, names: readonly Name[], fallback: Name): Name {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return fallback;
    const found = names.find((known) => known === text);
    if (found === undefined) {
      this.complain(`${name}=${text} is not supported (${names.join(", ")}); ${fallback} it is`);
    }
    return found ?? fallback;
  }

  list<Name extends string>(
    name: string,
    names: readonly Name[],
    fallback: readonly Name[],
    all?: readonly Name[],
  ): readonly Name[] {
    const parts = this.text(name)
      ?.toLowerCase()
      .split(/\s*,\s*/);
    if (parts === undefined) return fallback;
    if (parts.includes("none")) return [];
    if (all !== undefined && parts.includes("all")) return all;
    const unknown = parts.filter((part) => !names.some((known) => known === part));
    for (const part of unknown) {
      this.complain(`${name}: ${part} is not supported (${names.join(", ")}); it is left out`);
    }
    return names.filter((known) => parts.includes(known));
  }
}
