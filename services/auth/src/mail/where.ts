import type { Client, Device } from "../http/client.ts";
import type { LetterValues } from "./letters.ts";

/** Where something was asked for, as letters say it. The device's name may be its user's own words. */
export function whereOf(client: Client, device: Device): LetterValues {
  return { device: device.name ?? device.kind, address: client.address };
}
