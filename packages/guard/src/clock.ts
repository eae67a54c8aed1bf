/** The wall clock, for what Auth wrote into a token. The clock of @kinopass/testing fits. */
export interface Clock {
  now(): Date;
}

/** Milliseconds that never jump: how long something has lasted is never asked of a wall clock. */
export type Uptime = () => number;

/** A number in [0, 1), for jitter only. */
export type Random = () => number;

export const systemClock: Clock = {
  // biome-ignore lint/plugin: this is the Clock that everything else is handed
  now: () => new Date(),
};

export const systemUptime: Uptime = () => performance.now();

// biome-ignore lint/plugin: this is the Random that everything else is handed
export const systemRandom: Random = () => Math.random(); // jitter needs no secrecy
