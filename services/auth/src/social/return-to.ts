/**
 * Where a flow may end. An address is taken only when it stands in the list, letter for letter, or below a listed
 * origin (`https://site.example/*`) and written just as the URL standard would write it: whatever a browser would
 * read in another way than we do (`\`, tabs, a dot-like sign, user info) is not its own canonical form, so there is
 * nothing to interpret (RFC 9700 §4.11; ASVS 3.7.2).
 */

/** Ours; a return address that brings its own would be ambiguous. */
const OWN_PARAMETERS = ["code", "error", "linked"] as const;
const MOST_CHARS = 2048;

export class ReturnTo {
  readonly #exact: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  /** Where flows end that name no address. */
  readonly default: string;

  /** `allowed`: valid entries (see `returnToMistake`); the first is the default. */
  constructor(allowed: readonly string[]) {
    const isOrigin = (entry: string) => entry.endsWith("/*");
    this.#exact = new Set(allowed.filter((entry) => !isOrigin(entry)));
    this.#origins = new Set(allowed.filter(isOrigin).map((entry) => entry.slice(0, -1)));
    this.default = (allowed[0] ?? "").replace(/\/\*$/, "/");
  }

  /** The address to use, or undefined where it is not allowed. */
  choose(asked: string | undefined): string | undefined {
    if (asked === undefined) return this.default;
    if (this.#exact.has(asked)) return asked;
    return this.#isBelowAnOrigin(asked) ? asked : undefined;
  }

  #isBelowAnOrigin(asked: string): boolean {
    if (asked.length > MOST_CHARS || !URL.canParse(asked)) return false;
    const url = new URL(asked);
    const plain = url.href === asked && url.hash === "" && url.username === "" && url.password === "";
    // The origin of blob:https://site/1 is that of the site, too.
    const web = /^https?:$/.test(url.protocol);
    // Encoded separators survive parsing, and the page behind may decode them once more.
    const honest = !/%(?:25|2f|5c|0[0-9a-f]|1[0-9a-f])/i.test(url.pathname) && !url.pathname.startsWith("//");
    const free = OWN_PARAMETERS.every((name) => !url.searchParams.has(name));
    return plain && web && honest && free && this.#origins.has(`${url.origin}/`);
  }
}

/** Whether only one program can receive at this address; custom schemes may be claimed by any app (RFC 8252 §8.1). */
export function isAppAddress(returnTo: string): boolean {
  return !/^https?:$/.test(new URL(returnTo).protocol);
}

export function withParameter(
  returnTo: string,
  name: (typeof OWN_PARAMETERS)[number],
  value: string,
): string {
  const url = new URL(returnTo);
  url.searchParams.set(name, value);
  return url.href;
}

/** What is wrong with an entry of AUTH_SOCIAL_RETURN_TO, or undefined. */
export function returnToMistake(entry: string): string | undefined {
  const address = entry.endsWith("/*") ? entry.slice(0, -1) : entry;
  const name = `AUTH_SOCIAL_RETURN_TO has ${JSON.stringify(entry)}, which`;
  if (!URL.canParse(address)) return `${name} is not an address`;
  const url = new URL(address);
  if (/^(?:javascript|data|vbscript|file|blob|about):$/.test(url.protocol))
    return `${name} runs or reads things`;
  if (url.hash !== "" || url.search !== "" || url.username !== "" || url.password !== "")
    return `${name} has more than an origin and a path`;
  if (url.href !== address) return `${name} should be written ${url.href}`;
  const web = /^https?:$/.test(url.protocol);
  if (entry.endsWith("/*") && (!web || url.pathname !== "/"))
    return `${name} may have its /* after an origin only`;
  const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === "http:" && !loopback ? `${name} must be https` : undefined;
}
