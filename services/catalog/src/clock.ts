/** Time is handed in, so that tests move it by hand. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = {
  // biome-ignore lint/plugin: the one place where the system's own clock is read
  now: () => new Date(),
};
