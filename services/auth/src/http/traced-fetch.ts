import { clientSpan } from "@kinopass/tracing";

type Fetch = typeof globalThis.fetch;

/**
 * A `fetch` for third parties: each call is a span by method, host and path. Nothing of ours is handed over, no query is
 * kept (some networks want tokens there), and numbers in a path are replaced, since they are ids of people.
 */
export function tracedFetch(send: Fetch): Fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? (input instanceof Request ? input.method : "GET");
    const template = url.pathname.replaceAll(/\d{4,}/g, "{id}");
    return clientSpan({ method, url, template, peer: url.hostname }, () => send(input, init));
  };
}
