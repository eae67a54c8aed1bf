import { type Command, InvalidArgumentError } from "commander";
import { numberIn } from "../number-in.ts";
import type { Context } from "../program.ts";
import type { FaultName } from "./drill/faults.ts";
import type { RunningStand } from "./drill/running-stand.ts";

const HELP = `
Needs a running stand (npm start). Its Auth is killed and frozen, and between Auth and a second catalog,
which the drill starts, the network is broken: blackholed, 10 s late, reset, cut in half. All the while
guests, viewers, viewers whose tokens run out, and a strict route are asked for at a steady rate.

  $ kinopass drill auth-down                      some five minutes
  $ kinopass drill auth-down --seconds 20 --only killed --only slow
  $ kinopass drill auth-down --requests 100000 --rate 500      until so many were served; some six minutes
  $ kinopass drill auth-down --long               ten minutes each

A token counts for a minute more than it says, so grace is seen in runs of 80 s and more.
Exit status: 0 every promise held, 1 one did not (it is named).`;

const FLOOD_HELP = `
Needs a running stand (npm start), on Linux. A person's password is guessed from many addresses of
127.77.0.0/16. Meanwhile people next door read films and sign in, and so does the person attacked, on a device
that is known. With a Redis, its scripts are counted: what is refused must not reach it.

  $ kinopass drill flood
  $ kinopass drill flood --rate 3000 --addresses 1

Guessers stay refused for up to a quarter of an hour. Exit status: 0 every promise held, 1 one did not.`;

const FAULT_NAMES = ["killed", "stopped", "blackhole", "slow", "reset", "half"] as const;
const SECONDS = { usual: 30, withGrace: 85, long: 600, quiet: 20, longQuiet: 60 } as const;

interface Options {
  readonly long?: boolean;
  readonly seconds?: number;
  readonly requests: number;
  readonly rate: number;
  readonly addedP99: number;
  readonly only?: FaultName[];
}

export function drillCommands(program: Command, { io, outcome }: Context): void {
  const drill = program.command("drill").description("Proves on a running stand what was promised.");
  const run = async (begin: (stand: RunningStand, signal: AbortSignal) => Promise<boolean>) => {
    const stop = new AbortController();
    const giveUp = () => stop.abort();
    process.once("SIGINT", giveUp).once("SIGTERM", giveUp);
    try {
      const stands = await import("./drill/running-stand.ts");
      const held = await begin(stands.RunningStand.find(io), stop.signal);
      io.stdout.write(held ? "\nEvery promise held.\n" : "\nNot every promise held.\n");
      outcome.status = held ? 0 : 1;
    } finally {
      process.off("SIGINT", giveUp).off("SIGTERM", giveUp);
    }
  };
  drill
    .command("auth-down")
    .description("Take Auth away in every way and show what viewers see.")
    .option("--long", "ten minutes for each way")
    .option("--seconds <n>", "for each way, 5 to 3600", numberIn(5, 3_600))
    .option("--requests <n>", "of guests and signed-in viewers, in all, at least", numberIn(1, 10_000_000), 1)
    .option("--rate <n>", "requests a second, 10 to 500", numberIn(10, 500), 100)
    .option("--added-p99 <ms>", "most that an outage may add", numberIn(1, 10_000), 5)
    .option("--only <fault>", `one of ${FAULT_NAMES.join(", ")}; may be repeated`, collectFault)
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      const [{ drillAuthDown }, { SERVED_SHARE }] = await Promise.all([
        import("./drill/auth-down.ts"),
        import("./drill/visitors.ts"),
      ]);
      await run((stand, signal) => drillAuthDown(io, stand, planOf(options, SERVED_SHARE), signal));
    });
  drill
    .command("flood")
    .description("Guess one person's password at speed and show what everybody else sees.")
    .option("--seconds <n>", "5 to 60", numberIn(5, 60), 10)
    .option("--rate <n>", "guesses a second, 10 to 5000", numberIn(10, 5_000), 1_000)
    .option("--addresses <n>", "that the guesses come from, 1 to 1000", numberIn(1, 1_000), 16)
    .addHelpText("after", FLOOD_HELP)
    .action(async ({ seconds, rate, addresses }: { seconds: number; rate: number; addresses: number }) => {
      const { drillFlood } = await import("./drill/flood.ts");
      await run((stand, signal) => drillFlood(io, stand, { seconds, perSecond: rate, addresses }, signal));
    });
}

function planOf({ long, seconds, requests, rate, addedP99, only }: Options, servedShare: number) {
  const faults = only ?? FAULT_NAMES;
  const shortest = Math.ceil(requests / (faults.length * rate * servedShare));
  const usual = (fault: FaultName) => (fault === "killed" ? SECONDS.withGrace : SECONDS.usual);
  return {
    faults,
    seconds: (fault: FaultName) =>
      Math.max(shortest, seconds ?? (long === true ? SECONDS.long : usual(fault))),
    quietSeconds: long === true ? SECONDS.longQuiet : Math.min(SECONDS.quiet, seconds ?? SECONDS.quiet),
    perSecond: rate,
    mostAddedMs: addedP99,
  };
}

function collectFault(given: string, before: FaultName[] = []): FaultName[] {
  const fault = FAULT_NAMES.find((one) => one === given);
  if (fault === undefined) throw new InvalidArgumentError(`Choose from ${FAULT_NAMES.join(", ")}.`);
  return [...before, fault];
}
