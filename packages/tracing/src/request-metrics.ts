import { meter } from "./meter.ts";
import { knownMethod, type SpannedReply, type SpannedRequest, type SpannedRoute } from "./server-span.ts";

// The instrument, its unit and its buckets are those of the OpenTelemetry semantic conventions for HTTP metrics (stable).
const duration = meter().histogram("http.server.request.duration", {
  description: "Duration of HTTP server requests",
  unit: "s",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
});

export interface CountedRequest {
  readonly request: SpannedRequest;
  readonly route: SpannedRoute;
  readonly reply: SpannedReply;
}

/** Counts one answered request. Unrouted paths have no route and unknown methods share one name, so that a scanner cannot grow the metrics. */
export function requestCounted(
  { request, route: { url: route }, reply }: CountedRequest,
  seconds: number,
): void {
  const { headersSent, statusCode } = reply.raw;
  duration.record(seconds, {
    "http.request.method": knownMethod(request.method),
    "url.scheme": request.protocol,
    ...(route === undefined ? {} : { "http.route": route }),
    // Who has hung up got none.
    ...(headersSent ? { "http.response.status_code": statusCode } : {}),
    ...(headersSent && statusCode >= 500 ? { "error.type": String(statusCode) } : {}),
  });
}
