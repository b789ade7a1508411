import type { ToolView } from "#contract/tools.ts"
import { type Actor, hasScope, isOwnerPerson } from "#core/actor.ts"
import { AppError } from "#core/errors.ts"
import { untilAborted } from "#core/untilAborted.ts"
import { jsonSchemaOf, type Tool } from "./tool.ts"

export interface ToolCall {
  name: string
  arguments: unknown
  /** The person agreed to this call. */
  isConfirmed: boolean
}

export interface Tools {
  /** Those this person may call. */
  list(actor: Actor): ToolView[]
  /** The parsed result. Throws `tool.*`. */
  call(actor: Actor, call: ToolCall, signal: AbortSignal): Promise<unknown>
}

/** The tools there are. Every call, whoever asks for it, is checked here. */
export function createTools(tools: readonly Tool[], now: () => Date): Tools {
  const isAllowed = (actor: Actor, { scope, confirmation }: Tool): boolean =>
    hasScope(actor, scope) && (confirmation !== "owner" || isOwnerPerson(actor))

  return {
    list: (actor) => tools.filter((tool) => isAllowed(actor, tool)).map(viewOf),
    async call(actor, { name, arguments: given, isConfirmed }, signal) {
      const tool = tools.find((one) => one.name === name)
      if (!tool || !isAllowed(actor, tool))
        throw new AppError("tool.not-found", "There is no such tool for you.", { remedy: "See GET /api/tools." })
      const input = tool.input.safeParse(given)
      if (!input.success)
        throw new AppError("tool.bad-arguments", `These are no arguments of ${name}.`, {
          remedy: "Send what its input schema says.",
          details: input.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
        })
      if (tool.confirmation === "ask" && !isConfirmed)
        throw new AppError("tool.needs-confirmation", `${name} is called only when you agree.`, {
          remedy: "Look at the arguments and send the call again with `confirmed`.",
        })
      const result = await inTime(tool, input.data, { actor, now: now() }, signal)
      if (Buffer.byteLength(JSON.stringify(result) ?? "") > tool.outputBytes)
        throw new AppError("tool.too-large", `The result of ${name} is larger than ${tool.outputBytes} bytes.`, {
          remedy: "Ask for less at once.",
        })
      return tool.output.parse(result)
    },
  }
}

async function inTime(
  tool: Tool,
  input: unknown,
  context: { actor: Actor; now: Date },
  signal: AbortSignal,
): Promise<unknown> {
  const limit = AbortSignal.timeout(tool.timeoutMs)
  const either = AbortSignal.any([signal, limit])
  try {
    return await untilAborted(tool.run(input, { ...context, signal: either }), either)
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error
    throw new AppError("tool.timeout", `${tool.name} took longer than ${tool.timeoutMs} ms.`, {
      remedy: "Try again, or ask for less at once.",
    })
  }
}

const viewOf = ({ name, description, input, output, confirmation, timeoutMs, outputBytes }: Tool): ToolView => ({
  name,
  description,
  input: jsonSchemaOf(input),
  output: jsonSchemaOf(output),
  confirmation,
  timeoutMs,
  outputBytes,
})
