import { ThumbsDown, ThumbsUp } from "lucide-react"
import { useEffect } from "react"
import type { Passage } from "#contract/turns.ts"
import { IconButton } from "../../ui/Button.tsx"
import { loadShown, note, rate, thumbOf, useFeedback } from "./feedbackStore.ts"
import { strings } from "./strings.ts"
import { MovedBy, WhyHere } from "./WhyHere.tsx"
import "./feedback.css"

/** Shorter looks are glances on the way to the next passage. */
const shortestDwellMs = 2000

/** Why a passage stands where it stands, and what the person thinks of it. While it is shown, opening and reading are noted. */
export function PassageActions({ queryId, passage }: { queryId: string | null; passage: Passage }) {
  const { chunkId } = passage
  const shown = useFeedback((state) => (queryId === null ? null : state.shown[queryId]))
  useEffect(() => {
    if (queryId === null) return
    note(queryId, chunkId, "click")
    void loadShown(queryId)
    return followReading((readMs) => note(queryId, chunkId, "dwell", readMs))
  }, [queryId, chunkId])
  const thumb = thumbOf(shown, chunkId)
  const isListed = shown?.passages.some((entry) => entry.chunk_id === chunkId) ?? false
  return (
    <div className="passage-actions">
      <WhyHere queryId={queryId} passage={passage} />
      {queryId !== null && isListed
        ? (["up", "down"] as const).map((kind) => {
            const Icon = kind === "up" ? ThumbsUp : ThumbsDown
            return (
              <IconButton
                small
                key={kind}
                label={strings[kind]}
                aria-pressed={thumb === kind}
                onClick={() => void rate(queryId, chunkId, kind)}
              >
                <Icon size={14} fill={thumb === kind ? "currentColor" : "none"} />
              </IconButton>
            )
          })
        : null}
      <MovedBy places={shown?.moved[chunkId] ?? 0} />
    </div>
  )
}

/** Measures how long the page was in front; the returned function ends the measuring and tells. */
function followReading(tell: (readMs: number) => void): () => void {
  let readMs = 0
  let since: number | null = document.hidden ? null : performance.now()
  const pause = (): void => {
    if (since !== null) readMs += performance.now() - since
    since = null
  }
  const onVisibility = (): void => {
    pause()
    if (!document.hidden) since = performance.now()
  }
  document.addEventListener("visibilitychange", onVisibility)
  return () => {
    document.removeEventListener("visibilitychange", onVisibility)
    pause()
    if (readMs >= shortestDwellMs) tell(Math.round(readMs))
  }
}
