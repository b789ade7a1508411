import type { TurnEventBody } from "#contract/turns.ts"
import { calculate } from "./calculate.ts"
import { convertUnits } from "./convertUnits.ts"
import type { ToolIntent } from "./recogniseTool.ts"

/** The answer that a tool worked out, or null where there is none: the question then goes the way of all others. */
export async function toolAnswer(intent: ToolIntent, now: Date): Promise<TurnEventBody[] | null> {
  const text = await worked(intent, now)
  if (text === null) return null
  return [
    { type: "text-delta", text },
    { type: "text-end", model: null, text, spans: [], usage: null, contextTokens: 0, contextLimit: 0, found: true },
  ]
}

async function worked(intent: ToolIntent, now: Date): Promise<string | null> {
  switch (intent.tool) {
    case "calculator": {
      const value = await calculate(intent.expression)
      // Signs that Markdown would take for emphasis are shown as people write them.
      const shown = intent.expression.replace(/\s*\*\s*/g, " × ").replace(/sqrt\(([\d.]+)\)/g, "√$1")
      return value === null ? null : `${shown} = ${value}`
    }
    case "units": {
      const value = await convertUnits(intent.amount, intent.from, intent.to)
      return value === null ? null : `${intent.amount} ${intent.fromWords} = ${value} ${intent.toWords}`
    }
    case "clock": {
      const zone = intent.zone === null ? {} : { timeZone: intent.zone.name }
      if (intent.asks === "date")
        return `It is ${new Intl.DateTimeFormat("en-GB", { dateStyle: "full", ...zone }).format(now)}.`
      const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", ...zone }).format(now)
      return `It is ${time}${intent.zone === null ? "" : ` in ${intent.zone.place}`}.`
    }
  }
}
