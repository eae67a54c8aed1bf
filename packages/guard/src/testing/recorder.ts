import type { GuardState } from "../auth-watch.ts";
import type { CounterName, GuardMetrics } from "../metrics.ts";
import type { GuardLogger } from "../options.ts";

interface Waiter {
  readonly done: () => boolean;
  readonly resolve: () => void;
}

/** Keeps what a guard counts and logs, and waits for it, so that tests need not sleep. */
export class Recorder implements GuardMetrics, GuardLogger {
  readonly lines: { readonly level: "info" | "warn"; readonly fields: object; readonly message: string }[] =
    [];
  readonly #counts = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  #state: string = "starting";

  count(name: CounterName, labels: Readonly<Record<string, string>>): void {
    const key = `${name} ${Object.values(labels).join(" ")}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (name === "guard_state_changes") this.#state = labels["state"] ?? "";
    for (const waiter of this.#waiters) {
      if (!waiter.done()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  info(fields: object, message: string): void {
    this.lines.push({ level: "info", fields, message });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: "warn", fields, message });
  }

  /** How often, by the counter's name and its label values in order: `counted("guard_probes", "feed", "failure")`. */
  counted(name: CounterName, ...labels: readonly string[]): number {
    return this.#counts.get([name, ...labels].join(" ")) ?? 0;
  }

  state(state: GuardState): Promise<void> {
    return this.#until(() => this.#state === state);
  }

  /** Resolves when the counter has moved on by one from where it stands now. */
  next(name: CounterName, ...labels: readonly string[]): Promise<void> {
    const before = this.counted(name, ...labels);
    return this.#until(() => this.counted(name, ...labels) > before);
  }

  reached(times: number, name: CounterName, ...labels: readonly string[]): Promise<void> {
    return this.#until(() => this.counted(name, ...labels) >= times);
  }

  #until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add({ done, resolve });
    return promise;
  }
}
