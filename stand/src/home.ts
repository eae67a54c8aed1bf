/** Where the stand keeps its data must be there, be writable and have room: said before anything starts, not by what fails first. */
import { existsSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const MIB = 1024 * 1024;
/** A new cluster with the films takes some 130 MiB, and PostgreSQL stops in the middle where it runs out. */
const ROOM_TO_BEGIN_MIB = 200;
const ROOM_TO_GO_ON_MIB = 50;

const ELSEWHERE =
  "choose another directory for the stand's data: KINOPASS_HOME=/somewhere/kinopass npm start";

/** @throws Error that says what to do */
export function demandHome(home: string): void {
  const known = existsSync(join(home, "secrets.json"));
  try {
    makeDirectory(home);
    const probe = join(home, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw new Error(`${home} cannot be written to (${(error as NodeJS.ErrnoException).code}): ${ELSEWHERE}`, {
      cause: error,
    });
  }
  const { bavail, bsize } = statfsSync(home);
  const freeMib = Math.floor((bavail * bsize) / MIB);
  const neededMib = known ? ROOM_TO_GO_ON_MIB : ROOM_TO_BEGIN_MIB;
  if (freeMib < neededMib)
    throw new Error(
      `Only ${freeMib} MiB are free where ${home} lies; the stand needs ${neededMib}. Make room, or ${ELSEWHERE}`,
    );
}

/**
 * With its parents. Node's own `recursive` never returns where a directory is there and yet takes none, as /proc does:
 * it is told that something is missing, finds the parent, and tries again.
 */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(directory).isDirectory()) return;
    if (code !== "ENOENT" || existsSync(dirname(directory))) throw error;
    makeDirectory(dirname(directory));
    makeDirectory(directory);
  }
}
