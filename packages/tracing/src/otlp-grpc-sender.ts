import {
  convertLegacyOtlpGrpcOptions,
  createOtlpGrpcExportDelegate,
} from "@opentelemetry/otlp-grpc-exporter-base";
import { COUNTED, SERIALIZER, type SenderOptions } from "./otlp-requests.ts";
import type { Sender, SpanRequest } from "./span-batches.ts";

const METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** The SDK's way of sending over gRPC, for requests that are written already; it too reads variables of its own. */
export function sender(options: SenderOptions): Sender<SpanRequest> {
  const grpc = convertLegacyOtlpGrpcOptions(options, "TRACES");
  const names = ["TraceExportService", METHOD] as const;
  return createOtlpGrpcExportDelegate(
    grpc,
    SERIALIZER,
    "otlp_grpc_span_exporter",
    COUNTED,
    undefined,
    ...names,
  );
}
