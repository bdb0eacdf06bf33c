// What an operation gave, as an HTTP answer.
import type { FastifyReply } from "fastify";
import type { OperationResult } from "../operations/operations.ts";
import { sendProblem } from "./errors.ts";

/** The value with the status, or the problem with its own. */
export function sendResult(
  reply: FastifyReply,
  result: OperationResult<unknown>,
  status: 200 | 202 = 200,
): FastifyReply {
  if (!result.ok) return sendProblem(reply, result.problem);
  return reply.code(status).type("application/json").send(result.value);
}
