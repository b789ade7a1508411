import { createHash } from "node:crypto"

export interface DeviceShape {
  name: string
  hostApi: string
  inputChannels: number
  outputChannels: number
}

/**
 * Ids that outlive unplugging and renumbering: from the host API, the name without the numbers that the system gives out, and the shape of
 * the channels. Of several equal devices the later ones get a count, in the order they are listed.
 */
export function deviceIds(devices: readonly DeviceShape[]): string[] {
  const seen = new Map<string, number>()
  return devices.map((device) => {
    const id = createHash("sha256").update(identityOf(device)).digest("hex").slice(0, 12)
    const count = (seen.get(id) ?? 0) + 1
    seen.set(id, count)
    return count === 1 ? id : `${id}-${count}`
  })
}

function identityOf({ name, hostApi, inputChannels, outputChannels }: DeviceShape): string {
  const shape = `${inputChannels > 0 ? "in" : ""}${outputChannels > 0 ? "out" : ""}`
  const steady = name
    // ALSA counts cards by the order they were plugged in: "USB Audio: - (hw:2,0)" is card 1 tomorrow.
    .replace(/\(hw:\d+,(\d+)\)/, "(device $1)")
    // Windows puts a number before the name of a device that was plugged into another socket: "2- USB Audio".
    .replace(/\((\d+)- /, "(")
    .trim()
  return [hostApi, steady, shape].join("\n")
}
