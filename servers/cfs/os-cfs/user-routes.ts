// /users: everybody whom the CFS knows, and whom it knows of without a record.
import type { FastifyInstance } from "fastify";
import type { Operations } from "../operations/operations.ts";
import { sendResult } from "./reply.ts";
import { allUsersSchema, problems, queriedUserSchema } from "./schemas.ts";

export function addUserRoutes(routes: FastifyInstance, operations: Operations): void {
  routes.get(
    "/users",
    {
      schema: {
        operationId: "listAllUsers",
        summary: "All registrations, and how many are unknown to the location service and why",
        response: { 200: allUsersSchema },
      },
    },
    async (_request, reply) => sendResult(reply, await operations.listAllUsers()),
  );
  routes.post<{ Params: { user: string } }>(
    "/users/:user/query",
    {
      schema: {
        operationId: "queryUser",
        summary: "Asks the LCFs of a user for their dialogs: shows that commands reach them, changes nothing",
        params: {
          type: "object",
          required: ["user"],
          properties: {
            user: { type: "string", maxLength: 255, description: "Public identity, URL-encoded" },
          },
        },
        response: { 200: queriedUserSchema, ...problems(404) },
      },
    },
    async (request, reply) => sendResult(reply, await operations.queryUser(request.params.user)),
  );
}
