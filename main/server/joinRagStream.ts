import type { RagStreamEvent } from "#contract/ragStream.ts"

type Phase = Extract<RagStreamEvent, { phase: "P0" | "P1" | "P2" }>

/**
 * Goes on with a broken stream by a new run of it. Phases that came out the same are not sent again; once one differs, all of them are,
 * from P0 on, so that deltas still replay. Tokens go on where they ended; an answer that was worded differently replaces them.
 */
export async function* joinRagStream(
  sent: readonly RagStreamEvent[],
  fresh: AsyncIterable<RagStreamEvent>,
): AsyncGenerator<RagStreamEvent> {
  const held: Phase[] = []
  let isSame = true
  let shownText = textOf(sent)
  let text = ""
  for await (const event of fresh) {
    switch (event.phase) {
      case "P0":
      case "P1":
      case "P2": {
        const before = isSame ? sent.findLast((past) => past.phase === event.phase) : undefined
        if (before && JSON.stringify(rankingOf(before as Phase)) === JSON.stringify(rankingOf(event))) {
          held.push(event)
          break
        }
        if (before) {
          isSame = false
          yield* held
        }
        yield event
        break
      }
      case "MEM":
        if (!sent.some((past) => past.phase === "MEM")) yield event
        break
      case "token": {
        text = event.replaces ? event.text : text + event.text
        if (shownText.startsWith(text)) break
        if (text.startsWith(shownText)) yield { phase: "token", text: text.slice(shownText.length) }
        else yield { phase: "token", text, replaces: true }
        shownText = text
        break
      }
      case "answer":
        if (!sent.some((past) => past.phase === "answer" && past.answer === event.answer)) yield event
        break
      default:
        yield event
    }
  }
}

const rankingOf = (phase: Phase): unknown => phase.results.map(({ id, rank, score }) => [id, rank, score])

function textOf(events: readonly RagStreamEvent[]): string {
  let text = ""
  for (const event of events) if (event.phase === "token") text = event.replaces ? event.text : text + event.text
  return text
}
