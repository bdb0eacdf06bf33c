// /functions: what is there, who is on it, may it be stopped, the end of a standing order; I-CSCFs and CFDs come and go.
import { osCfsRoot } from "@liquid-ims/reference-points/os-cfs";
import type { DnsFunctionKind, FunctionRequest } from "@liquid-ims/reference-points/os-cfs-functions";
import {
  functionOperationSchema,
  functionRequestSchema,
  removeFunctionQuerySchema,
} from "@liquid-ims/reference-points/os-cfs-functions-schema";
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

/** `DELETE /functions/{name}`: a query is text. */
interface RemoveQuery {
  readonly kind?: DnsFunctionKind;
  readonly failed?: "true" | "false";
  readonly force?: "true" | "false";
  readonly deadline?: string;
}

const operationParams = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "string", maxLength: 200, description: "Id of a function operation" } },
} as const;

/** I-CSCFs and CFDs by DNS: RFC 2136, RFC 8945. */
function addDnsRoutes(routes: FastifyInstance, operations: Operations): void {
  const locationOf = (id: string) => `${osCfsRoot}/function-operations/${id}`;
  routes.put<Named & { Body: FunctionRequest }>(
    "/functions/:name",
    {
      schema: {
        operationId: "putFunction",
        summary: "Brings an I-CSCF or a CFD into the DNS, or gives it other records",
        params,
        body: functionRequestSchema,
        response: { 202: functionOperationSchema, ...problems(400, 409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const result = await operations.putFunction(request.params.name, request.body);
      if (result.ok) void reply.header("Location", locationOf(result.value.id));
      return sendResult(reply, result, 202);
    },
  );
  routes.delete<Named & { Querystring: RemoveQuery }>(
    "/functions/:name",
    {
      schema: {
        operationId: "removeFunction",
        summary: "Takes an I-CSCF or a CFD out of the DNS; it may be stopped when the operation is COMPLETED",
        params,
        querystring: removeFunctionQuerySchema,
        response: { 202: functionOperationSchema, ...problems(404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { kind, failed, force, deadline } = request.query;
      const result = await operations.removeFunction(request.params.name, {
        ...(kind === undefined ? {} : { kind }),
        failed: failed === "true",
        force: force === "true",
        ...(deadline === undefined ? {} : { deadline: Number(deadline) }),
      });
      if (result.ok) void reply.header("Location", locationOf(result.value.id));
      return sendResult(reply, result, 202);
    },
  );
  routes.get<{ Params: { id: string } }>(
    "/function-operations/:id",
    {
      schema: {
        operationId: "getFunctionOperation",
        summary: "How an I-CSCF or a CFD comes into the DNS, or goes",
        params: operationParams,
        response: { 200: functionOperationSchema, ...problems(404) },
      },
    },
    async (request, reply) => sendResult(reply, await operations.getFunctionOperation(request.params.id)),
  );
}

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
  addDnsRoutes(routes, operations);
}
