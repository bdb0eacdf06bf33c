// Names of control functions and how they compare.
import assert from "node:assert/strict";
import test from "node:test";
import {
  createFunctionTable,
  functionName,
  isSameFunction,
  splitFunctionName,
} from "@liquid-ims/location-service/function-name";

test("a name splits into host and port in every form that is seen", () => {
  const cases: [string, string | null, number | null][] = [
    ["pcscf1.open-ims.test", "pcscf1.open-ims.test", null],
    ["PCSCF1.open-ims.test:4060", "pcscf1.open-ims.test", 4060],
    ["sip:term@pcscf1.open-ims.test:4060;lr", "pcscf1.open-ims.test", 4060],
    ["sip:scscf1.open-ims.test:6060", "scscf1.open-ims.test", 6060],
    ["SIPS:scscf1.open-ims.test", "scscf1.open-ims.test", null],
    ["127.0.1.1", "127.0.1.1", null],
    ["[2001:DB8::1]:4060", "2001:db8::1", 4060],
    ["[2001:db8::1]", "2001:db8::1", null],
    ["2001:db8::1", "2001:db8::1", null],
    ["sip:term@[2001:db8::1]:4060;lr", "2001:db8::1", 4060],
    ["", null, null],
    ["sip:", null, null],
    ["host:0", null, null],
    ["host:65536", null, null],
    ["host:port", null, null],
    ["a b", null, null],
  ];
  for (const [text, host, port] of cases)
    assert.deepEqual(splitFunctionName(text), host === null ? null : { host, port }, text);
});

test("names are the same by host without letter case, and port where both have one", () => {
  assert.ok(isSameFunction("pcscf1.open-ims.test:4060", "PCSCF1.open-ims.test:4060"));
  assert.ok(isSameFunction("pcscf1.open-ims.test", "sip:term@pcscf1.open-ims.test:4060;lr"));
  assert.ok(!isSameFunction("pcscf1.open-ims.test:4060", "pcscf1.open-ims.test:4061"));
  assert.ok(!isSameFunction("pcscf1.open-ims.test", "pcscf11.open-ims.test"));
  assert.ok(!isSameFunction("a b", "a c"), "what cannot be read is the same as itself only");
  assert.ok(isSameFunction("a b", "a b"));
});

test("a name is written with its port and with brackets around IPv6", () => {
  assert.equal(functionName("PCSCF1", 4060), "pcscf1:4060");
  assert.equal(functionName("pcscf1", null), "pcscf1");
  assert.equal(functionName("2001:db8::1", 4060), "[2001:db8::1]:4060");
});

test("the table finds a function by name and by address", () => {
  const table = createFunctionTable([
    { name: "pcscf1.open-ims.test:4060", addresses: ["127.0.1.1", "2001:DB8::1"] },
    { name: "pcscf2.open-ims.test:4060", addresses: ["127.0.1.2"] },
    { name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.1.1"] },
  ]);
  assert.equal(table.nameOf("127.0.1.1", null), "pcscf1.open-ims.test:4060");
  assert.equal(table.nameOf("127.0.1.1", 6060), "sip:scscf1.open-ims.test:6060");
  assert.equal(table.nameOf("127.0.1.1", 1), null);
  assert.equal(table.nameOf("2001:db8::1", 4060), "pcscf1.open-ims.test:4060");
  assert.equal(table.nameOf("PCSCF2.open-ims.test", null), "pcscf2.open-ims.test:4060");
  assert.equal(table.nameOf("127.0.1.3", null), null);
  assert.ok(table.isSame("127.0.1.2", "pcscf2.open-ims.test:4060"));
  assert.ok(table.isSame("sip:127.0.1.1:6060", "scscf1.open-ims.test"));
  assert.ok(!table.isSame("127.0.1.2", "pcscf1.open-ims.test:4060"));
});

test("RFC 5952 2: one IPv6 address in any spelling is one function", () => {
  const table = createFunctionTable([
    { name: "pcscf6.open-ims.test:4060", addresses: ["2001:db8::6", "::ffff:127.0.1.6"] },
  ]);
  for (const address of ["2001:DB8::6", "2001:db8:0:0:0:0:0:6", "2001:0db8::0006", "::ffff:7f00:106"])
    assert.equal(table.nameOf(address, null), "pcscf6.open-ims.test:4060", address);
  assert.ok(isSameFunction("[2001:db8::6]:4060", "[2001:db8:0::6]:4060"));
  assert.ok(isSameFunction("[2001:db8::6]:4060", "2001:db8::0:6"));
  for (const other of [
    "2001:db8::7",
    "2001:db8:6::",
    "2001:db8::6::",
    "2001:db8:6",
    "1:2:3:4:5:6:7:8:9",
    "::1.2.3.999",
  ])
    assert.equal(table.nameOf(other, null), null, other);
});
