/** Time that moves only when a test says so. */
export class ManualClock {
  #ms: number;

  constructor(start: Date | string = "2026-03-01T12:00:00.000Z") {
    this.#ms = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#ms);
  }

  advance({
    days = 0,
    hours = 0,
    minutes = 0,
    seconds = 0,
    ms = 0,
  }: {
    days?: number;
    hours?: number;
    minutes?: number;
    seconds?: number;
    ms?: number;
  }): void {
    this.#ms += (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
  }
}
