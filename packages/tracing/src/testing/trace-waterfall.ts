import type { JaegerSpan, JaegerTrace } from "./jaeger.ts";
import { type PlacedSpan, placeSpans } from "./trace-tree.ts";

/** In SVG's units, which are pixels where nobody scales. */
const WIDTH = 1_100;
const NAMES = 430;
const ROW = 22;
const HEAD = 62;
const MARGIN = 14;
const INDENT = 14;
const TICKS = 5;
const COLOURS = ["#2563a8", "#b45309", "#0f766e", "#7c3aed", "#9d174d", "#4d7c0f"];
const ERROR = "#dc2626";
/** Told under the title, where the root has them. */
const HEADLINE = ["request.id", "http.response.status_code"];

/**
 * A trace as a picture, as Jaeger's page shows it: one row a span, its bar where its time was, a colour for each service,
 * failures in red, everything a span says under the pointer.
 */
export function drawTrace(trace: JaegerTrace): string {
  const placed = placeSpans(trace);
  const begin = Math.min(...placed.map(({ span }) => span.startTime));
  const end = Math.max(...placed.map(({ span }) => span.startTime + span.duration));
  const services = [...new Set(placed.map(({ service }) => service))];
  const scale = (WIDTH - NAMES - 3 * MARGIN - 50) / Math.max(1, end - begin);
  const colour = (service: string) => COLOURS[services.indexOf(service) % COLOURS.length] ?? "";
  const height = HEAD + placed.length * ROW + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" rx="6" fill="#ffffff" stroke="#d4d4d8"/>`,
    headline(placed, end - begin, services, colour),
    axis(end - begin, scale, height),
    ...placed.map((place, row) => spanRow(place, { y: HEAD + row * ROW, begin, scale, colour })),
    "</svg>",
    "",
  ].join("\n");
}

type Colour = (service: string) => string;

function headline(placed: readonly PlacedSpan[], micros: number, services: string[], colour: Colour): string {
  const root = placed[0]?.span;
  const told = HEADLINE.flatMap((key) => {
    const value = root?.tags.find((tag) => tag.key === key)?.value;
    return value === undefined ? [] : [`${key}=${String(value)}`];
  });
  const words = [milliseconds(micros), `${placed.length} spans`, `trace ${root?.traceID ?? "?"}`, ...told];
  const legend = services.map(
    (service, index) =>
      `<tspan dx="${index === 0 ? 0 : 12}" fill="${colour(service)}">● ${escaped(service)}</tspan>`,
  );
  return (
    `<text x="${MARGIN}" y="20" fill="#18181b" font-weight="600">${escaped(root?.operationName ?? "")}</text>` +
    `<text x="${WIDTH - MARGIN}" y="20" text-anchor="end">${legend.join("")}</text>` +
    `<text x="${MARGIN}" y="38" fill="#52525b" font-size="11">${escaped(words.join(" · "))}</text>`
  );
}

function axis(micros: number, scale: number, height: number): string {
  const ticks = Array.from({ length: TICKS + 1 }, (_, tick) => {
    const x = (NAMES + MARGIN + (micros * scale * tick) / TICKS).toFixed(1);
    return (
      `<path d="M${x} ${HEAD - 8}V${height - MARGIN}" stroke="#e4e4e7"/>` +
      `<text x="${x}" y="${HEAD - 10}" fill="#71717a" font-size="10" text-anchor="middle">${milliseconds((micros * tick) / TICKS)}</text>`
    );
  });
  return ticks.join("");
}

interface Row {
  readonly y: number;
  readonly begin: number;
  readonly scale: number;
  readonly colour: Colour;
}

function spanRow({ span, service, depth }: PlacedSpan, { y, begin, scale, colour }: Row): string {
  const failed = span.tags.some(({ key, value }) => key === "error" && value === true);
  const x = NAMES + MARGIN + (span.startTime - begin) * scale;
  const width = Math.max(2, span.duration * scale);
  const left = MARGIN + depth * INDENT;
  const name = shorten(span.operationName, Math.floor((NAMES - left) / 6.4));
  return (
    `<g><title>${escaped(everything(span, service))}</title>` +
    `<rect x="${left}" y="${y + 3}" width="3" height="${ROW - 8}" fill="${colour(service)}"/>` +
    `<text x="${left + 8}" y="${y + 14}" fill="${failed ? ERROR : "#18181b"}">${escaped(name)}</text>` +
    `<rect x="${x.toFixed(1)}" y="${y + 4}" width="${width.toFixed(1)}" height="${ROW - 10}" rx="2" fill="${failed ? ERROR : colour(service)}"/>` +
    `<text x="${(x + width + 5).toFixed(1)}" y="${y + 14}" fill="#52525b" font-size="11">${milliseconds(span.duration)}</text></g>`
  );
}

function everything({ operationName, tags }: JaegerSpan, service: string): string {
  return [`${service}  ${operationName}`, ...tags.map(({ key, value }) => `${key}=${String(value)}`)].join(
    "\n",
  );
}

function milliseconds(micros: number): string {
  if (micros === 0) return "0";
  const value = micros / 1_000;
  return `${value >= 100 ? Math.round(value) : value.toFixed(value >= 10 ? 1 : 2)} ms`;
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(1, length - 1))}…`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
