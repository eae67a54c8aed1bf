import { parseAddress, prefixName } from "@kinopass/limiter";

/** A home as the network shows it: one IPv4 address, or one IPv6 /64, in one spelling. What is no address stays as it is. */
export function networkOf(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : prefixName(address, address.family === 4 ? 32 : 64);
}
