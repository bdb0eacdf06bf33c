// /transfers: begin, look at, cancel. Asynchronous operations in the manner of ETSI GS NFV-SOL 003.
import { osCfsRoot, type TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import { transferRequestSchema } from "@liquid-ims/reference-points/os-cfs-schema";
import type { FastifyInstance } from "fastify";
import type { Operations } from "../operations/operations.ts";
import { sendResult } from "./reply.ts";
import { problems, transferListSchema, transferSchema } from "./schemas.ts";

const idParams = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "string", maxLength: 200, description: "Id of a transfer" } },
} as const;

const createHeaders = {
  type: "object",
  properties: {
    "idempotency-key": {
      type: "string",
      minLength: 1,
      maxLength: 200,
      description: "The same key and body again give the transfer that they made the first time",
    },
  },
} as const;

export function addTransferRoutes(routes: FastifyInstance, operations: Operations): void {
  routes.post<{ Body: TransferRequest; Headers: { "idempotency-key"?: string } }>(
    "/transfers",
    {
      schema: {
        operationId: "createTransfer",
        summary: "Moves users away from a function, or the named ones",
        headers: createHeaders,
        body: transferRequestSchema,
        response: { 202: transferSchema, ...problems(400, 404, 409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const key = request.headers["idempotency-key"];
      const result = await operations.createTransfer(
        request.body,
        key === undefined ? {} : { idempotencyKey: key },
      );
      if (result.ok) void reply.header("Location", `${osCfsRoot}/transfers/${result.value.id}`);
      return sendResult(reply, result, 202);
    },
  );
  routes.get(
    "/transfers",
    {
      schema: {
        operationId: "listTransfers",
        summary: "All transfers that are remembered, the newest first, without their users",
        response: { 200: transferListSchema },
      },
    },
    async (_request, reply) => sendResult(reply, await operations.listTransfers()),
  );
  routes.get<{ Params: { id: string } }>(
    "/transfers/:id",
    {
      schema: {
        operationId: "getTransfer",
        summary: "A transfer with its users",
        params: idParams,
        response: { 200: transferSchema, ...problems(404) },
      },
    },
    async (request, reply) => sendResult(reply, await operations.getTransfer(request.params.id)),
  );
  routes.post<{ Params: { id: string } }>(
    "/transfers/:id/cancel",
    {
      schema: {
        operationId: "cancelTransfer",
        summary: "Begins no more moves; those under way end",
        params: idParams,
        response: { 202: transferSchema, ...problems(404, 409) },
      },
    },
    async (request, reply) => sendResult(reply, await operations.cancelTransfer(request.params.id), 202),
  );
}
