/**
 * What traces and metrics tell of the limiter. Written against its shape alone, so that services without limits need
 * no limiter, and the limiter needs no tracing.
 */
import { annotate, areSpansKept, meter, redisSpan, withSpan } from "@kinopass/tracing";

interface Decided {
  readonly kind: "allowed" | "refused";
  /** From the policies, so few. */
  readonly class: string;
  readonly decidedBy: string;
  readonly scope?: string;
  /** Dry run: it would have been refused. */
  readonly wouldRefuse?: unknown;
}

interface Decides<Ask, Decision extends Decided, Refused extends Decided> {
  readonly mode: string;
  decide(ask: Ask): Promise<Decision>;
  known(ask: Ask): Refused | undefined;
}

const MODES = ["redis", "local", "degraded"] as const;

const decisions = meter().counter("kinopass.limiter.decisions", {
  description: "Requests decided, by class, outcome and who decided",
});

/** For the limiter's `onDecision`. */
export function countDecision({ kind, class: name, decidedBy, wouldRefuse }: Decided): void {
  const outcome = wouldRefuse === undefined ? kind : "would_refuse";
  decisions.add(1, { class: name, outcome, decided_by: decidedBy });
}

/** Shows the mode as three gauges, of which one is 1. Call it once a process. */
export function observeLimiter(limiter: { readonly mode: string }): void {
  const options = { description: "Who decides at the moment: 1 for the mode in force" };
  meter().observe("kinopass.limiter.mode", options, () =>
    MODES.map((mode) => [limiter.mode === mode ? 1 : 0, { mode }] as const),
  );
}

/** Gives every decision a span of its own; a refusal from memory, which takes no time, marks the request's span. */
export function traceDecisions<Ask, Decision extends Decided, Refused extends Decided>(
  limiter: Decides<Ask, Decision, Refused>,
): void {
  const decide = limiter.decide.bind(limiter);
  const known = limiter.known.bind(limiter);
  const describe = (decision: Decided) => ({
    ...attributesOf(decision),
    "kinopass.limit.mode": limiter.mode,
  });
  const options = { record: { result: (result: unknown) => describe(result as Decision) } };
  Object.assign(limiter, {
    // It never fails (without Redis this process decides), so there is nothing to be heard of where no span is kept.
    decide: (ask: Ask) =>
      areSpansKept() ? withSpan("limits.decide", options, () => decide(ask)) : decide(ask),
    known: (ask: Ask) => {
      const refused = known(ask);
      if (refused !== undefined) annotate(describe(refused));
      return refused;
    },
  });
}

function attributesOf({ kind, class: name, decidedBy, scope }: Decided) {
  return {
    "kinopass.limit.class": name,
    "kinopass.limit.allowed": kind === "allowed",
    "kinopass.limit.decided_by": decidedBy,
    ...(scope === undefined ? {} : { "kinopass.limit.scope": scope }),
  };
}

type RunScript = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * The same client for one who runs but this script: its runs have spans of their own. Others who use the client see nothing of
 * it. One call decides what arrives in one turn of the event
 * loop, so its span hangs under the first request of the turn; the others show the wait in their decision's span.
 */
export function traceScripts<Client extends object>(client: Client, script: string): Client {
  const options = { script, onlyBelow: true };
  const traced = (command: string, method: RunScript): RunScript => {
    const call = method.bind(client);
    return (...args) => (isProbe(args) ? call(...args) : redisSpan(command, () => call(...args), options));
  };
  const { evalsha, eval: evaluate } = client as { evalsha: RunScript; eval: RunScript };
  const own = new Map<PropertyKey, unknown>([
    ["evalsha", traced("EVALSHA", evalsha)],
    ["eval", traced("EVAL", evaluate)],
  ]);
  const get = (_client: Client, name: PropertyKey): unknown => {
    const found: unknown = own.get(name) ?? Reflect.get(client, name, client);
    return typeof found === "function" && !own.has(name) ? found.bind(client) : found;
  };
  return new Proxy(client, { get });
}

/** Probes of a Redis that is away go on long after the request whose failure began them. */
function isProbe([, , key]: readonly unknown[]): boolean {
  return typeof key === "string" && key.endsWith(":probe");
}
