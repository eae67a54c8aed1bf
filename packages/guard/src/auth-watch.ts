import { systemClock, systemRandom, systemUptime, type Uptime } from "./clock.ts";
import { Disk } from "./disk.ts";
import { AuthHealth } from "./health/auth-health.ts";
import { Readiness, type ReadinessWord } from "./health/readiness.ts";
import { KeyKeeper } from "./keys/key-keeper.ts";
import { type KeySet, readKeySet } from "./keys/key-set.ts";
import { type GuardGauges, type GuardMetrics, harmless } from "./metrics.ts";
import { DEFAULT_LIMITS, DEFAULT_TIMINGS, type GuardOptions, type Limits, type Timings } from "./options.ts";
import { FeedFollower } from "./revocations/feed-follower.ts";
import { keptPieces, readKeptRevocations } from "./revocations/kept-revocations.ts";
import { Knowledge } from "./revocations/knowledge.ts";

/** fresh: all is current. stale: keys are good but news is old. away: proven; grace is possible. */
export type GuardState = "starting" | "fresh" | "stale" | "away";

/**
 * Everything that talks to Auth, all of it in the background: keys, revocations, and what their
 * success or failure says about Auth. Requests only read the result.
 */
export class AuthWatch {
  readonly keys: KeyKeeper;
  readonly knowledge: Knowledge;
  readonly health: AuthHealth;
  readonly timings: Timings;
  readonly limits: Limits;
  readonly count: GuardMetrics["count"];
  readonly #options: GuardOptions;
  readonly #uptime: Uptime;
  readonly #feed: FeedFollower;
  readonly #readiness: Readiness;
  #feedFails = false;
  readonly #disk: Disk | undefined;
  #following: Promise<void> | undefined;
  #tick: NodeJS.Timeout | undefined;
  #state: GuardState = "starting";
  #started = false;
  #clockSkewMs: number | undefined;
  #writing = Promise.resolve();
  #revocationsChanged = false;
  #keepAgainAt = 0;
  #firstWord = Promise.withResolvers<void>();
  #heard = { keys: false, feed: false };
  #saidBarred = false;

  constructor(options: GuardOptions, onWithdrawn: () => void) {
    const { issuer, directory, clock = systemClock, uptime = systemUptime, random = systemRandom } = options;
    this.#options = options;
    this.#uptime = uptime;
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.count = harmless(options.metrics);
    this.health = new AuthHealth(clock, uptime, this.timings.provenAwayMs);
    this.knowledge = new Knowledge(this.limits.revocations, uptime);
    this.#disk = directory === undefined ? undefined : new Disk(directory, issuer);
    const base = (options.authUrl ?? issuer).replace(/\/$/, "");
    const shared = { timings: this.timings, fetch: options.fetch ?? fetch, clock, uptime, random };
    this.keys = new KeyKeeper({
      ...shared,
      url: `${base}/.well-known/jwks.json`,
      feedConnected: () => this.#feed.connected,
      onFetched: (keys, clockSkewMs) => this.#fetched(keys, clockSkewMs),
      onFailure: (reason) => this.#failed("keys", reason),
      onWithdrawn,
    });
    this.#feed = new FeedFollower({
      ...shared,
      url: `${base}/v1/revocations`,
      issuer,
      credential: options.credential,
      knowledge: this.knowledge,
      onEvent: (type) => this.#feedEvent(type),
      onAlive: () => this.#alive("feed"),
      onFailure: (reason) => this.#failed("feed", reason),
      onRefused: (reason) => this.#barred(reason),
      onKeysChanged: () => this.keys.changed(),
    });
    this.#readiness = new Readiness({
      ...shared,
      url: `${base}/readyz`,
      onWord: (word, keysAnswered) => this.#toldReadiness(word, keysAnswered),
    });
  }

  get state(): GuardState {
    return this.#state;
  }

  /** Whether keys and revocations are current enough to promise something by them. */
  get fresh(): boolean {
    const ageMs = this.knowledge.ageMs;
    const recent = ageMs !== undefined && ageMs <= this.timings.freshForMs;
    return recent && this.health.state !== "away" && this.keys.usable;
  }

  /** Whether a key that we do not have is none: a set this young has whatever Auth signs with, also while the feed says nothing. */
  get keysCurrent(): boolean {
    if (this.fresh) return true;
    const { unknownKeyCooldownMs, answerMs } = this.timings;
    const young = (this.keys.ageMs ?? Number.POSITIVE_INFINITY) <= unknownKeyCooldownMs + answerMs;
    return young && this.health.state !== "away";
  }

  /**
   * Resolves as soon as the guard can be asked: with what is on the disk and Auth's first word, or
   * without it after `startMs`. Never rejects: an outage must not keep a service from starting.
   */
  async start(): Promise<void> {
    const patience = setTimeout(() => this.#firstWord.resolve(), this.timings.startMs);
    // A disk that hangs must not keep a service from starting either.
    await Promise.race([this.#recall(), this.#firstWord.promise]);
    this.#tick = setInterval(() => this.#everyTick(), this.timings.tickMs);
    this.#tick.unref();
    this.#following = this.#feed.run();
    void this.keys.refresh();
    await this.#firstWord.promise;
    clearTimeout(patience);
    this.#started = true;
    this.#noticeState();
  }

  async stop(): Promise<void> {
    clearInterval(this.#tick);
    this.keys.stop();
    this.#feed.stop();
    this.#readiness.stop();
    await this.#following;
    this.#keepRevocations();
    await this.#writing;
  }

  gauges(rememberedTokens: number): GuardGauges {
    const { lastAliveAtMs, state } = this.health;
    const nowMs = (this.#options.clock ?? systemClock).now().getTime();
    return {
      knowledgeAgeMs: this.knowledge.ageMs,
      keysAgeMs: this.keys.ageMs,
      revokedSessions: this.knowledge.sessions,
      revokedAccounts: this.knowledge.accounts,
      rememberedTokens,
      clockSkewMs: this.#clockSkewMs,
      outageMs: state === "away" && lastAliveAtMs !== undefined ? nowMs - lastAliveAtMs : 0,
    };
  }

  #fetched(keys: KeySet, clockSkewMs: number | undefined): void {
    this.#clockSkewMs = clockSkewMs;
    this.#keep("keys.json", [JSON.stringify({ keys: keys.published })]);
    this.#alive("keys");
  }

  #feedEvent(type: string): void {
    if (type === "revocation" || type === "snapshot-end") this.#revocationsChanged = true;
    this.count("guard_feed_events", { type: KNOWN_EVENTS.has(type) ? type : "other" });
  }

  /** Says nothing of Auth's health: what is wrong is ours, and grace must not come of it. */
  #barred(reason: string): void {
    this.count("guard_probes", { probe: "feed", outcome: "refused" });
    this.#feedFails = false;
    this.keys.feedLost();
    this.#hear("feed");
    if (!this.#saidBarred) this.#options.logger?.warn({ reason }, BARRED);
    this.#saidBarred = true;
    this.#noticeState(reason);
  }

  #alive(probe: "keys" | "feed"): void {
    if (probe === "feed") this.#saidBarred = this.#feedFails = false;
    this.count("guard_probes", { probe, outcome: "success" });
    // Auth serves keys from memory while its database is away and nobody can renew a token there.
    if (this.#feedFails) this.#readiness.askAfter("keys");
    else this.health.succeeded();
    this.#hear(probe);
    this.#noticeState();
  }

  #failed(probe: "keys" | "feed", reason: string): void {
    this.count("guard_probes", { probe, outcome: "failure" });
    this.health.failed();
    if (probe === "feed") {
      this.#feedFails = true;
      this.keys.feedLost();
      // A proxy that cuts streams is no outage either.
      this.#readiness.askAfter("feed");
    }
    this.#hear(probe);
    this.#noticeState(reason);
  }

  #toldReadiness(word: ReadinessWord, keysAnswered: boolean): void {
    if (!this.#feedFails) return;
    this.count("guard_probes", { probe: "readiness", outcome: OUTCOMES[word] });
    if (word === "not_ready") this.health.failed();
    else if (word === "ready" || keysAnswered) this.health.succeeded();
    this.#noticeState(word === "not_ready" ? "Auth is not ready" : undefined);
  }

  /** Both have answered or failed once: waiting longer would tell the start nothing more. */
  #hear(probe: "keys" | "feed"): void {
    this.#heard[probe] = true;
    if (this.#heard.keys && this.#heard.feed) this.#firstWord.resolve();
  }

  #everyTick(): void {
    // What ended is remembered for as long as a token could be accepted: in an outage, from its beginning on.
    const { tokenLifetimeMs, leewayMs } = this.timings;
    this.knowledge.forget(tokenLifetimeMs + 2 * leewayMs);
    if (this.#uptime() >= this.#keepAgainAt) this.#keepRevocations();
    this.#noticeState();
  }

  #noticeState(reason?: string): void {
    const state = this.#stateNow();
    if (state === this.#state) return;
    const from = this.#state;
    this.#state = state;
    this.count("guard_state_changes", { state });
    const fields = { from, to: state, knowledge_age_ms: this.knowledge.ageMs, keys_age_ms: this.keys.ageMs };
    const level = state === "fresh" ? "info" : "warn";
    this.#options.logger?.[level](reason === undefined ? fields : { ...fields, reason }, `guard is ${state}`);
  }

  #stateNow(): GuardState {
    if (this.health.state === "away") return "away";
    if (this.fresh) return "fresh";
    return this.#started ? "stale" : "starting";
  }

  async #recall(): Promise<void> {
    if (this.#disk === undefined) return;
    const [keptKeys, keptRevocations] = await Promise.all([
      this.#disk.read("keys.json"),
      this.#disk.read("revocations.json"),
    ]);
    const keys = await readKeySet(keptKeys?.body);
    this.count("guard_disk", { operation: "read", outcome: keys === undefined ? "failure" : "success" });
    if (keys !== undefined && keptKeys !== undefined) this.keys.recall(keys, keptKeys.savedAtMs);
    this.knowledge.recall(readKeptRevocations(keptRevocations?.body));
    await this.#disk.tidy((this.#options.clock ?? systemClock).now().getTime());
  }

  #keepRevocations(): void {
    if (!this.#revocationsChanged) return;
    this.#revocationsChanged = false;
    this.#keepAgainAt = Number.POSITIVE_INFINITY;
    this.#keep("revocations.json", keptPieces(this.knowledge.list()));
    const began = this.#uptime();
    void this.#writing.then(() => {
      this.#keepAgainAt = this.#uptime() + KEEPING_PAUSE * (this.#uptime() - began);
    });
  }

  /** One write after the other; a disk that fails is counted, and the guard goes on from memory. */
  #keep(name: string, body: Iterable<string>): void {
    const disk = this.#disk;
    if (disk === undefined) return;
    const nowMs = (this.#options.clock ?? systemClock).now().getTime();
    this.#writing = this.#writing.then(async () => {
      const outcome = await disk.writePieces(name, body, nowMs).then(
        () => "success",
        () => "failure",
      );
      this.count("guard_disk", { operation: "write", outcome });
    });
  }
}

/** Of the time no more than a twentieth goes into copies, however many revocations there are. */
const KEEPING_PAUSE = 20;

const BARRED =
  "Auth refuses this service's credential for the revocation feed: ended sessions are noticed only when their tokens run out, strict routes answer 503. Give it one with the scope `revocations` (kinopass service add)";
const OUTCOMES = { ready: "success", not_ready: "failure", closed: "refused" } as const;
const KNOWN_EVENTS: ReadonlySet<string> = new Set(["revocation", "snapshot-begin", "snapshot-end", "keys"]);
