import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PoliciesError, parsePolicies } from "./parse-policies.ts";
import { DEFAULT_POLICIES } from "./policies.ts";

test("nothing given is the defaults, which are valid themselves", () => {
  assert.deepEqual(parsePolicies(undefined), DEFAULT_POLICIES);
  assert.deepEqual(parsePolicies({}), DEFAULT_POLICIES);
  assert.deepEqual(parsePolicies(JSON.parse(JSON.stringify(DEFAULT_POLICIES))), DEFAULT_POLICIES);
});

test("the defaults have every route class of the platform", () => {
  for (const name of ["sign-in", "sign-up", "reset", "refresh", "captcha", "social", "reads", "admin"]) {
    assert.ok(DEFAULT_POLICIES.classes[name], name);
  }
});

test("what is given replaces just that, and null takes away", () => {
  const bucket = { capacity: 7, refill: 7, perSeconds: 7 };
  const policies = parsePolicies({
    service: null,
    classes: {
      "sign-in": { buckets: { account: bucket, network: null } },
      captcha: null,
      tv: { buckets: { key: bucket } },
    },
  });
  const { account, network, address } = policies.classes["sign-in"]?.buckets ?? {};
  assert.deepEqual(account, bucket);
  assert.equal(network, undefined);
  assert.deepEqual(address, DEFAULT_POLICIES.classes["sign-in"]?.buckets.address);
  assert.equal(policies.service, undefined);
  assert.equal(policies.classes["captcha"], undefined);
  assert.deepEqual(policies.classes["tv"], { buckets: { key: bucket }, cost: 1, dryRun: false });
});

test("all mistakes are told together, each with its place", () => {
  const bad = {
    sevice: {},
    service: { capacity: 0, refill: -1, perSeconds: "x" },
    defaultClass: "constructor",
    allow: ["10.0.0.1/8", 5],
    prefixes: { ipv6Address: 128, ipv6Network: 56.5 },
    dryRun: "yes",
    classes: {
      "Bad Name": {},
      empty: { buckets: {} },
      dear: { buckets: { account: { capacity: 2, refill: 1, perSeconds: 1 } }, cost: 5 },
      slow: { buckets: { account: { capacity: 1_000_000, refill: 0.001, perSeconds: 60, burst: 1 } } },
      list: [],
    },
  };
  assert.throws(
    () => parsePolicies(bad),
    (error: unknown) => {
      assert.ok(error instanceof PoliciesError);
      assert.equal(error.code, "policies_invalid");
      for (const path of [
        "limits.sevice",
        "service.capacity",
        "service.refill",
        "service.perSeconds",
        "defaultClass",
        "allow[0]",
        "allow[1]",
        "prefixes.ipv6Address",
        "prefixes.ipv6Network",
        "dryRun",
        "classes.Bad Name",
        "classes.empty.buckets",
        "classes.dear.cost",
        "classes.slow.buckets.account.burst",
        "classes.slow.buckets.account:",
        "classes.list",
      ]) {
        assert.ok(
          error.mistakes.some((line) => line.startsWith(path)),
          path,
        );
      }
      return true;
    },
  );
});

test("no input whatever makes it do anything but answer or refuse", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (input) => {
      try {
        parsePolicies(input);
        parsePolicies({ classes: { "sign-in": input }, service: input, allow: input, prefixes: input });
      } catch (error) {
        assert.ok(error instanceof PoliciesError);
      }
    }),
  );
});
