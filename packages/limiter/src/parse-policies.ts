import { parseCidr } from "./address.ts";
import type { BucketPolicy } from "./bucket.ts";
import { CLASS_SCOPES, type ClassPolicy, DEFAULT_POLICIES, type Policies } from "./policies.ts";

/** All mistakes of a set of policies, told together. */
export class PoliciesError extends Error {
  override readonly name = "PoliciesError";
  readonly code = "policies_invalid";
  /** One sentence a mistake, each beginning with the path of the value. */
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(
      `The limits have ${mistakes.length} mistake(s):\n${mistakes.map((line) => `- ${line}`).join("\n")}`,
    );
    this.mistakes = mistakes;
  }
}

const MAX_TOKENS = 1_000_000;
const MAX_PER_SECONDS = 31 * 24 * 3600;
const MAX_REFILLS_PER_SECOND = 1_000_000;
const MAX_CLASSES = 64;
const CLASS_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Reads policies as an operator writes them: what is left out stays as in `base`, a bucket or a whole class set
 * to null is taken away. Unknown names are mistakes, because a misspelt limit is a missing one.
 *
 * @throws PoliciesError with every mistake found
 */
export function parsePolicies(input: unknown, base: Policies = DEFAULT_POLICIES): Policies {
  const reader = new Reader();
  const top = reader.object("limits", input, [
    "service",
    "defaultClass",
    "allow",
    "prefixes",
    "dryRun",
    "classes",
  ]);
  const service = top["service"] === undefined ? base.service : reader.bucket("service", top["service"]);
  const policies: Policies = {
    ...(service === undefined ? {} : { service }),
    classes: readClasses(reader, top["classes"], base.classes),
    defaultClass: reader.text("defaultClass", top["defaultClass"], base.defaultClass),
    allow: readAllow(reader, top["allow"], base.allow),
    prefixes: readPrefixes(reader, top["prefixes"], base.prefixes),
    dryRun: reader.flag("dryRun", top["dryRun"], base.dryRun),
  };
  if (!Object.hasOwn(policies.classes, policies.defaultClass)) {
    reader.mistake("defaultClass", `${JSON.stringify(policies.defaultClass)} is not one of the classes`);
  }
  if (reader.mistakes.length > 0) throw new PoliciesError(reader.mistakes);
  return policies;
}

function readClasses(reader: Reader, input: unknown, base: Policies["classes"]): Policies["classes"] {
  const classes = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(reader.object("classes", input))) {
    const path = `classes.${name}`;
    if (!CLASS_NAME.test(name)) reader.mistake(path, "the name must match [a-z][a-z0-9-]{0,31}");
    else if (value === null) classes.delete(name);
    else classes.set(name, readClass(reader, path, value, classes.get(name)));
  }
  if (classes.size > MAX_CLASSES) reader.mistake("classes", `there may be at most ${MAX_CLASSES}`);
  return Object.fromEntries(classes);
}

function readClass(reader: Reader, path: string, input: unknown, base: ClassPolicy | undefined): ClassPolicy {
  const given = reader.object(path, input, ["buckets", "cost", "dryRun"]);
  const buckets: { [scope: string]: BucketPolicy } = { ...base?.buckets };
  const givenBuckets = reader.object(`${path}.buckets`, given["buckets"], CLASS_SCOPES);
  for (const scope of CLASS_SCOPES) {
    if (givenBuckets[scope] === undefined) continue;
    const bucket = reader.bucket(`${path}.buckets.${scope}`, givenBuckets[scope]);
    if (bucket === undefined) delete buckets[scope];
    else buckets[scope] = bucket;
  }
  if (Object.keys(buckets).length === 0)
    reader.mistake(`${path}.buckets`, "a class needs at least one bucket");
  const cost = reader.number(`${path}.cost`, given["cost"] ?? base?.cost ?? 1, 0.001, MAX_TOKENS);
  const smallest = Math.min(...Object.values(buckets).map(({ capacity }) => capacity));
  if (cost > smallest)
    reader.mistake(`${path}.cost`, `${cost} is more than a bucket of ${smallest} ever holds`);
  return { buckets, cost, dryRun: reader.flag(`${path}.dryRun`, given["dryRun"], base?.dryRun ?? false) };
}

function readAllow(reader: Reader, input: unknown, base: readonly string[]): readonly string[] {
  if (input === undefined) return base;
  if (!Array.isArray(input)) {
    reader.mistake("allow", "must be a list of CIDR ranges");
    return base;
  }
  input.forEach((range: unknown, i) => {
    if (typeof range !== "string" || parseCidr(range) === undefined) {
      reader.mistake(`allow[${i}]`, `${JSON.stringify(range)} is not a CIDR range`);
    }
  });
  return input.filter((range) => typeof range === "string");
}

function readPrefixes(reader: Reader, input: unknown, base: Policies["prefixes"]): Policies["prefixes"] {
  const given = reader.object("prefixes", input, ["ipv6Address", "ipv6Network", "ipv4Network"]);
  const read = (name: keyof Policies["prefixes"], min: number, max: number) =>
    reader.number(`prefixes.${name}`, given[name] ?? base[name], min, max, true);
  const prefixes = {
    ipv6Address: read("ipv6Address", 32, 64),
    ipv6Network: read("ipv6Network", 16, 63),
    ipv4Network: read("ipv4Network", 8, 31),
  };
  if (prefixes.ipv6Network >= prefixes.ipv6Address) {
    reader.mistake("prefixes.ipv6Network", "must be shorter than prefixes.ipv6Address");
  }
  return prefixes;
}

class Reader {
  readonly mistakes: string[] = [];

  mistake(path: string, sentence: string): void {
    this.mistakes.push(`${path}: ${sentence}`);
  }

  /** An object's own fields, or none; fields that nobody reads are mistakes. */
  object(path: string, input: unknown, known?: readonly string[]): Record<string, unknown> {
    if (input === undefined) return {};
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      this.mistake(path, "must be an object");
      return {};
    }
    for (const name of Object.keys(input)) {
      if (known !== undefined && !known.includes(name))
        this.mistake(`${path}.${name}`, "is not a known setting");
    }
    return { ...input };
  }

  /** A bucket; undefined if it is null (taken away) or wrong. */
  bucket(path: string, input: unknown): BucketPolicy | undefined {
    if (input === null) return undefined;
    const given = this.object(path, input, ["capacity", "refill", "perSeconds"]);
    const bucket = {
      capacity: this.number(`${path}.capacity`, given["capacity"], 1, MAX_TOKENS, true),
      refill: this.number(`${path}.refill`, given["refill"], 0.001, MAX_TOKENS),
      perSeconds: this.number(`${path}.perSeconds`, given["perSeconds"], 0.001, MAX_PER_SECONDS),
    };
    const perSecond = bucket.refill / bucket.perSeconds;
    if (perSecond > MAX_REFILLS_PER_SECOND)
      this.mistake(path, `more than ${MAX_REFILLS_PER_SECOND} tokens a second`);
    if (bucket.capacity / perSecond > MAX_PER_SECONDS) this.mistake(path, "takes more than 31 days to fill");
    return bucket;
  }

  number(path: string, input: unknown, min: number, max: number, whole = false): number {
    const fits =
      typeof input === "number" && input >= min && input <= max && (!whole || Number.isInteger(input));
    if (fits) return input;
    this.mistake(path, `must be a ${whole ? "whole " : ""}number from ${min} to ${max}`);
    return min;
  }

  flag(path: string, input: unknown, otherwise: boolean): boolean {
    if (input === undefined) return otherwise;
    if (typeof input !== "boolean") this.mistake(path, "must be true or false");
    return input === true;
  }

  text(path: string, input: unknown, otherwise: string): string {
    if (input === undefined) return otherwise;
    if (typeof input === "string") return input;
    this.mistake(path, "must be a string");
    return otherwise;
  }
}
