import { Info } from "lucide-react"
import { Popover } from "radix-ui"
import type { Passage } from "#contract/turns.ts"
import { Button } from "../../ui/Button.tsx"
import { loadShown, type Shown, useFeedback } from "./feedbackStore.ts"
import { scoreParts } from "./scoreParts.ts"
import { strings } from "./strings.ts"

/** Opens what a passage's score is made of. */
export function WhyHere({ queryId, passage }: { queryId: string | null; passage: Passage }) {
  const shown = useFeedback((state) => (queryId === null ? null : state.shown[queryId]))
  return (
    <Popover.Root
      onOpenChange={(isOpen) => {
        if (isOpen && queryId !== null) void loadShown(queryId)
      }}
    >
      <Popover.Trigger asChild>
        <Button small>
          <Info size={13} aria-hidden />
          {strings.why}
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className="popover why scroll"
          sideOffset={8}
          collisionPadding={12}
          align="start"
          aria-label={strings.why}
        >
          <Reasons shown={shown} passage={passage} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Reasons({ shown, passage }: { shown: Shown | null | undefined; passage: Passage }) {
  const own = shown?.passages.find((entry) => entry.chunk_id === passage.chunkId)
  if (shown === undefined) return <p className="soft">{strings.loading}</p>
  if (!shown || !own) {
    return (
      <>
        <p className="soft">{strings.unknown}</p>
        <dl className="why-sum">
          <Line name={strings.score} value={passage.score} />
          <Line name={strings.similarity} value={passage.similarity} />
        </dl>
      </>
    )
  }
  const parts = scoreParts(own, shown.scoring)
  const largest = Math.max(...parts.learned.contributions.map(({ value }) => Math.abs(value)), 1e-9)
  return (
    <>
      <h3>{strings.whyTitle(own.position)}</h3>
      <MovedBy places={shown.moved[passage.chunkId] ?? 0} />
      <dl className="why-sum">
        <Line name={strings.learned} value={parts.learned.score} share={parts.learned.share} />
        <Line name={strings.conceptual} value={parts.conceptual.score} share={parts.conceptual.share} />
        {parts.adjustments.map(({ name, value, reason }) => (
          <Line key={name} name={reason} value={value} isStep />
        ))}
        <Line name={strings.total} value={parts.total} isTotal />
      </dl>
      <h4>{strings.features}</h4>
      <ul className="plain-list why-features">
        {parts.learned.contributions.map(({ name, value }) => (
          <li key={name}>
            <span className="truncate">{strings.names[name] ?? name}</span>
            <span className={`why-bar ${value < 0 ? "negative" : ""}`} aria-hidden>
              <span style={{ width: `${(100 * Math.abs(value)) / largest}%` }} />
            </span>
            <span className="numbers faint">{signed(value)}</span>
          </li>
        ))}
      </ul>
      <p className="faint">{strings.formula(shown.scoring.ranking.version)}</p>
    </>
  )
}

/** "Moved up 2 by your feedback"; nothing when it was not moved. */
export function MovedBy({ places }: { places: number }) {
  if (places === 0) return null
  return <p className="why-moved">{places > 0 ? strings.movedUp(places) : strings.movedDown(-places)}</p>
}

interface LineProps {
  name: string
  value: number
  share?: number
  isStep?: boolean
  isTotal?: boolean
}

function Line({ name, value, share, isStep, isTotal }: LineProps) {
  return (
    <div className={isTotal ? "why-total" : ""}>
      <dt>{name}</dt>
      <dd className="numbers">
        {isStep ? signed(value) : value.toFixed(2)}
        {share === undefined ? null : <span className="faint"> {strings.of(share)}</span>}
      </dd>
    </div>
  )
}

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`
