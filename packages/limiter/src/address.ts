import { isIP } from "node:net";

/** An address as eight 16-bit groups. IPv4 (and IPv4-mapped IPv6) takes the last two. */
export interface Address {
  readonly family: 4 | 6;
  readonly groups: readonly number[];
}

/**
 * Reads an IP address in any of its spellings; undefined if it is not one.
 *
 * `::ffff:192.0.2.1` and its hexadecimal spelling are the IPv4 address they carry (RFC 4291 §2.5.5.2): a
 * dual-stack socket reports IPv4 clients so, and one person must not get two buckets.
 */
export function parseAddress(text: string): Address | undefined {
  const zone = text.indexOf("%");
  const plain = zone === -1 ? text : text.slice(0, zone);
  switch (isIP(plain)) {
    case 4:
      return { family: 4, groups: [0, 0, 0, 0, 0, 0xffff, ...ipv4Groups(plain)] };
    case 6:
      return folded(ipv6Groups(plain));
    default:
      return undefined;
  }
}

/** The address with everything after its first `bits` cut off, written in one way only, for use as a name. */
export function prefixName(address: Address, bits: number): string {
  if (address.family === 4) {
    const [high = 0, low = 0] = mask(address.groups, 96 + bits).slice(6);
    const dotted = `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
    return bits === 32 ? dotted : `${dotted}/${bits}`;
  }
  const groups = mask(address.groups, bits).map((group) => group.toString(16));
  return bits === 128 ? groups.join(":") : `${groups.slice(0, Math.ceil(bits / 16)).join(":")}::/${bits}`;
}

/** A range of addresses: those of the base's family that share its first `bits` (of 128, IPv4 counted from 96). */
export interface Cidr {
  readonly base: Address;
  readonly bits: number;
}

/** A set of address ranges. A short list is scanned: operators write a handful of proxies, not thousands. */
export class CidrSet {
  readonly #ranges: readonly Cidr[];

  /** @throws RangeError naming every entry that is not a CIDR or an address. */
  constructor(ranges: readonly string[]) {
    const parsed = ranges.map((range) => ({ range, cidr: parseCidr(range) }));
    const wrong = parsed.filter(({ cidr }) => cidr === undefined).map(({ range }) => JSON.stringify(range));
    if (wrong.length > 0) throw new RangeError(`not a CIDR range: ${wrong.join(", ")}`);
    this.#ranges = parsed.flatMap(({ cidr }) => (cidr === undefined ? [] : [cidr]));
  }

  has(address: Address): boolean {
    if (this.#ranges.length === 0) return false;
    return this.#ranges.some(
      ({ base, bits }) => base.family === address.family && samePrefix(base.groups, address.groups, bits),
    );
  }
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; undefined if it is neither or has host bits set. */
export function parseCidr(text: string): Cidr | undefined {
  const [written = "", length, ...rest] = text.split("/");
  if (rest.length > 0 || written.includes("%")) return undefined;
  const base = parseAddress(written);
  if (base === undefined) return undefined;
  const widest = written.includes(":") ? 128 : 32;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return undefined;
  const own = length === undefined ? widest : Number(length);
  if (own > widest) return undefined;
  const bits = widest === 32 ? 96 + own : own;
  // "10.1.2.3/8" is more often a slip than a wish, and a slip here decides whom we believe.
  return samePrefix(mask(base.groups, bits), base.groups, 128) ? { base, bits } : undefined;
}

function ipv4Groups(text: string): [number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return [(a << 8) | b, (c << 8) | d];
}

function ipv6Groups(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const front = groupsOf(head);
  if (tail === undefined) return front;
  const back = groupsOf(tail);
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function groupsOf(part: string): number[] {
  if (part === "") return [];
  return part
    .split(":")
    .flatMap((group) => (group.includes(".") ? ipv4Groups(group) : [Number.parseInt(group, 16)]));
}

function folded(groups: number[]): Address {
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return { family: mapped ? 4 : 6, groups };
}

function mask(groups: readonly number[], bits: number): number[] {
  return groups.map((group, i) => {
    const kept = Math.min(16, Math.max(0, bits - 16 * i));
    return group & (0xffff << (16 - kept)) & 0xffff;
  });
}

function samePrefix(a: readonly number[], b: readonly number[], bits: number): boolean {
  const left = mask(a, bits);
  const right = mask(b, bits);
  return left.every((group, i) => group === right[i]);
}
