import { createHash, type Hash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Type } from "typebox";
import { Compile } from "typebox/compile";

const Kept = Compile(
  Type.Object({
    version: Type.Literal(1),
    issuer: Type.String(),
    saved_at: Type.Integer(),
    body: Type.String(),
    sha256: Type.String(),
  }),
);

const MAX_BYTES = 64 * 1024 * 1024;
/** Another user of the machine who may write here chooses who our callers are. */
const WRITABLE_BY_OTHERS = 0o022;
/** A write takes milliseconds, so an unfinished one this old is of a process that died in it. */
const ABANDONED_MS = 10 * 60_000;
const UNFINISHED = /^\.[\w.]+\.[\da-f-]{36}\.tmp$/;

export interface KeptCopy {
  readonly savedAtMs: number;
  readonly body: unknown;
}

/**
 * What the guard keeps across restarts. Written beside and renamed, so that a reader sees the old copy
 * or the new one; checked on reading, so that half a copy, another issuer's or somebody else's is none.
 */
export class Disk {
  readonly #directory: string;
  readonly #issuer: string;

  constructor(directory: string, issuer: string) {
    this.#directory = directory;
    this.#issuer = issuer;
  }

  /** @throws whatever the file system says; the caller counts it and goes on. */
  write(name: string, body: unknown, savedAtMs: number): Promise<void> {
    return this.writePieces(name, [JSON.stringify(body)], savedAtMs);
  }

  /** A body that is long is handed over in pieces of its JSON: requests are answered in between. */
  async writePieces(name: string, body: Iterable<string>, savedAtMs: number): Promise<void> {
    await makeDirectory(this.#directory);
    const temporary = join(this.#directory, `.${name}.${randomUUID()}.tmp`);
    try {
      const file = await open(temporary, "w", 0o600);
      try {
        await this.#fill(file, body, savedAtMs);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(this.#directory, name));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** The last good copy; undefined where there is none that can be trusted. */
  async read(name: string): Promise<KeptCopy | undefined> {
    try {
      const kept: unknown = JSON.parse(await readPrivately(join(this.#directory, name)));
      if (!Kept.Check(kept) || kept.issuer !== this.#issuer) return undefined;
      if (kept.sha256 !== this.#sum(kept.saved_at).update(kept.body).digest("hex")) return undefined;
      return { savedAtMs: kept.saved_at, body: JSON.parse(kept.body) };
    } catch {
      return undefined;
    }
  }

  /** Removes what processes that were killed while writing have left; a neighbour's write under way stays. */
  async tidy(nowMs: number): Promise<void> {
    for (const name of await readdir(this.#directory).catch(() => [])) {
      if (!UNFINISHED.test(name)) continue;
      const path = join(this.#directory, name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined && nowMs - found.mtimeMs > ABANDONED_MS) await rm(path).catch(() => {});
    }
  }

  /** `body` is text within JSON: what it is, letter by letter, is what the sum is of. */
  async #fill(file: FileHandle, body: Iterable<string>, savedAtMs: number): Promise<void> {
    const sum = this.#sum(savedAtMs);
    const head = JSON.stringify({ version: 1, issuer: this.#issuer, saved_at: savedAtMs });
    await file.writeFile(`${head.slice(0, -1)},"body":"`);
    for (const piece of body) {
      sum.update(piece);
      await file.writeFile(JSON.stringify(piece).slice(1, -1));
    }
    await file.writeFile(`","sha256":"${sum.digest("hex")}"}`);
  }

  #sum(savedAtMs: number): Hash {
    return createHash("sha256").update(`${this.#issuer}\n${savedAtMs}\n`);
  }
}

/**
 * With its parents. Node's own `recursive` never returns where a directory is there and yet takes none, as /proc does, and
 * holds a thread and a whole core meanwhile.
 */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(directory)).isDirectory()) return;
    if (code !== "ENOENT" || (await stat(dirname(directory)).catch(() => undefined)) !== undefined)
      throw error;
    await makeDirectory(dirname(directory));
    await makeDirectory(directory);
  }
}

async function readPrivately(path: string): Promise<string> {
  // A pipe would keep us waiting for whoever writes into it.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = await file.stat();
    const { size, mode, uid } = found;
    if (!found.isFile()) throw new Error("not a file");
    if (size > MAX_BYTES) throw new Error("too large");
    if (process.platform !== "win32" && (mode & WRITABLE_BY_OTHERS) !== 0)
      throw new Error("others may write it");
    const own = process.getuid?.();
    if (own !== undefined && uid !== own && uid !== 0) throw new Error("somebody else's");
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
