/**
 * For services that call Auth: `resilientFetch` takes what `fetch` takes, and goes into any typed client
 * made from Auth's OpenAPI as its `fetch`. Not for knowing who is calling: that is offline.
 */
export {
  type AccountPage,
  type AdminAccount,
  type AuthClient,
  type AuthClientOptions,
  AuthRefused,
  type CallOptions,
  createAuthClient,
  type RolePage,
  type TokenReport,
} from "./auth-client.ts";
export { CallFailed, type CallFailure } from "./call-failed.ts";
export { type ResilientFetch, type ResilientFetchOptions, resilientFetch } from "./resilient-fetch.ts";
