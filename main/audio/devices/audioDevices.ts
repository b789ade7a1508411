import type { Clock } from "#core/clock.ts"
import { AppError, errorInfo } from "#core/errors.ts"
import type { EngineClient } from "#core/host/types.ts"
import { createHub } from "#core/hub.ts"
import type { Logger } from "#core/logger.ts"
import type { AudioHostContract, DeviceList, HostDevice, StreamPlan, Tuning } from "./contract.ts"
import { type ChannelStatus, type DeviceChannel, openDeviceChannel } from "./deviceChannel.ts"

/** The machine's own microphones and loudspeakers. */
export interface AudioDevices {
  /** What is connected now. Rejects with `audio.no-addon`. */
  list(signal: AbortSignal): Promise<DeviceList>
  /** Hears of the list whenever a device comes or goes, within about a second. Returns the end of the subscription. */
  watch(listener: (list: DeviceList) => void): () => void
  /** Takes the devices; they are one conversation's at a time. Throws `audio.device-busy`. */
  open(options?: { input?: boolean; output?: boolean }): DeviceChannel
  /** What is open now; null: nothing. */
  current(): DeviceChannel | null
  /** Hears of every channel that is opened, and null when it is closed. */
  onCurrent(listener: (channel: DeviceChannel | null) => void): () => void
  close(): Promise<void>
}

export interface AudioDevicesDeps {
  /** The process that opens devices, and the one that only looks: PortAudio's list stands still while something is open. */
  streaming: EngineClient<AudioHostContract>
  looking: EngineClient<AudioHostContract>
  /** Ids of the chosen devices; null: the system's default. */
  selection(): { input: string | null; output: string | null }
  tuning(): Tuning
  /** The selection or the tuning changed. */
  onSettings(listener: () => void): () => void
  count(name: string, by: number): void
  clock: Clock
  log: Logger
  /** Between two looks while somebody watches. Default 1,000 ms. */
  lookEveryMs?: number
}

export function createAudioDevices(deps: AudioDevicesDeps): AudioDevices {
  const { streaming, looking, log, lookEveryMs = 1000 } = deps
  const closing = new AbortController()
  const failed = (error: unknown): void => log.error("a listener of devices failed", { error })
  const lists = createHub<DeviceList>(failed)
  const looks = createHub<DeviceList>(failed)
  const currents = createHub<DeviceChannel | null>(failed)
  let known: DeviceList | null = null
  let current: DeviceChannel | null = null
  let watchers = 0
  let asked = 0
  let timer: NodeJS.Timeout | null = null

  const look = async (signal: AbortSignal): Promise<DeviceList> => {
    asked++
    const list = await looking.request("list", null, { signal }).finally(() => asked--)
    const isNew = known === null || fingerprint(known) !== fingerprint(list)
    known = list
    looks.publish(list)
    if (isNew) lists.publish(list)
    return list
  }
  const keepLooking = (): void => {
    if (timer || closing.signal.aborted) return
    timer = setTimeout(async () => {
      // Without an answer the list stands as it was; whoever opens a device hears why.
      if (watchers > 0) await look(closing.signal).catch(() => undefined)
      timer = null
      if (watchers > 0 || asked > 0) keepLooking()
      else await looking.stop()
    }, lookEveryMs)
  }
  const watchOn = (hub: typeof lists, listener: (list: DeviceList) => void): (() => void) => {
    watchers++
    keepLooking()
    const unsubscribe = hub.subscribe(listener)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      watchers--
      unsubscribe()
    }
  }

  /** The chosen device where it is connected, else the system's default, with the reason. */
  const choose = async (wanted: Required<OpenOptions>, avoid: ReadonlySet<string>) => {
    const plan: Omit<StreamPlan, "tuning"> = {}
    let problem: ChannelStatus["problem"] = null
    try {
      const { devices } = await look(closing.signal)
      const selection = deps.selection()
      for (const direction of ["input", "output"] as const) {
        if (!wanted[direction]) continue
        const { id, problem: found } = choiceOf(devices, direction, selection[direction], avoid)
        if (id !== undefined) plan[direction] = { id }
        problem ??= found
      }
    } catch (error) {
      problem = errorInfo(error)
    }
    return { plan, problem }
  }

  return {
    list(signal) {
      keepLooking()
      return look(signal)
    },
    watch: (listener) => watchOn(lists, listener),
    current: () => current,
    onCurrent: currents.subscribe,
    open({ input = true, output = true } = {}) {
      if (current)
        throw new AppError("audio.device-busy", "This machine's microphone and speakers are in another conversation.", {
          remedy: "End that one first.",
        })
      const changes = createHub<"plan" | "tuning">(failed)
      let selected = JSON.stringify(deps.selection())
      /** How often the looking process has seen what is open. */
      let seen = new Map<string, number>()
      let before: readonly HostDevice[] = known?.devices ?? []
      const unsubscribe = [
        deps.onSettings(() => {
          const now = JSON.stringify(deps.selection())
          changes.publish(now === selected ? "tuning" : "plan")
          selected = now
        }),
        watchOn(looks, ({ devices }) => {
          for (const { id } of devices) seen.set(id, (seen.get(id) ?? 0) + 1)
          const isStale = isStaleBy({ before, now: devices, seen }, channel.status(), deps.selection(), {
            input,
            output,
          })
          before = devices
          if (!isStale) return
          // Told once: it takes a moment until others are open.
          seen = new Map()
          changes.publish("plan")
        }),
      ]
      const channel = openDeviceChannel({
        client: streaming,
        choose: (avoid) => choose({ input, output }, avoid),
        tuning: deps.tuning,
        onChange: changes.subscribe,
        count: deps.count,
        clock: deps.clock,
        log,
      })
      unsubscribe.push(
        channel.onStatus(() => {
          seen = new Map()
        }),
      )
      const own: DeviceChannel = {
        ...channel,
        async close() {
          for (const end of unsubscribe) end()
          await channel.close()
          if (current !== own) return
          current = null
          currents.publish(null)
        },
      }
      current = own
      currents.publish(own)
      return own
    },
    async close() {
      closing.abort(new DOMException("ZenGlow is stopping.", "AbortError"))
      if (timer) clearTimeout(timer)
      await current?.close()
      await Promise.all([streaming.stop(), looking.stop()])
    },
  }
}

interface OpenOptions {
  input?: boolean
  output?: boolean
}

const fingerprint = ({ devices }: DeviceList): string =>
  devices.map(({ id, isDefaultInput, isDefaultOutput }) => `${id}${isDefaultInput}${isDefaultOutput}`).join()

const channelsOf = (device: HostDevice, direction: "input" | "output"): number =>
  direction === "input" ? device.inputChannels : device.outputChannels

/** `id` undefined: nothing can be opened in this direction. */
function choiceOf(
  devices: readonly HostDevice[],
  direction: "input" | "output",
  chosen: string | null,
  avoid: ReadonlySet<string>,
): { id: string | null | undefined; problem: ChannelStatus["problem"] } {
  const usable = devices.filter((device) => channelsOf(device, direction) > 0 && !avoid.has(device.id))
  const what = direction === "input" ? "microphone" : "loudspeaker"
  const byDefault =
    usable.find((device) => (direction === "input" ? device.isDefaultInput : device.isDefaultOutput)) ?? usable[0]
  if (chosen !== null && usable.some(({ id }) => id === chosen)) return { id: chosen, problem: null }
  if (!byDefault) {
    const message = avoid.size > 0 ? `The ${what} cannot be opened.` : `There is no ${what}.`
    return { id: undefined, problem: { code: "audio.no-device", message, remedy: "Connect one, or check its plug." } }
  }
  if (chosen === null) return { id: byDefault.id, problem: null }
  return {
    id: byDefault.id,
    problem: {
      code: "audio.no-device",
      message: `The chosen ${what} is not connected; ${byDefault.name} is used.`,
      remedy: "It is taken again as soon as it is back.",
    },
  }
}

/** Looks after which a device is known to be visible while it is open. The first may have begun before. */
const leastLooks = 2

/** Did another device become the one to open, or did the open one go? */
function isStaleBy(
  looks: { before: readonly HostDevice[]; now: readonly HostDevice[]; seen: ReadonlyMap<string, number> },
  status: ChannelStatus,
  selection: { input: string | null; output: string | null },
  wanted: Required<OpenOptions>,
): boolean {
  const none = new Set<string>()
  return (["input", "output"] as const).some((direction) => {
    const open = status[direction]?.id
    if (!wanted[direction] || open === undefined) return false
    const { id } = choiceOf(looks.now, direction, selection[direction], none)
    if (id === undefined || id === open) return false
    if (id !== choiceOf(looks.before, direction, selection[direction], none).id) return true
    // A driver that lends a device to one program alone hides it from everybody else, the looking process included.
    const isListed = looks.now.some((device) => device.id === open)
    return !isListed && (looks.seen.get(open) ?? 0) >= leastLooks
  })
}
