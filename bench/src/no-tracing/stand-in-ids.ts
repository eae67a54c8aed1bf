/** Nothing of tracing, but the request's id for whoever writes a log line or an audit row. */
import { AsyncLocalStorage } from "node:async_hooks";

export * from "./stand-in.ts";

export const requests = new AsyncLocalStorage<{ readonly requestId: string }>();
export const currentRequest = () => requests.getStore();
