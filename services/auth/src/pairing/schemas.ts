import { Type } from "typebox";
import { DisplayNameField } from "../accounts/fields.ts";
import { DeviceSchema } from "../http/client.ts";
import { DEVICE_CODE_PATTERN, EXPIRES_SECONDS, INTERVAL_SECONDS } from "./pairings.ts";

const UserCodeField = Type.String({
  minLength: 1,
  maxLength: 40,
  description: "As the person types it: case, spaces and dashes do not matter",
  examples: ["WDJB-MJHT"],
});

export const UserCodeParams = Type.Object({ user_code: UserCodeField });

export const CodeRequest = Type.Object(
  {
    device: Type.Optional(DeviceSchema),
    client_id: Type.Optional(
      Type.String({ maxLength: 100, description: "Taken from RFC 8628 clients; we do not need it" }),
    ),
  },
  { examples: [{ device: { name: "Living-room TV", kind: "tv" } }] },
);

export const CodeAnswer = Type.Object(
  {
    device_code: Type.String({
      pattern: DEVICE_CODE_PATTERN,
      description: "The TV's secret; not to be shown",
    }),
    user_code: Type.String({ description: "To be shown" }),
    verification_uri: Type.String({ description: "Where a person types the code" }),
    verification_uri_complete: Type.String({ description: "The same with the code in it, for the QR code" }),
    verification_qr_svg: Type.String({
      description: "The QR code of verification_uri_complete, an SVG picture",
    }),
    expires_in: Type.Integer({ description: "Seconds" }),
    interval: Type.Integer({ description: "Seconds to wait between two questions" }),
  },
  {
    examples: [
      {
        device_code: `kp_dc_${"A".repeat(43)}`,
        user_code: "WDJB-MJHT",
        verification_uri: "https://kinopass.example/pair",
        verification_uri_complete: "https://kinopass.example/pair?code=WDJB-MJHT",
        verification_qr_svg: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        expires_in: EXPIRES_SECONDS,
        interval: INTERVAL_SECONDS,
      },
    ],
  },
);

export const TokenRequest = Type.Object(
  {
    device_code: Type.String({ pattern: DEVICE_CODE_PATTERN }),
    grant_type: Type.Optional(Type.Literal("urn:ietf:params:oauth:grant-type:device_code")),
    client_id: Type.Optional(Type.String({ maxLength: 100 })),
  },
  {
    examples: [
      {
        device_code: `kp_dc_${"A".repeat(43)}`,
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      },
    ],
  },
);

const AgeCeilingField = Type.Union(
  [Type.Literal(0), Type.Literal(6), Type.Literal(12), Type.Literal(16), Type.Literal(18)],
  { description: "The highest rating this TV may show; never more than its owner may watch" },
);

export const ApproveRequest = Type.Object(
  { device_name: Type.Optional(DisplayNameField), age_ceiling: Type.Optional(AgeCeilingField) },
  { examples: [{ device_name: "Living-room TV", age_ceiling: 12 }] },
);

const DeviceShown = Type.Object({
  name: Type.Union([Type.String(), Type.Null()], { description: "In the TV's own words" }),
  kind: Type.String(),
});

export const Waiting = Type.Object(
  {
    user_code: Type.String(),
    device: DeviceShown,
    address: Type.String({ description: "Where the TV asks from" }),
    same_network: Type.Boolean({ description: "Whether this request comes from the same network" }),
    created_at: Type.String({ format: "date-time" }),
    expires_at: Type.String({ format: "date-time" }),
    warning: Type.String({ description: "To be shown beside the button, in the reader's language" }),
  },
  {
    examples: [
      {
        user_code: "WDJB-MJHT",
        device: { name: "Living-room TV", kind: "tv" },
        address: "203.0.113.7",
        same_network: true,
        created_at: "2026-03-01T12:00:00.000Z",
        expires_at: "2026-03-01T12:10:00.000Z",
        warning: "Say yes only to a TV that stands before you.",
      },
    ],
  },
);

export const Approved = Type.Object(
  { device: DeviceShown, age_ceiling: Type.Union([Type.Integer(), Type.Null()]) },
  { examples: [{ device: { name: "Living-room TV", kind: "tv" }, age_ceiling: 12 }] },
);
