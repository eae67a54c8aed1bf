import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from "@opentelemetry/otlp-exporter-base/node-http";
import { COUNTED, SERIALIZER, type SenderOptions } from "./otlp-requests.ts";
import type { Sender, SpanRequest } from "./span-batches.ts";

/**
 * The SDK's way of sending over HTTP, for requests that are written already. It reads the rest of its variables itself:
 * headers, compression, certificates.
 */
export function sender(options: SenderOptions): Sender<SpanRequest> {
  const headers = { "Content-Type": "application/x-protobuf" };
  const http = convertLegacyHttpOptions(options, "TRACES", "v1/traces", headers);
  return createOtlpHttpExportDelegate(http, SERIALIZER, "otlp_http_span_exporter", COUNTED, undefined);
}
