// Lives here because the generator needs the older compiler that this workspace alone installs.
import openapiTypescript, { astToString } from "openapi-typescript";

/** TypeScript types of an OpenAPI document. */
export async function typesOf(document) {
  return `// Generated from the OpenAPI document by npm run generate.\n${astToString(await openapiTypescript(structuredClone(document)))}`;
}
