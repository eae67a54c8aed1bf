/** What it takes to prove a guard: an Auth process to hurt, a network to break, real keys. Never in production. */
export { type Fault, FaultProxy } from "./fault-proxy.ts";
export { Recorder } from "./recorder.ts";
export { TestAuth, type TestAuthOptions } from "./test-auth.ts";
export { type TestKey, type TestTokenOptions, testKey, testToken } from "./test-keys.ts";
