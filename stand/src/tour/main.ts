/** `npm run tour`: every promise of the stand, request by request. Exits non-zero on any surprise. */
import { bold, fail, green } from "../say.ts";
import { readStandConfig } from "../settings.ts";
import { Surprise } from "./show.ts";
import { runningStand } from "./stand.ts";
import { walk } from "./walk.ts";

const { home } = readStandConfig(process.env);

function explain(error: unknown): string {
  if (!(error instanceof Surprise))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error.code === "captcha_required") return explainCaptcha();
  return error.message;
}

/** Nothing is broken: televisions are asked so where guesses come from, and the tour has no eyes. */
function explainCaptcha(): string {
  const restart = runningStand(home).forgets ? ", or restart the stand (Ctrl-C, npm start)" : "";
  return (
    "The stand asks televisions for a sum now (captcha_required), since three sign-ins from this network failed within a quarter of an hour " +
    `(each tour fails once on purpose): wait 15 minutes${restart}, then run the tour again.`
  );
}

try {
  await walk(runningStand(home));
  console.log(`\n${green("✓")} ${bold("Every answer was the promised one.")}\n`);
} catch (error) {
  console.log();
  fail(explain(error));
  process.exitCode = 1;
}
