// Reads the OTLP ExportTraceServiceRequest (opentelemetry-proto, trace/v1) straight from its protobuf wire format, so that
// what a test sees is what went over the wire and not what the exporter's own library says of it.

export type DecodedValue = string | number | boolean | undefined | DecodedValue[] | DecodedAttributes;
export interface DecodedAttributes {
  readonly [key: string]: DecodedValue;
}

export interface DecodedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty on a root span. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  /** In nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: DecodedAttributes;
  readonly events: readonly { readonly name: string; readonly attributes: DecodedAttributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** code: 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly resource: DecodedAttributes;
}

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
  readonly value: bigint;
}

/** @throws RangeError where the bytes are not a message */
export function decodeTraceRequest(request: Buffer): DecodedSpan[] {
  return all(request, 1).flatMap((resourceSpans) => {
    const resource = attributes(first(resourceSpans, 1), 1);
    return all(resourceSpans, 2).flatMap((scopeSpans) =>
      all(scopeSpans, 2).map((span) => decodeSpan(span, resource)),
    );
  });
}

function decodeSpan(span: Buffer, resource: DecodedAttributes): DecodedSpan {
  const status = first(span, 15);
  return {
    traceId: first(span, 1).toString("hex"),
    spanId: first(span, 2).toString("hex"),
    parentSpanId: first(span, 4).toString("hex"),
    name: first(span, 5).toString(),
    kind: Number(number(span, 6)),
    start: number(span, 7),
    end: number(span, 8),
    attributes: attributes(span, 9),
    events: all(span, 11).map((event) => ({
      name: first(event, 2).toString(),
      attributes: attributes(event, 3),
    })),
    links: all(span, 13).map((link) => ({
      traceId: first(link, 1).toString("hex"),
      spanId: first(link, 2).toString("hex"),
    })),
    status: { code: Number(number(status, 3)), message: first(status, 2).toString() },
    resource,
  };
}

function attributes(message: Buffer, field: number): DecodedAttributes {
  return Object.fromEntries(
    all(message, field).map((pair) => [first(pair, 1).toString(), anyValue(first(pair, 2))]),
  );
}

/** AnyValue is a oneof: string 1, bool 2, int 3, double 4, array 5, key-value list 6. */
function anyValue(message: Buffer): DecodedValue {
  const [field] = fields(message);
  switch (field?.number) {
    case 1:
      return field.bytes.toString();
    case 2:
      return field.value !== 0n;
    case 3:
      return Number(BigInt.asIntN(64, field.value));
    case 4:
      return field.bytes.readDoubleLE();
    case 5:
      return all(field.bytes, 1).map(anyValue);
    case 6:
      return attributes(field.bytes, 1);
    default:
      return undefined;
  }
}

function all(message: Buffer, field: number): Buffer[] {
  return [...fields(message)].filter((found) => found.number === field).map((found) => found.bytes);
}

function first(message: Buffer, field: number): Buffer {
  return all(message, field)[0] ?? Buffer.alloc(0);
}

function number(message: Buffer, field: number): bigint {
  return [...fields(message)].find((found) => found.number === field)?.value ?? 0n;
}

/** The fields of one message in wire order (protobuf encoding: tag = number << 3 | wire type). */
function* fields(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("varint too long");
  };
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError("field runs past its message");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const field = tag >>> 3;
    switch (tag & 7) {
      case 0:
        yield { number: field, bytes: Buffer.alloc(0), value: varint() };
        break;
      case 1: {
        const bytes = take(8);
        yield { number: field, bytes, value: bytes.readBigUInt64LE() };
        break;
      }
      case 2:
        yield { number: field, bytes: take(Number(varint())), value: 0n };
        break;
      case 5: {
        const bytes = take(4);
        yield { number: field, bytes, value: BigInt(bytes.readUInt32LE()) };
        break;
      }
      default:
        throw new RangeError(`wire type ${tag & 7} is not used by OTLP`);
    }
  }
}
