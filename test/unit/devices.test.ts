import { describe, expect, it } from "vitest"
import { deviceIds } from "#audio/devices/deviceId.ts"
import { createSampleRing } from "#audio/devices/sampleRing.ts"

const device = (name: string, inputChannels = 1, outputChannels = 0, hostApi = "ALSA") => ({
  name,
  hostApi,
  inputChannels,
  outputChannels,
})

describe("ids of devices", () => {
  it("stay when the system renumbers cards and ports", () => {
    expect(deviceIds([device("USB Audio: - (hw:2,0)")])).toEqual(deviceIds([device("USB Audio: - (hw:1,0)")]))
    expect(deviceIds([device("Microphone (2- USB Audio)")])).toEqual(deviceIds([device("Microphone (3- USB Audio)")]))
  })

  it("tell apart devices of one card, directions, host APIs, and twins", () => {
    const ids = deviceIds([
      device("USB Audio: - (hw:2,0)"),
      device("USB Audio: - (hw:2,1)"),
      device("USB Audio: - (hw:2,0)", 0, 2),
      device("USB Audio: - (hw:2,0)", 1, 0, "JACK"),
      device("USB Audio: - (hw:3,0)"),
    ])
    expect(new Set(ids).size).toBe(ids.length)
  })
})

it("a ring gives samples back in order through growth and wrap-around, and silence when it is empty", () => {
  const ring = createSampleRing()
  const read: number[] = []
  let written = 0
  for (let round = 0; round < 60; round++) {
    const size = 700 + ((round * 977) % 3000)
    ring.write(Float32Array.from({ length: size }, () => written++ % 100_000))
    const into = new Float32Array(600 + ((round * 389) % 1500))
    read.push(...into.subarray(0, ring.read(into)))
  }
  expect(read).toEqual(Array.from({ length: read.length }, (_, index) => index % 100_000))
  ring.skip(10)
  const rest = new Float32Array(ring.length + 5).fill(1)
  const count = ring.read(rest)
  expect(rest[0]).toBe((read.length + 10) % 100_000)
  expect([...rest.subarray(count)]).toEqual([0, 0, 0, 0, 0])
})
