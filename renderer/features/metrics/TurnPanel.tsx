import type { Message } from "#contract/conversations.ts"
import { formatCount, formatDuration } from "../../ui/format.ts"
import { useModels } from "../models/modelsStore.ts"
import { strings } from "./strings.ts"
import { TraceView } from "./TraceView.tsx"
import { Waterfall } from "./Waterfall.tsx"
import "./metrics.css"

/** How an answer was made: model, tokens, and the time of each stage. */
export default function TurnPanel({ message }: { message: Message }) {
  const name = useModels((state) => state.items.find((model) => model.id === message.model)?.name ?? message.model)
  const endMs = Math.max(0, ...message.timings.map((timing) => timing.endMs))
  const facts: [string, string][] = [
    [strings.panel.model, name ?? strings.panel.quoted],
    ...(message.usage
      ? [
          [
            strings.panel.prompt,
            strings.panel.promptValue(formatCount(message.usage.promptTokens), formatCount(message.usage.cachedTokens)),
          ] as [string, string],
          [strings.panel.answer, strings.panel.answerValue(formatCount(message.usage.completionTokens))] as [
            string,
            string,
          ],
        ]
      : []),
    [strings.panel.total, formatDuration(endMs)],
  ]
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long panel scrolls by keyboard
    <div className="side-panel-body scroll" tabIndex={0}>
      <dl className="turn-facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="numbers">{value}</dd>
          </div>
        ))}
      </dl>
      <TraceView
        id={message.id}
        fallback={
          message.timings.length > 0 ? (
            <Waterfall timings={message.timings} />
          ) : (
            <p className="soft">{strings.panel.noTimings}</p>
          )
        }
      />
    </div>
  )
}
