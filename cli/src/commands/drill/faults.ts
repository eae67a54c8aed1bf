import type { FaultProxy } from "@kinopass/guard/testing";
import type { RunningStand } from "./running-stand.ts";

export interface Drilled {
  readonly stand: RunningStand;
  readonly proxy: FaultProxy;
}

/** One way for Auth to be away. Those of the process are felt by the stand's own catalog too. */
export interface DrillFault {
  readonly title: string;
  readonly everywhere: boolean;
  begin(drilled: Drilled): Promise<void>;
  /** Resolves when Auth could be reached again. */
  end(drilled: Drilled): Promise<void>;
}

/** Connections that were open before the fault would get their share first: they are cut, and come back to it. */
const breakAll = async ({ proxy }: Drilled, kind: "reset" | "truncate") => {
  await proxy.set({ kind, bytes: 100 });
  proxy.cut();
};

const clear = ({ proxy }: Drilled) => proxy.set({ kind: "none" });

export const FAULTS = {
  killed: {
    title: "killed (SIGKILL)",
    everywhere: true,
    begin: async ({ stand }) => stand.killAuth(),
    end: ({ stand }) => stand.release(),
  },
  stopped: {
    title: "frozen (SIGSTOP)",
    everywhere: true,
    begin: async ({ stand }) => stand.stopAuth(),
    end: async ({ stand }) => stand.continueAuth(),
  },
  blackhole: {
    title: "blackholed: takes connections, says nothing",
    everywhere: false,
    begin: ({ proxy }) => proxy.set({ kind: "blackhole" }),
    end: clear,
  },
  slow: {
    title: "slow: every answer 10 s late",
    everywhere: false,
    begin: ({ proxy }) => proxy.set({ kind: "delay", ms: 10_000 }),
    end: clear,
  },
  reset: {
    title: "resetting connections after 100 bytes",
    everywhere: false,
    begin: (drilled) => breakAll(drilled, "reset"),
    end: clear,
  },
  half: {
    title: "answering by halves: ends after 100 bytes",
    everywhere: false,
    begin: (drilled) => breakAll(drilled, "truncate"),
    end: clear,
  },
} as const satisfies Readonly<Record<string, DrillFault>>;

export type FaultName = keyof typeof FAULTS;
