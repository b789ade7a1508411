import { z } from "zod"
import { AppError } from "#core/errors.ts"
import { calculate, longestExpression } from "./calculate.ts"
import { convertUnits, unitOf } from "./convertUnits.ts"
import { defineTool, harmless, type Tool } from "./tool.ts"

const noResult = (message: string): AppError =>
  new AppError("tool.no-result", message, { remedy: "Call it with other arguments." })

const unitWords = z.string().max(40)

/** Tools that come with ZenGlow and touch nothing. */
export const builtInTools: readonly Tool[] = [
  defineTool({
    ...harmless,
    name: "calculate",
    description: "Works out a sum: numbers, + - * / ^ %, brackets, sqrt, round, min, max.",
    input: z.strictObject({ expression: z.string().min(1).max(longestExpression) }),
    output: z.object({ value: z.string() }),
    async run({ expression }) {
      const value = await calculate(expression)
      if (value === null) throw noResult("This is no arithmetic, or has no finite value.")
      return { value }
    },
  }),
  defineTool({
    ...harmless,
    name: "convert_units",
    description: "Converts an amount between units of length, weight, volume, temperature, time, speed or area.",
    input: z.strictObject({ amount: z.number(), from: unitWords, to: unitWords }),
    output: z.object({ value: z.string() }),
    async run({ amount, from, to }) {
      const [source, target] = [unitOf(from), unitOf(to)]
      const value = source && target ? await convertUnits(amount, source, target) : null
      if (value === null) throw noResult(`${from} cannot be converted to ${to}.`)
      return { value }
    },
  }),
  defineTool({
    ...harmless,
    name: "date_time",
    description: "The date and time now, here or in a time zone such as Asia/Tokyo.",
    input: z.strictObject({ zone: z.string().max(60).optional() }),
    output: z.object({ text: z.string() }),
    async run({ zone }, { now }) {
      try {
        const place = zone === undefined ? {} : { timeZone: zone }
        return {
          text: new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short", ...place }).format(now),
        }
      } catch {
        throw noResult("There is no such time zone.")
      }
    },
  }),
]
