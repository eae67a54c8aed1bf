/** The least that Node can do for a request it will not serve: a process of its own that answers 503 to everything. */
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(503, { "retry-after": "1", "content-length": "0" }).end();
});
// As long as the service keeps them: a connection that rested is no failure.
server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as { port: number }).port));
// Whoever measures is gone: without its server and its connections nothing keeps this process.
process.once("disconnect", () => {
  server.close();
  server.closeAllConnections();
});
