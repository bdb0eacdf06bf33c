// What goes wrong over HTTP as problem details, each naming the field, its value and the remedy. RFC 9457.
import { osCfsRoot, type ProblemDetails } from "@liquid-ims/reference-points/os-cfs";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { type Problem, problem } from "../operations/problem.ts";

/** Sends problem details. */
export function sendProblem(reply: FastifyReply, details: ProblemDetails): FastifyReply {
  return reply.code(details.status).type("application/problem+json").send(JSON.stringify(details));
}

interface SchemaFlaw {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** `/targets/0/weight` as `targets[0].weight`. */
function fieldOf(path: string): string {
  return path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}

function valueAt(body: unknown, path: string): unknown {
  let value = body;
  for (const part of path.split("/").slice(1)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(
      part.replaceAll("~1", "/").replaceAll("~0", "~"),
    );
  }
  return value;
}

function inside(field: string, member: unknown): string {
  return field === "" ? String(member) : `${field}.${String(member)}`;
}

function schemaProblem(flaw: SchemaFlaw, body: unknown): Problem {
  const { keyword, instancePath, params, message = "is wrong" } = flaw;
  const field = fieldOf(instancePath);
  const value = valueAt(body, instancePath);
  const subject = (name: string, given: unknown, remedy: string) =>
    problem("invalid-request", { field: name === "" ? "body" : name, value: given, remedy });
  switch (keyword) {
    case "additionalProperties": {
      const member = params["additionalProperty"];
      const given = valueAt(body, `${instancePath}/${String(member)}`);
      return subject(inside(field, member), given, "is no member of it; look at /os-cfs/v1/openapi.json");
    }
    case "required":
      return subject(inside(field, params["missingProperty"]), undefined, "is missing; give it");
    case "enum":
      return subject(field, value, `must be one of ${JSON.stringify(params["allowedValues"])}`);
    case "oneOf":
    case "not":
      if (typeof body !== "object" || body === null || Array.isArray(body))
        return subject("", body, "must be object");
      return subject(field, undefined, "needs either function and load, or users: give one of the two");
    default:
      return subject(field, value, message);
  }
}

/** Fastify's own errors, by its code. */
function ownProblem(error: FastifyError, request: FastifyRequest): Problem {
  const type = request.headers["content-type"];
  switch (error.code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return problem("wrong-content-type", {
        field: "Content-Type",
        value: type,
        remedy: "send application/json",
      });
    case "FST_ERR_CTP_BODY_TOO_LARGE": {
      const value = Number(request.headers["content-length"] ?? Number.NaN);
      const remedy = `send at most ${request.routeOptions.bodyLimit} bytes`;
      return problem("body-too-long", {
        field: "body",
        value: Number.isNaN(value) ? undefined : value,
        remedy,
      });
    }
    case "FST_ERR_CTP_EMPTY_JSON_BODY":
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return problem("malformed-json", {
        field: "body",
        value: undefined,
        remedy: `${error.message}; send JSON`,
      });
    default:
      if (error instanceof SyntaxError)
        return problem("malformed-json", {
          field: "body",
          value: undefined,
          remedy: `${error.message}; send JSON`,
        });
      if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
        const details = problem("bad-request", { field: "request", value: undefined, remedy: error.message });
        return { ...details, status: error.statusCode };
      }
      return problem("internal-error", {
        field: "request",
        value: undefined,
        remedy: "report it; the CFS goes on",
      });
  }
}

/** The error handler of the server. */
export function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Of "this or that" the parts are listed before the whole, which says what is meant.
  const flaw = error.validation?.find(({ keyword }) => keyword === "oneOf") ?? error.validation?.[0];
  if (flaw !== undefined) {
    const body = error.validationContext === "body" ? request.body : request.query;
    return sendProblem(reply, schemaProblem(flaw, body));
  }
  const details = ownProblem(error, request);
  return sendProblem(reply, details);
}

const methods: readonly HTTPMethods[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** 405 where the path is a resource with other methods, else 404. */
export function sendNotFound(
  server: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const path = request.url.split("?")[0] ?? "/";
  const allowed = methods.filter((method) => server.findRoute({ url: path, method }) !== null);
  if (allowed.length === 0) {
    const remedy = `look at ${osCfsRoot}/openapi.json`;
    return sendProblem(reply, problem("unknown-resource", { field: "path", value: path, remedy }));
  }
  void reply.header("Allow", allowed.join(", "));
  const remedy = `use ${allowed.join(" or ")}`;
  return sendProblem(
    reply,
    problem("method-not-allowed", { field: "method", value: request.method, remedy }),
  );
}
