import { timingSafeEqual } from "node:crypto";
import { decodeCursor, encodeCursor, wrongCursor } from "@kinopass/http";
import type { AccountId } from "../ids.ts";
import type { Secrets } from "../secrets.ts";

export interface Position {
  readonly at: Date;
  readonly id: string;
}

/** What a cursor is good for: another account, or another filter, starts from the top. */
export interface CursorScope {
  readonly accountId: AccountId;
  readonly device: string | undefined;
}

export function writeCursor(secrets: Secrets, scope: CursorScope, { at, id }: Position): string {
  const key = secrets.newest;
  return encodeCursor([key, at.getTime(), id, macOf(secrets, key, scope, at.getTime(), id) ?? ""]);
}

/** Throws 400 for whatever we did not hand out for this account and filter. */
export function readCursor(secrets: Secrets, scope: CursorScope, cursor: string): Position {
  const [key, at, id, mac] = decodeCursor(cursor) ?? [];
  if (
    typeof key !== "number" ||
    typeof at !== "number" ||
    typeof id !== "string" ||
    typeof mac !== "string"
  ) {
    throw wrongCursor();
  }
  const expected = macOf(secrets, key, scope, at, id);
  if (
    expected === undefined ||
    expected.length !== mac.length ||
    !timingSafeEqual(Buffer.from(expected), Buffer.from(mac))
  )
    throw wrongCursor();
  return { at: new Date(at), id };
}

function macOf(
  secrets: Secrets,
  key: number,
  { accountId, device }: CursorScope,
  at: number,
  id: string,
): string | undefined {
  return secrets
    .mac("cursor", key, ["sign-ins", accountId, device ?? "", at, id].join("\x1f"))
    ?.subarray(0, 16)
    .toString("base64url");
}
