/** Social sign-in providers on localhost, as each of them really answers. For development and tests; never for production. */
export type { Client, ClientOverrides } from "./clients.ts";
export { type Choice, consent, type Outcome } from "./consent.ts";
export { type EmulatorOptions, type Emulators, startEmulators } from "./emulators.ts";
export { FAULTS, type Fault, type FaultKind, PLACES, type Place } from "./faults.ts";
export { EMULATED, type Emulated } from "./ground.ts";
export { CAST, type NewPerson, numberAt, type Person } from "./people.ts";
