// /functions: what is there, who is on it, may it be stopped, the end of a standing order.
import { functionListSchema, functionResourceSchema } from "@liquid-ims/reference-points/os-cfs-schema";
import type { FastifyInstance } from "fastify";
import type { Operations } from "../operations/operations.ts";
import { sendResult } from "./reply.ts";
import { canRemoveSchema, problems, transferSchema, userListSchema } from "./schemas.ts";

type Named = { Params: { name: string } };

const params = {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string", maxLength: 255, description: "Name of a function, URL-encoded" } },
} as const;

export function addFunctionRoutes(routes: FastifyInstance, operations: Operations): void {
  routes.get(
    "/functions",
    {
      schema: {
        operationId: "listFunctions",
        summary: "All functions of the network",
        response: { 200: functionListSchema },
      },
    },
    async (_request, reply) => sendResult(reply, await operations.listFunctions()),
  );
  routes.get<Named>(
    "/functions/:name",
    {
      schema: {
        operationId: "getFunction",
        summary: "A function with its number of users and its standing order",
        params,
        response: { 200: functionResourceSchema, ...problems(404) },
      },
    },
    async (request, reply) => sendResult(reply, await operations.getFunction(request.params.name)),
  );
  routes.get<Named>(
    "/functions/:name/users",
    {
      schema: {
        operationId: "listUsers",
        summary: "Registrations that a function serves",
        params,
        response: { 200: userListSchema, ...problems(404) },
      },
    },
    async (request, reply) => sendResult(reply, await operations.listUsers(request.params.name)),
  );
  routes.get<Named>(
    "/functions/:name/can-remove",
    {
      schema: {
        operationId: "canRemove",
        summary: "Whether a function may be stopped now, and what stands against it",
        params,
        response: { 200: canRemoveSchema, ...problems(404) },
      },
    },
    async (request, reply) => sendResult(reply, await operations.canRemove(request.params.name)),
  );
  routes.delete<Named>(
    "/functions/:name/drain",
    {
      schema: {
        operationId: "endDrain",
        summary: "Ends the standing order that keeps a function empty",
        params,
        response: { 200: transferSchema, ...problems(404) },
      },
    },
    async (request, reply) => sendResult(reply, await operations.endDrain(request.params.name)),
  );
}
