import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CidrSet } from "./address.ts";
import { clientAddress } from "./client-address.ts";

const proxies = new CidrSet(["10.0.0.0/8", "fd00::/8"]);

test("from an untrusted address nothing that the client says changes who it is", () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      assert.equal(clientAddress("203.0.113.9", header, proxies), "203.0.113.9");
    }),
  );
});

test("whatever a client writes before the proxies' own entries is ignored", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 500 }), (prefix) => {
      assert.equal(clientAddress("10.0.0.2", `${prefix},203.0.113.9, 10.0.0.1`, proxies), "203.0.113.9");
    }),
  );
});

test("the right-most hop that is not a proxy is the client", () => {
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ["10.0.0.2", undefined, "10.0.0.2"],
    ["10.0.0.2", "203.0.113.9", "203.0.113.9"],
    ["::ffff:10.0.0.2", "203.0.113.9", "203.0.113.9"],
    ["fd00::1", "198.51.100.1, 203.0.113.9, 10.4.4.4, fd00::7", "203.0.113.9"],
    ["10.0.0.2", "10.0.0.9, 10.0.0.8", "10.0.0.9"],
    ["10.0.0.2", "203.0.113.9:4711", "203.0.113.9"],
    ["10.0.0.2", "[2001:db8::1]:443", "2001:db8::1"],
    ["10.0.0.2", "[2001:db8::1]", "2001:db8::1"],
  ];
  for (const [socket, header, client] of cases) assert.equal(clientAddress(socket, header, proxies), client);
});

test("a header that cannot be read is counted against whoever handed it on", () => {
  for (const header of [
    "",
    ",",
    "unknown",
    "203.0.113.9,",
    "203.0.113.9, evil",
    "203.0.113.9;",
    "_hidden",
    "203.0.113.9:99999999",
  ]) {
    assert.equal(clientAddress("10.0.0.2", header, proxies), "10.0.0.2", header);
  }
  assert.equal(clientAddress("10.0.0.2", "203.0.113.9, junk, 10.0.0.1", proxies), "10.0.0.1");
  assert.equal(clientAddress("10.0.0.2", `${"1.1.1.1,".repeat(1000)}203.0.113.9`, proxies), "10.0.0.2");
});

test("a connection without an address is unknown, not everybody", () => {
  assert.equal(clientAddress(undefined, "203.0.113.9", proxies), "unknown");
  assert.equal(clientAddress("not an address", "203.0.113.9", proxies), "unknown");
});
