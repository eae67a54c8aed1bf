import { parseAddress, prefixName } from "@kinopass/limiter";

/** A home is one IPv4 address, or one IPv6 /64. A hint for a person to look twice; it decides nothing. */
export function isSameNetwork(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => {
    const address = parseAddress(text);
    return address === undefined ? undefined : prefixName(address, address.family === 4 ? 32 : 64);
  });
  return left !== undefined && left === right;
}
