// os-cfs: the samples are typed, so that types and schemas are held together.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";
import type {
  FunctionList,
  FunctionResource,
  ProblemDetails,
  TransferOperation,
  TransferRequest,
} from "@liquid-ims/reference-points/os-cfs";
import type { FunctionOperation, FunctionRequest } from "@liquid-ims/reference-points/os-cfs-functions";
import {
  functionOperationSchema,
  functionRequestSchema,
} from "@liquid-ims/reference-points/os-cfs-functions-schema";
import {
  functionListSchema,
  functionResourceSchema,
  problemDetailsSchema,
  transferOperationSchema,
  transferRequestSchema,
} from "@liquid-ims/reference-points/os-cfs-schema";

type Validate = (value: unknown) => boolean;

/** ajv as fastify brings it, found from the CFS; the strict mode refuses what a schema has by mistake. */
function compiler(): (schema: object) => Validate {
  const load = createRequire(createRequire(import.meta.url).resolve("fastify"));
  const Ajv: new (options: object) => { compile(schema: object): Validate } = load("ajv");
  const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true });
  return (schema) => ajv.compile(schema);
}

const compile = compiler();

const drain: TransferRequest = {
  function: "pcscf1.open-ims.test",
  load: 0,
  targets: [{ function: "pcscf2.open-ims.test", weight: 2 }, { function: "pcscf3.open-ims.test:4060" }],
  reason: "removal",
  dryRun: false,
  pace: { mode: "fixed", usersPerSecond: 5, usersInFlight: 20 },
  deadline: 600,
};

const byHand: TransferRequest = {
  users: ["sip:alice@open-ims.test", "tel:+15551234"],
  targets: [{ function: "pcscf2.open-ims.test" }],
  reason: "maintenance",
  pace: { mode: "parallel" },
};

const problem: ProblemDetails = {
  type: "about:blank",
  title: "Not Found",
  status: 404,
  detail: 'function "pcscf9" is not known; GET /os-cfs/v1/functions lists those that are',
  instance: "/os-cfs/v1/transfers",
};

const operation: TransferOperation = {
  id: "op-1",
  state: "COMPLETED",
  request: drain,
  standing: true,
  startedAt: 1_795_294_853_000,
  endedAt: null,
  counts: { planned: 3, moved: 2, left: 1 },
  dialogs: { kept: 1, pinned: 0, lost: 0, endedMeanwhile: 1 },
  users: [
    {
      user: "sip:alice@open-ims.test",
      from: "pcscf1",
      to: "pcscf2",
      state: "done",
      reason: "",
      commandedAt: 1_795_294_853_100,
      reassignedAt: null,
      recordSeenAt: 1_795_294_853_160,
      endedAt: 1_795_294_853_300,
    },
    {
      user: "sip:bob@open-ims.test",
      from: null,
      to: null,
      state: "skipped",
      reason: "device without LCF",
      commandedAt: null,
      reassignedAt: null,
      recordSeenAt: null,
      endedAt: null,
    },
  ],
  problem,
};

const resource: FunctionResource = {
  name: "pcscf1.open-ims.test",
  kind: "P-CSCF",
  addresses: ["127.0.1.1"],
  users: 22,
  drain: { operation: "op-1", since: 1_795_294_853_000 },
};

const cfd: FunctionResource = {
  ...resource,
  kind: "CFD",
  drain: null,
  dns: { present: null, operation: "f-1" },
};
const functions: FunctionList = { functions: [resource, cfd] };

const second: FunctionRequest = {
  kind: "I-CSCF",
  addresses: ["192.0.2.1", "2001:db8::1"],
  port: 5060,
  transports: ["udp", "tcp"],
  priority: 10,
  weight: 0,
  deadline: 60,
};

const adding: FunctionOperation = {
  id: "f-1",
  action: "add",
  function: "icscf2.open-ims.test",
  kind: "I-CSCF",
  state: "FAILED_TEMP",
  step: "given up",
  request: second,
  failed: false,
  force: false,
  startedAt: 1_795_294_853_000,
  endedAt: null,
  deadlineAt: 1_795_294_913_000,
  changes: ["update add icscf2.open-ims.test. 30 A 192.0.2.1"],
  changedAt: null,
  mayBeStoppedAt: null,
  mayBeStopped: false,
  retryAt: null,
  updates: 3,
  problem,
};

test("os-cfs: samples of every type are what the schemas take", () => {
  const samples: [string, object, unknown][] = [
    ["drain", transferRequestSchema, drain],
    ["users", transferRequestSchema, byHand],
    ["operation", transferOperationSchema, operation],
    ["function", functionResourceSchema, resource],
    ["functions", functionListSchema, functions],
    ["problem", problemDetailsSchema, problem],
    ["function request", functionRequestSchema, second],
    ["function operation", functionOperationSchema, adding],
    ["removal", functionOperationSchema, { ...adding, action: "remove", request: null, step: "waiting" }],
  ];
  for (const [name, schema, value] of samples) assert.ok(compile(schema)(value), name);
});

test("os-cfs: an unknown member is refused wherever a person may mistype it", () => {
  const validate = compile(transferRequestSchema);
  const [target] = drain.targets;
  const mistyped: object[] = [
    { ...drain, dryrun: true },
    { ...byHand, user: "sip:bob@open-ims.test" },
    { ...drain, targets: [{ ...target, wieght: 1 }] },
    { ...drain, pace: { mode: "fixed", usersPerSec: 5 } },
  ];
  for (const value of mistyped) assert.equal(validate(value), false, JSON.stringify(value));
});

test("os-cfs: a request names a function with its load, or users, never both", () => {
  const validate = compile(transferRequestSchema);
  const [name, load] = ["pcscf1.open-ims.test", 0];
  const { targets, reason } = drain;
  const rest = { targets, reason };
  const wrong: object[] = [
    rest,
    { ...rest, function: name },
    { ...rest, load },
    { ...byHand, load: 0 },
    { ...byHand, function: name },
    { ...byHand, function: name, load: 0 },
  ];
  for (const value of wrong) assert.equal(validate(value), false, JSON.stringify(value));
});

test("os-cfs: values out of bounds are refused", () => {
  const validate = compile(transferRequestSchema);
  const wrong: object[] = [
    { ...drain, load: 1.1 },
    { ...drain, load: -0.1 },
    { ...drain, load: "0" },
    { ...drain, targets: [] },
    { ...drain, targets: [{ function: "" }] },
    { ...drain, targets: [{ function: "pcscf2", weight: 0 }] },
    { ...drain, reason: "boredom" },
    { ...drain, deadline: 0 },
    { ...drain, pace: { mode: "fast" } },
    { ...drain, pace: {} },
    { ...byHand, users: [] },
    { ...byHand, users: ["alice"] },
    { ...byHand, users: ["sip:a@b", "sip:a@b"] },
  ];
  for (const value of wrong) assert.equal(validate(value), false, JSON.stringify(value));
  for (const load of [0, 0.5, 1]) assert.ok(validate({ ...drain, load }), String(load));
});

test("os-cfs: what the CFS sends may grow without breaking a reader", () => {
  assert.ok(compile(transferOperationSchema)({ ...operation, forecast: {} }));
  assert.ok(compile(functionResourceSchema)({ ...resource, load: 0.4 }));
  assert.equal(compile(transferOperationSchema)({ ...operation, state: "DONE" }), false);
  assert.equal(compile(problemDetailsSchema)({ ...problem, status: 200 }), false);
});
