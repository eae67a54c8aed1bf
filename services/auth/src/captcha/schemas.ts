/** What is said over HTTP about a sum. */
import { Type } from "typebox";

export const Challenge = Type.Object({
  id: Type.String(),
  tries_left: Type.Integer(),
  expires_at: Type.String({ format: "date-time" }),
  picture: Type.Object({
    media_type: Type.String(),
    data: Type.String({ description: "The SVG itself, or the PNG in base64" }),
  }),
  text: Type.Optional(
    Type.String({ description: "The sum for screen readers, where the operator allows that" }),
  ),
});

export const EXAMPLE = {
  id: `ur${"A".repeat(38)}`,
  tries_left: 3,
  expires_at: "2026-03-01T12:03:00.000Z",
  picture: { media_type: "image/svg+xml", data: '<svg xmlns="http://www.w3.org/2000/svg"></svg>' },
};

export const PictureQuery = Type.Object({
  picture: Type.Optional(
    Type.Union([Type.Literal("svg"), Type.Literal("png")], {
      description: "svg unless said otherwise",
      examples: ["svg"],
    }),
  ),
});
