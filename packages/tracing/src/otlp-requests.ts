import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { SpanRequest } from "./span-batches.ts";

export interface SenderOptions {
  readonly url: string;
  readonly timeoutMillis: number;
}

/** Nothing is left to be written; answers are read as the SDK reads them. */
export const SERIALIZER = {
  serializeRequest: ({ body }: SpanRequest) => body,
  deserializeResponse: ProtobufTraceSerializer.deserializeResponse,
};

export const COUNTED = { name: "span" as const, countItems: ({ length }: SpanRequest) => length };
