import { type Address, CidrSet, parseAddress, prefixName } from "./address.ts";
import type { Policies } from "./policies.ts";
import { Recent } from "./recent.ts";

/** Where a request comes from, in the names its buckets go by. */
export interface Place {
  /** The IPv4 address, or the IPv6 prefix (/64) that one customer holds. */
  readonly address: string;
  /** The wider tier. */
  readonly network: string;
  /** On the allow-list: nothing is taken, nothing is refused. */
  readonly allowed: boolean;
}

/** Requests whose address cannot be told share one bucket: not knowing must not widen a limit. */
const NOWHERE: Place = { address: "unknown", network: "unknown", allowed: false };

const MAX_REMEMBERED = 20_000;
const LONGEST_ADDRESS = 64;

/** Turns addresses into places; remembers recent ones, because parsing costs more than the rest of a refusal. */
export class Places {
  readonly #recent = new Recent<Place>(MAX_REMEMBERED);
  readonly #prefixes: Policies["prefixes"];
  readonly #allow: CidrSet;

  constructor({ prefixes, allow }: Pick<Policies, "prefixes" | "allow">) {
    this.#prefixes = prefixes;
    this.#allow = new CidrSet(allow);
  }

  of(text: string | undefined): Place {
    if (text === undefined || text.length > LONGEST_ADDRESS) return NOWHERE;
    const known = this.#recent.get(text);
    if (known !== undefined) return known;
    const address = parseAddress(text);
    if (address === undefined) return NOWHERE;
    const place = this.#read(address);
    this.#recent.set(text, place);
    return place;
  }

  #read(address: Address): Place {
    const { ipv6Address, ipv6Network, ipv4Network } = this.#prefixes;
    return {
      address: prefixName(address, address.family === 4 ? 32 : ipv6Address),
      network: prefixName(address, address.family === 4 ? ipv4Network : ipv6Network),
      allowed: this.#allow.has(address),
    };
  }
}
