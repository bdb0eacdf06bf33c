// JSON Schemas (draft-07) of os-cfs, for the HTTP server to check with and to publish. What people and scripts send
// allows no unknown members: a mistyped option must not be ignored. What the CFS sends may grow.

const functionName = {
  type: "string",
  minLength: 1,
  maxLength: 255,
  description: "Name of a control function: host, or host:port where several share the host",
} as const;

const identity = {
  type: "string",
  minLength: 1,
  maxLength: 512,
  pattern: '^(sips?|tel):[^\\s<>"]+$',
  description: "Public identity, such as sip:alice@open-ims.test",
} as const;

const time = { type: "number", minimum: 0, description: "Milliseconds since 1970" } as const;
const count = { type: "integer", minimum: 0 } as const;

export const transferTargetSchema = {
  type: "object",
  additionalProperties: false,
  required: ["function"],
  properties: {
    function: functionName,
    weight: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1_000_000,
      description: "Share relative to the other targets; default 1",
    },
  },
} as const;

export const paceSchema = {
  type: "object",
  additionalProperties: false,
  required: ["mode"],
  properties: {
    mode: { type: "string", enum: ["parallel", "fixed"] },
    usersPerSecond: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 10_000,
      description: "For fixed; default 5",
    },
    usersInFlight: {
      type: "integer",
      minimum: 1,
      description: "Never more users under way; default no limit, in a change of S-CSCF 10",
    },
  },
} as const;

/** Body of `POST /os-cfs/v1/transfers`: either a function with the load to leave on it, or users. */
export const transferRequestSchema = {
  type: "object",
  additionalProperties: false,
  required: ["targets", "reason"],
  properties: {
    function: functionName,
    load: {
      type: "number",
      minimum: 0,
      maximum: 1,
      description: "Share of the function's present users to leave on it; 0 is a drain and a standing order",
    },
    users: { type: "array", minItems: 1, maxItems: 1_000_000, uniqueItems: true, items: identity },
    targets: { type: "array", minItems: 1, maxItems: 1_000, items: transferTargetSchema },
    reason: { type: "string", enum: ["overload", "underload", "removal", "failure", "maintenance"] },
    dryRun: { type: "boolean", description: "Only plan; default false" },
    pace: paceSchema,
    deadline: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 604_800,
      description: "Seconds after which nothing new is tried; default 600",
    },
  },
  oneOf: [
    { required: ["function", "load"], not: { required: ["users"] } },
    { required: ["users"], not: { anyOf: [{ required: ["function"] }, { required: ["load"] }] } },
  ],
} as const;

/** RFC 9457. */
export const problemDetailsSchema = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string" },
    instance: { type: "string" },
  },
} as const;

export const userLineSchema = {
  type: "object",
  required: [
    "user",
    "from",
    "to",
    "state",
    "reason",
    "commandedAt",
    "reassignedAt",
    "recordSeenAt",
    "endedAt",
  ],
  properties: {
    user: identity,
    from: { type: ["string", "null"] },
    to: { type: ["string", "null"] },
    state: {
      type: "string",
      enum: [
        "planned",
        "commanded",
        "accepted",
        "reassigned",
        "registered",
        "done",
        "staying",
        "skipped",
        "refused",
        "unreachable",
        "timedOut",
        "superseded",
        "rolledBack",
        "aborted",
        "failed",
      ],
    },
    reason: { type: "string" },
    commandedAt: { type: ["number", "null"], minimum: 0 },
    reassignedAt: { type: ["number", "null"], minimum: 0 },
    recordSeenAt: { type: ["number", "null"], minimum: 0 },
    endedAt: { type: ["number", "null"], minimum: 0 },
    registeredAt: { type: ["number", "null"], minimum: 0 },
  },
} as const;

/** `GET /os-cfs/v1/transfers/{id}`, and the body of the 202. */
export const transferOperationSchema = {
  type: "object",
  required: ["id", "state", "request", "standing", "startedAt", "endedAt", "counts", "dialogs", "users"],
  properties: {
    id: { type: "string", minLength: 1 },
    state: {
      type: "string",
      enum: ["STARTING", "PROCESSING", "COMPLETED", "FAILED_TEMP", "FAILED", "ROLLING_BACK", "ROLLED_BACK"],
    },
    request: transferRequestSchema,
    standing: { type: "boolean", description: "A drain that has not been ended: latecomers are moved too" },
    startedAt: time,
    endedAt: { type: ["number", "null"], minimum: 0 },
    counts: {
      type: "object",
      required: ["planned", "moved", "left"],
      properties: { planned: count, moved: count, left: count },
      description: "planned = moved + left, once the operation has ended",
    },
    dialogs: {
      type: "object",
      required: ["kept", "pinned", "lost", "endedMeanwhile"],
      properties: { kept: count, pinned: count, lost: count, endedMeanwhile: count },
    },
    users: { type: "array", items: userLineSchema },
    problem: problemDetailsSchema,
  },
} as const;

/** `GET /os-cfs/v1/functions/{name}`. */
export const functionResourceSchema = {
  type: "object",
  required: ["name", "kind", "addresses", "users", "drain"],
  properties: {
    name: functionName,
    kind: { type: "string", enum: ["P-CSCF", "S-CSCF", "I-CSCF", "CFD"] },
    addresses: { type: "array", items: { type: "string" } },
    users: count,
    drain: {
      type: ["object", "null"],
      required: ["operation", "since"],
      properties: { operation: { type: "string" }, since: time },
    },
    dns: {
      type: "object",
      required: ["present", "operation"],
      description: "Of an I-CSCF or a CFD: what the CFS has done about its records",
      properties: { present: { type: ["boolean", "null"] }, operation: { type: ["string", "null"] } },
    },
  },
} as const;

/** `GET /os-cfs/v1/functions`. */
export const functionListSchema = {
  type: "object",
  required: ["functions"],
  properties: { functions: { type: "array", items: functionResourceSchema } },
} as const;
