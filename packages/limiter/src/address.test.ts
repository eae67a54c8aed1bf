import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { CidrSet, parseAddress, parseCidr, prefixName } from "./address.ts";

const name = (text: string, bits: number) => {
  const address = parseAddress(text);
  return address === undefined ? undefined : prefixName(address, bits);
};

test("every spelling of an address has one name", () => {
  for (const text of [
    "2001:db8::1",
    "2001:DB8:0:0:0:0:0:1",
    "2001:0db8:0000::0001",
    "2001:db8::0.0.0.1",
    "2001:db8::1%eth0",
  ]) {
    assert.equal(name(text, 64), "2001:db8:0:0::/64");
  }
  for (const text of ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:0201", "0:0:0:0:0:ffff:192.0.2.1"]) {
    assert.equal(name(text, 32), "192.0.2.1");
    assert.equal(name(text, 24), "192.0.2.0/24");
  }
  assert.equal(name("2001:db8:1:23ff::9", 56), "2001:db8:1:2300::/56");
  assert.equal(name("2001:db8:1:23ff::9", 48), "2001:db8:1::/48");
});

test("what is not an address is not one", () => {
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "1.2.3.4 ",
    "::1::",
    "g::1",
    "[::1]",
    "::1/64",
    "localhost",
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test("any IPv6 address read and written again is the same", () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const address = parseAddress(text);
      assert.ok(address !== undefined && isIPv6(text), text);
      assert.equal(address.groups.length, 8);
      if (address.family === 6) assert.deepEqual(parseAddress(prefixName(address, 128)), address);
    }),
  );
});

test("a range has exactly the addresses that share its prefix", () => {
  const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const asNumber = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
  fc.assert(
    fc.property(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), (base, other, bits) => {
      const size = 2 ** (32 - bits);
      const first = Math.floor(asNumber(base) / size) * size;
      const dotted = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".");
      const address = parseAddress(other.join("."));
      assert.ok(address);
      const inside = asNumber(other) >= first && asNumber(other) < first + size;
      assert.equal(new CidrSet([`${dotted}/${bits}`]).has(address), inside);
    }),
  );
});

test("a range of one family never holds addresses of the other", () => {
  const v4 = parseAddress("10.0.0.1");
  const v6 = parseAddress("2001:db8::1");
  assert.ok(v4 && v6);
  assert.equal(new CidrSet(["::/0"]).has(v4), false);
  assert.equal(new CidrSet(["0.0.0.0/0"]).has(v6), false);
  assert.equal(new CidrSet(["::ffff:10.0.0.0/104"]).has(v4), true);
});

test("a range with host bits, a bad length or no address is a mistake, and all mistakes are told", () => {
  for (const text of [
    "10.1.2.3/8",
    "10.0.0.0/33",
    "2001:db8::/129",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "",
    "::ffff:0:0/95",
  ]) {
    assert.equal(parseCidr(text), undefined, text);
  }
  assert.throws(() => new CidrSet(["10.0.0.0/8", "nonsense", "1.2.3.4/99"]), /"nonsense", "1\.2\.3\.4\/99"/);
});
