/** The window's loudspeaker: which one, and sound that goes there. */

const storageKey = "zenglow.loudspeaker"
type WithSink = AudioContext & { setSinkId(id: string): Promise<void> }

/** Every context that plays, so that a choice acts at once. */
const playing = new Set<AudioContext>()

/** Can this browser choose? Chromium from 110 on. */
export const canChooseOutput = (): boolean => "setSinkId" in AudioContext.prototype

/** Null: what the system uses. */
export const loudspeakerId = (): string | null => window.localStorage.getItem(storageKey) || null

export function chooseLoudspeaker(deviceId: string): void {
  window.localStorage.setItem(storageKey, deviceId)
  for (const context of playing) void direct(context)
}

/** An audio context on the chosen loudspeaker, or on the system's when that is gone. */
export async function openOutput(options: AudioContextOptions): Promise<AudioContext> {
  const context = new AudioContext(options)
  playing.add(context)
  context.addEventListener("statechange", () => {
    if (context.state === "closed") playing.delete(context)
  })
  await direct(context)
  return context
}

async function direct(context: AudioContext): Promise<void> {
  if (!canChooseOutput()) return
  // A loudspeaker that was unplugged: the system's own goes on.
  await (context as WithSink).setSinkId(loudspeakerId() ?? "").catch(() => undefined)
}
