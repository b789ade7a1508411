import { z } from "zod"
import type { Job } from "./jobs.ts"
import type { LogLine, MetricFrame } from "./ops.ts"
import type { ListeningEvent } from "./tuning.ts"
import type { TurnEvent } from "./turns.ts"
import type { WakeEvent } from "./wake.ts"

/**
 * The one multiplexed socket, `/ws`. The bearer travels as the second subprotocol: `["zenglow", "bearer.<token>"]`.
 * Binary frames carry audio: u32 LE stream id, u32 LE sequence, then s16le mono: 16 kHz up, 24 kHz down. A frame without
 * samples ends its stream, like `POST /api/turns/:turnId/release`, but never before frames that were sent earlier.
 */
export const socketProtocol = "zenglow"
export const bearerPrefix = "bearer."
export const uplinkSampleRate = 16_000
export const downlinkSampleRate = 24_000

/** What a client may say. Channels: `turn:<id>`, `jobs`, `metrics`, `wake`, `listening`, `documents`, `models`, `settings`. */
export const clientMessage = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("subscribe"),
    channel: z.string().max(100),
    afterSeq: z.number().int().optional(),
    intervalMs: z.number().int().min(250).max(10_000).optional(),
  }),
  z.strictObject({ type: z.literal("unsubscribe"), channel: z.string().max(100) }),
  z.strictObject({ type: z.literal("ping") }),
])
export type ClientMessage = z.infer<typeof clientMessage>

/** What the core says. `documents`, `models` and `settings` carry no payload: they say that a list changed. */
export type ServerMessage =
  | { channel: `turn:${string}`; seq: number; type: "turn-event"; event: TurnEvent }
  | { channel: "jobs"; seq: number; type: "job"; job: Job }
  | { channel: "metrics"; seq: number; type: "metrics"; frame: MetricFrame }
  | { channel: "wake"; seq: number; type: "wake"; event: WakeEvent }
  | { channel: "listening"; seq: number; type: "listening"; event: ListeningEvent }
  | { channel: "logs"; seq: number; type: "log"; line: LogLine }
  | {
      channel: "documents" | "models" | "settings" | "conversations" | "memory" | "artifacts"
      seq: number
      type: "changed"
      id: string | null
    }
  | { channel: "socket"; seq: number; type: "pong" | "subscribed" | "error"; message?: string }

/** Bytes before the samples of a binary frame. */
export const audioHeaderBytes = 8
