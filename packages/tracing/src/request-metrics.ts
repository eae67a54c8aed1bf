import { meter } from "./meter.ts";
import type { SpannedReply, SpannedRequest } from "./server-span.ts";

// The instrument, its unit and its buckets are those of the OpenTelemetry semantic conventions for HTTP metrics (stable).
const duration = meter().histogram("http.server.request.duration", {
  description: "Duration of HTTP server requests",
  unit: "s",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
});

/** Counts one answered request. Unrouted paths share one label value, so that a scanner cannot grow the metrics. */
export function requestCounted(request: SpannedRequest, reply: SpannedReply, seconds: number): void {
  duration.record(seconds, {
    "http.request.method": request.method,
    "http.route": request.routeOptions.url ?? "",
    "http.response.status_code": reply.raw.headersSent ? reply.raw.statusCode : 0,
  });
}
