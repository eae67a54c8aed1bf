import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Io, Refused } from "../../io.ts";

interface Published {
  readonly env: Readonly<Record<string, string>>;
  readonly addresses: { readonly auth: string; readonly catalog: string; readonly stand: string };
  readonly pids: { readonly stand: number; readonly auth: number; readonly catalog: number };
}

const RESTART_MS = 60_000;

/** The stand that runs here: its settings, and its Auth, which the drill may kill, stop and let come back. */
export class RunningStand {
  readonly #file: string;
  #stopped: number | undefined;

  private constructor(file: string) {
    this.#file = file;
  }

  /** @throws Refused where no stand is running, or where somebody else could have written its settings */
  static find({ env, directory }: Io): RunningStand {
    const repository = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
    const named = env["KINOPASS_HOME"] ?? "";
    // Whoever names a stand means no other: this command hurts the one it finds.
    const homes = named === "" ? [join(directory, ".kinopass"), join(repository, ".kinopass")] : [named];
    for (const home of homes) {
      const file = join(home, "stand.json");
      if (!isOurs(file)) continue;
      const stand = new RunningStand(file);
      if (isAlive(stand.published.pids?.stand)) return stand;
    }
    throw new Refused("No stand is running here. Start one in another terminal: npm start");
  }

  get published(): Published {
    return JSON.parse(readFileSync(this.#file, "utf8")) as Published;
  }

  get home(): string {
    return dirname(this.#file);
  }

  /** SIGKILL. The stand would start it again at once; it is held down until `release`. */
  killAuth(): void {
    writeFileSync(this.#hold, String(process.pid), { mode: 0o600 });
    process.kill(this.#authPid(), "SIGKILL");
  }

  /** Resolves when the stand has started Auth again and it answers. */
  async release(): Promise<void> {
    rmSync(this.#hold, { force: true });
    const deadline = performance.now() + RESTART_MS;
    while (!(await this.authAnswers())) {
      if (performance.now() > deadline) throw new Refused("The stand did not start Auth again.");
      await new Promise((next) => setTimeout(next, 50));
    }
  }

  /** SIGSTOP: it still takes connections, and answers none. */
  stopAuth(): void {
    const pid = this.#authPid();
    process.kill(pid, "SIGSTOP");
    this.#stopped = pid;
  }

  continueAuth(): void {
    if (this.#stopped !== undefined && isAlive(this.#stopped)) process.kill(this.#stopped, "SIGCONT");
    this.#stopped = undefined;
  }

  /** Whatever happened in between: nothing of ours keeps Auth down. */
  undo(): void {
    rmSync(this.#hold, { force: true });
    this.continueAuth();
  }

  async authAnswers(): Promise<boolean> {
    const { auth } = this.published.addresses;
    return await fetch(`${auth}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  get #hold(): string {
    return join(this.home, "hold-auth");
  }

  #authPid(): number {
    const pid = this.published.pids.auth;
    if (!isAlive(pid)) throw new Refused("The stand's Auth is not running.");
    return pid;
  }
}

function isOurs(file: string): boolean {
  const own = process.getuid?.();
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && (own === undefined || (found.uid === own && (found.mode & 0o022) === 0));
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
