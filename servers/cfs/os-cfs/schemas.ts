// JSON Schemas of what os-cfs answers beside the resources that lib/reference-points describes.
import { problemDetailsSchema, transferOperationSchema } from "@liquid-ims/reference-points/os-cfs-schema";

const count = { type: "integer", minimum: 0 } as const;
const time = { type: "number", minimum: 0, description: "Milliseconds since 1970" } as const;

/** A transfer; a dry run has a forecast. */
export const transferSchema = {
  ...transferOperationSchema,
  properties: {
    ...transferOperationSchema.properties,
    forecast: {
      type: "object",
      required: ["durationMs", "targets"],
      properties: {
        durationMs: { type: "number", minimum: 0, description: "From the first command to the last" },
        targets: {
          type: "array",
          items: {
            type: "object",
            required: ["function", "users", "after"],
            properties: { function: { type: "string" }, users: count, after: count },
          },
        },
      },
    },
  },
} as const;

export const transferListSchema = {
  type: "object",
  required: ["transfers"],
  properties: { transfers: { type: "array", items: transferSchema } },
} as const;

export const canRemoveSchema = {
  type: "object",
  required: ["function", "canRemove", "users", "dialogs", "inflow", "drain", "blockers"],
  properties: {
    function: { type: "string" },
    canRemove: { type: "boolean" },
    users: count,
    dialogs: { ...count, description: "Dialogs reported to go on through it" },
    inflow: {
      type: "array",
      description: "Who came since the drain began, moved on by the standing order",
      items: {
        type: "object",
        required: ["user", "at"],
        properties: { user: { type: "string" }, at: time },
      },
    },
    drain: {
      type: ["object", "null"],
      required: ["operation", "since"],
      properties: { operation: { type: "string" }, since: time },
    },
    blockers: { type: "array", items: { type: "string" } },
  },
} as const;

export const userListSchema = {
  type: "object",
  required: ["users"],
  properties: {
    users: {
      type: "array",
      items: {
        type: "object",
        required: ["user", "identities", "pCscf", "sCscf", "contact", "expiresAt", "unreachable"],
        properties: {
          user: { type: "string" },
          identities: { type: "array", items: { type: "string" } },
          pCscf: { type: ["string", "null"] },
          sCscf: { type: "string" },
          contact: { type: ["string", "null"] },
          expiresAt: time,
          unreachable: { type: ["string", "null"], description: "Why its LCF cannot be reached" },
        },
      },
    },
  },
} as const;

export const queriedUserSchema = {
  type: "object",
  required: ["registrations"],
  properties: {
    registrations: {
      type: "array",
      items: {
        type: "object",
        required: ["user", "contact", "result", "detail", "milliseconds", "dialogs"],
        properties: {
          user: { type: "string" },
          contact: { type: ["string", "null"] },
          result: { type: "string", enum: ["answered", "no answer", "not asked"] },
          detail: { type: "string", description: "Why it was not asked, or why the LCF has refused" },
          milliseconds: { type: ["number", "null"], description: "From the command to its answer" },
          dialogs: { type: ["number", "null"], description: "That the device has now" },
        },
      },
    },
  },
} as const;

export const allUsersSchema = {
  type: "object",
  required: ["users", "location", "unknown"],
  properties: {
    users: userListSchema.properties.users,
    location: {
      type: "object",
      required: ["createdAt"],
      properties: {
        createdAt: { ...time, type: ["number", "null"], description: "When the store was made" },
      },
    },
    unknown: {
      type: "object",
      description: "LCFs that speak with the CFS without a location record",
      required: ["count", "reasons", "users"],
      properties: {
        count,
        reasons: {
          type: "array",
          items: {
            type: "object",
            required: ["reason", "count", "remedy"],
            properties: { reason: { type: "string" }, count, remedy: { type: "string" } },
          },
        },
        users: {
          type: "array",
          items: {
            type: "object",
            required: ["user", "registration", "reason"],
            properties: {
              user: { type: "string" },
              registration: { type: ["string", "null"] },
              reason: { type: "string" },
            },
          },
        },
      },
    },
  },
} as const;

/** Problem details for each of these statuses. */
export function problems<const Status extends number>(...statuses: readonly Status[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: "Problem details",
        content: { "application/problem+json": { schema: problemDetailsSchema } },
      },
    ]),
  );
}
