import type { HostDevice } from "#audio/devices/contract.ts"
import type { DeviceIo, PortAudio } from "#audio/devices/portAudio.ts"

/** Sound devices whose drivers do as they are told. */
export interface FakePortAudio extends PortAudio {
  devices: HostDevice[]
  /** Names of devices that refuse to be opened. */
  blocked: Set<string>
  /** Names of devices that are open. */
  opened: Set<string>
  /** Names of devices that bring and take nothing any more. */
  dead: Set<string>
  /** Milliseconds of sound that each loudspeaker has taken, silence left out. */
  soundMs(name: string): number
  /** Pulls a device's plug: it brings and takes nothing, and is not listed any more. */
  unplug(name: string): void
}

export function fakeDevice(name: string, kind: "input" | "output", isDefault = false): HostDevice {
  return {
    id: `id-${name}`,
    index: 0,
    name,
    hostApi: "Fake",
    inputChannels: kind === "input" ? 2 : 0,
    outputChannels: kind === "output" ? 2 : 0,
    sampleRate: 16_000,
    isDefaultInput: kind === "input" && isDefault,
    isDefaultOutput: kind === "output" && isDefault,
  }
}

const blockMs = 10

export function createFakePortAudio(devices: HostDevice[]): FakePortAudio {
  const sound = new Map<string, number>()
  const fake: FakePortAudio = {
    devices,
    soundMs: (name) => sound.get(name) ?? 0,
    unplug(name) {
      fake.dead.add(name)
      fake.devices = fake.devices.filter((device) => device.name !== name)
    },
    blocked: new Set(),
    opened: new Set(),
    dead: new Set(),
    list: () => ({ hostApis: ["Fake"], devices: fake.devices.map((device, index) => ({ ...device, index })) }),
    open({ inOptions, outOptions }) {
      const device = fake.devices[inOptions?.deviceId ?? outOptions?.deviceId ?? -1]
      if (!device || fake.blocked.has(device.name)) throw new Error("Could not open stream: Device unavailable")
      return openIo(device.name)
    },
  }
  const openIo = (name: string): DeviceIo => {
    let isOver = false
    const waiting = new Set<() => void>()
    /** One block at the device's pace; for ever, when it is dead. */
    const block = (): Promise<void> =>
      new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done)
          resolve()
        }
        waiting.add(done)
        if (isOver) done()
        else if (!fake.dead.has(name)) setTimeout(done, blockMs)
      })
    fake.opened.add(name)
    return {
      start() {},
      async read(bytes) {
        await block()
        return isOver ? { finished: true } : { buf: new Uint8Array(bytes), finished: false }
      },
      async write(chunk) {
        await block()
        if (!isOver && chunk.some((byte) => byte !== 0)) sound.set(name, fake.soundMs(name) + blockMs)
        return undefined
      },
      async quit() {
        isOver = true
        fake.opened.delete(name)
        for (const done of [...waiting]) done()
      },
    }
  }
  return fake
}
