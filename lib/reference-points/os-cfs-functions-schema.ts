// JSON Schemas (draft-07) of the function operations of os-cfs, for the HTTP server to check with and to publish.
import { problemDetailsSchema } from "./os-cfs-schema.ts";

const kind = { type: "string", enum: ["I-CSCF", "CFD"] } as const;
const time = { type: "number", minimum: 0, description: "Milliseconds since 1970" } as const;
const timeOrNull = { type: ["number", "null"], minimum: 0, description: "Milliseconds since 1970" } as const;
const u16 = { type: "integer", minimum: 0, maximum: 65_535 } as const;

const deadline = {
  type: "number",
  exclusiveMinimum: 0,
  maximum: 604_800,
  description: "Seconds after which a change that fails is not tried again; default: the setting of the CFS",
} as const;

/** Body of `PUT /os-cfs/v1/functions/{name}`. */
export const functionRequestSchema = {
  type: "object",
  additionalProperties: false,
  required: ["kind", "addresses"],
  properties: {
    kind,
    addresses: {
      type: "array",
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      items: { type: "string", minLength: 2, maxLength: 45, description: "Literal, IPv6 without brackets" },
    },
    port: { type: "integer", minimum: 1, maximum: 65_535, description: "Default 5060" },
    transports: {
      type: "array",
      minItems: 1,
      uniqueItems: true,
      items: { type: "string", enum: ["udp", "tcp"] },
      description: "Default both",
    },
    priority: { ...u16, description: "The lowest is tried first (RFC 2782); default 10" },
    weight: { ...u16, description: "Share among those of one priority (RFC 2782); default 10" },
    deadline,
  },
} as const;

/** Query of `DELETE /os-cfs/v1/functions/{name}`: texts, as they stand in a query. */
export const removeFunctionQuerySchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    kind: { ...kind, description: "Needed for a function that the CFS does not know" },
    failed: {
      type: "string",
      enum: ["true", "false"],
      description: "It has failed: the life of its records in resolvers is not waited for; default false",
    },
    force: {
      type: "string",
      enum: ["true", "false"],
      description: "Remove it though no other one of its kind is left; default false",
    },
    deadline: { type: "string", pattern: "^[1-9]\\d{0,5}$", description: deadline.description },
  },
} as const;

/** `GET /os-cfs/v1/function-operations/{id}`, and the body of the 202. */
export const functionOperationSchema = {
  type: "object",
  required: [
    "id",
    "action",
    "function",
    "kind",
    "state",
    "step",
    "request",
    "failed",
    "force",
    "startedAt",
    "endedAt",
    "deadlineAt",
    "changes",
    "changedAt",
    "mayBeStoppedAt",
    "mayBeStopped",
    "retryAt",
    "updates",
  ],
  properties: {
    id: { type: "string", minLength: 1 },
    action: { type: "string", enum: ["add", "remove"] },
    function: { type: "string", minLength: 1 },
    kind,
    state: {
      type: "string",
      enum: ["STARTING", "PROCESSING", "COMPLETED", "FAILED_TEMP", "FAILED", "ROLLING_BACK", "ROLLED_BACK"],
    },
    step: {
      type: "string",
      enum: [
        "accepted",
        "reading",
        "writing",
        "verifying",
        "waiting",
        "retrying",
        "given up",
        "completed",
        "failed",
      ],
    },
    request: { ...functionRequestSchema, type: ["object", "null"] },
    failed: { type: "boolean" },
    force: { type: "boolean" },
    startedAt: time,
    endedAt: timeOrNull,
    deadlineAt: time,
    changes: { type: "array", items: { type: "string" }, description: "In nsupdate's words" },
    changedAt: timeOrNull,
    mayBeStoppedAt: timeOrNull,
    mayBeStopped: { type: "boolean" },
    retryAt: timeOrNull,
    updates: { type: "integer", minimum: 0 },
    problem: problemDetailsSchema,
  },
} as const;
