import { hearRate } from "./contract.ts"
import { createSlidingMost } from "./slidingMost.ts"

/** What was played lately, by the moment in what is heard at which it left. All 16 kHz. */
export interface PlayedHistory {
  /** So many more samples of the microphone came now. */
  heard(count: number): void
  /** These leave for the loudspeaker now, behind what has not been played yet. True: its place moved against what is heard. */
  write(samples: Float32Array): boolean
  /** Up to this sample of the microphone it is known what was played. */
  readonly end: number
  /** Fills `into` with what left from the sample `from` of the microphone on; silence where nothing did. */
  read(from: number, into: Float32Array): void
}

/** Two seconds: what is heard waits at most half a second for us. */
const kept = 32_768
/** What is played is placed so far before the moment it was handed over at: later than it really is would be behind its own echo. */
const ahead = 0.03 * hearRate
/** The pace of two clocks is the canceller's business; more than this is a pause that one of them made. */
const farthest = 0.015 * hearRate
/** Between two moments a process may stand still for a while; within this time it is on time once. */
const windowMs = 1000

/**
 * A process that stands still for a moment lets the loudspeaker run dry, and reads what was heard meanwhile in one go: counting samples alone
 * would move the echo each time, by as much. So what is played follows the clock, by those moments of the last second that were on time.
 *
 * @param now Monotonic milliseconds.
 */
export function createPlayedHistory(now: () => number): PlayedHistory {
  const history = new Float32Array(kept)
  const perMs = hearRate / 1000
  /** Of the microphone's samples at the moment 0 of the clock: those that came earliest are on time. */
  const origins = createSlidingMost(windowMs)
  /** How far what is played is before the clock: it is furthest when it was handed over on time. */
  const leads = createSlidingMost(windowMs)
  let heardCount = 0
  let end = 0
  let isAnchored = false

  /** Silence is filled in, or the latest is written over. */
  const moveTo = (place: number): void => {
    for (let at = Math.max(end, place - kept); at < place; at++) history[at % kept] = 0
    end = Math.max(0, place)
    leads.clear()
  }

  return {
    heard(count) {
      const at = now()
      heardCount += count
      origins.push(heardCount - at * perMs, at)
    },
    get end() {
      return end
    },
    write(samples) {
      const at = now()
      let isMoved = false
      const origin = origins.most()
      if (origin !== null) {
        const moment = Math.round(origin + at * perMs)
        leads.push(end - moment, at)
        const lead = leads.most(windowMs / 2)
        if (!isAnchored || (lead !== null && Math.abs(lead - ahead) > farthest)) {
          moveTo(isAnchored ? end - (lead ?? 0) + ahead : moment + ahead)
          isAnchored = true
          isMoved = true
        }
      }
      for (const [index, sample] of samples.entries()) history[(end + index) % kept] = sample
      end += samples.length
      return isMoved
    },
    read(from, into) {
      for (let at = 0; at < into.length; at++) {
        const place = from + at
        into[at] = place >= 0 && place < end && place >= end - kept ? (history[place % kept] as number) : 0
      }
    },
  }
}
