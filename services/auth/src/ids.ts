import { randomInAdvance } from "@kinopass/http";

/** Row ids are branded, so that a session's id cannot be passed where an account's is meant. */
export type Id<Of extends string> = string & { readonly __id: Of };

export type AccountId = Id<"account">;
export type SessionId = Id<"session">;

/** A number of auth.regions: the home of an account's data. */
export type RegionCode = number & { readonly __region: true };

/** Acts on nobody's account are filed under this one. */
export const NIL_ACCOUNT = "00000000-0000-0000-0000-000000000000" as AccountId;

export const UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/** UUIDv7 (RFC 9562 §5.7): 48 bits of milliseconds, then randomness; ids of one table sort by time. */
export function newId<Of extends string>(now: Date): Id<Of> {
  const bytes = stamped(now);
  return format(bytes) as Id<Of>;
}

/**
 * An account's id is a UUIDv7 with its birth region in the ten upper bits of rand_a (RFC 9562 §6.2
 * leaves them to us), so that an id alone names its partition. It never changes, even when the
 * account moves: then auth.relocations knows better.
 */
export function newAccountId(now: Date, region: RegionCode): AccountId {
  const bytes = stamped(now);
  bytes[6] = 0x70 | (region >> 6);
  bytes[7] = ((region & 63) << 2) | ((bytes[7] ?? 0) & 3);
  return format(bytes) as AccountId;
}

/** The region an account was born in; a guess about where it lives now that is nearly always right. */
export function birthRegionOf(id: AccountId): RegionCode {
  const bytes = bytesOf(id);
  return ((((bytes[6] ?? 0) & 15) << 6) | ((bytes[7] ?? 0) >> 2)) as RegionCode;
}

export function bytesOf(id: string): Buffer {
  return Buffer.from(id.replaceAll("-", ""), "hex");
}

/** The id written in 16 bytes, in PostgreSQL's spelling. */
export function idOfBytes<Of extends string>(bytes: Uint8Array): Id<Of> {
  return format(Buffer.from(bytes)) as Id<Of>;
}

const random = randomInAdvance();

function stamped(now: Date): Buffer {
  const bytes = random(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 15);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 63);
  return bytes;
}

function format(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
