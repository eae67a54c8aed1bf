import { type CidrSet, parseAddress } from "./address.ts";

/** More hops than any real chain of proxies; a longer header is somebody's experiment. */
const MAX_HOPS = 32;
const MAX_HEADER_LENGTH = 2048;

/**
 * The address a request came from: the right-most hop that is not one of our proxies.
 *
 * Only what a trusted proxy wrote is read, and it writes on the right; everything further left came from the
 * client and is worth nothing. A header that cannot be read is believed no further than its last good hop, so
 * the request is counted against whoever handed it to us: nonsense can narrow a limit, never widen it.
 * `Forwarded` and `X-Real-IP` are not looked at at all.
 *
 * @param socketAddress  what the TCP connection says; undefined on a UNIX socket, which only a local proxy has
 * @param forwardedFor   X-Forwarded-For, several headers joined by commas
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: CidrSet,
): string {
  let nearest = socketAddress === undefined ? undefined : parseAddress(socketAddress);
  if (socketAddress === undefined || nearest === undefined) return "unknown";
  let client = socketAddress;
  if (forwardedFor === undefined || forwardedFor.length > MAX_HEADER_LENGTH) return client;

  const hops = forwardedFor.split(",").slice(-MAX_HOPS);
  while (trusted.has(nearest)) {
    const hop = hops.pop();
    if (hop === undefined) return client;
    const written = withoutPort(hop.trim());
    nearest = parseAddress(written);
    if (nearest === undefined) return client;
    client = written;
  }
  return client;
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const [, bracketed] = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop) ?? [];
  if (bracketed !== undefined) return bracketed;
  const [, dotted] = /^(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}$/.exec(hop) ?? [];
  return dotted ?? hop;
}
