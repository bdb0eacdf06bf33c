// /users: everybody whom the CFS knows, and whom it knows of without a record.
import type { FastifyInstance } from "fastify";
import type { Operations } from "../operations/operations.ts";
import { sendResult } from "./reply.ts";
import { allUsersSchema } from "./schemas.ts";

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
}
