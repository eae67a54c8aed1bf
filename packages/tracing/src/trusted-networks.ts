import { BlockList, isIP } from "node:net";

/** Whether a caller's trace context is believed: only from the networks named. */
export type Trust = (address: string) => boolean;

/**
 * @param networks CIDR blocks or single addresses, IPv4 and IPv6
 * @throws RangeError naming the entry that is not a network
 */
export function trustNetworks(networks: readonly string[]): Trust {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    const bits =
      prefix === undefined ? (family === "ipv6" ? 128 : 32) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (isIP(address) === 0 || bits < 0 || bits > (family === "ipv6" ? 128 : 32)) {
      throw new RangeError(`not a network in CIDR form: ${network}`);
    }
    list.addSubnet(address, bits, family);
  }
  return (address) => {
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
  };
}
