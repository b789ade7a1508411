import { readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { VoiceMaker } from "./voices.ts"

/** What is used of SVOX Pico (Apache-2.0) as WebAssembly. */
interface Pico {
  FS: { mkdir(path: string): void; writeFile(path: string, data: Uint8Array): void }
  HEAPU8: Uint8Array
  _malloc(bytes: number): number
  _free(pointer: number): void
  _pico_initialize(memory: number, bytes: number, system: number): number
  _pico_loadResource(system: number, path: number, resource: number): number
  _pico_getResourceName(system: number, resource: number, name: number): number
  _pico_createVoiceDefinition(system: number, name: number): number
  _pico_addResourceToVoiceDefinition(system: number, name: number, resource: number): number
  _pico_newEngine(system: number, name: number, engine: number): number
  _pico_putTextUtf8(engine: number, text: number, bytes: number, taken: number): number
  _pico_getData(engine: number, buffer: number, bytes: number, given: number, kind: number): number
}

const memoryBytes = 2_500_000
const isBusy = 201
/** Voice → its text analysis and its signal. */
const lingware: Readonly<Record<string, readonly [string, string]>> = {
  "en-US": ["en-US_ta.bin", "en-US_lh0_sg.bin"],
  "en-GB": ["en-GB_ta.bin", "en-GB_kh0_sg.bin"],
}

/** SVOX Pico's voices. @param dir Holds `svoxpico.js`, `svoxpico.wasm` and the lingware. */
export async function openPico(dir: string): Promise<VoiceMaker> {
  const engines = new Map<string, (text: string) => Float32Array>()
  for (const [voice, files] of Object.entries(lingware)) engines.set(voice, await openVoice(dir, files))
  return {
    id: "pico",
    voices: [...engines.keys()],
    async speak(text, voice, rate) {
      const say = engines.get(voice)
      if (!say) throw new Error(`Pico has no voice ${voice}.`)
      return { samples: say(`<speed level="${Math.round(100 * rate)}">${text}</speed>`), sampleRate: 16_000 }
    },
    close: async () => {},
  }
}

async function openVoice(dir: string, files: readonly [string, string]): Promise<(text: string) => Float32Array> {
  const { default: open } = (await import(pathToFileURL(join(dir, "svoxpico.js")).href)) as {
    default(options: { wasmBinary: Uint8Array }): Promise<Pico>
  }
  const pico = await open({ wasmBinary: readFileSync(join(dir, "svoxpico.wasm")) })
  const text = (value: string): number => {
    const bytes = new TextEncoder().encode(`${value}\0`)
    const pointer = pico._malloc(bytes.length)
    pico.HEAPU8.set(bytes, pointer)
    return pointer
  }
  const room = (): number => {
    const pointer = pico._malloc(8)
    pico.HEAPU8.fill(0, pointer, pointer + 8)
    return pointer
  }
  const at = (pointer: number): number => new DataView(pico.HEAPU8.buffer).getInt32(pointer, true)
  const check = (code: number): void => {
    if (code !== 0) throw new Error(`Pico answered ${code}.`)
  }

  pico.FS.mkdir("/voice")
  const system = room()
  check(pico._pico_initialize(pico._malloc(memoryBytes), memoryBytes, system))
  const name = text("Voice")
  check(pico._pico_createVoiceDefinition(at(system), name))
  for (const file of files) {
    pico.FS.writeFile(`/voice/${file}`, readFileSync(join(dir, file)))
    const resource = room()
    check(pico._pico_loadResource(at(system), text(`/voice/${file}`), resource))
    const resourceName = pico._malloc(256)
    check(pico._pico_getResourceName(at(system), at(resource), resourceName))
    check(pico._pico_addResourceToVoiceDefinition(at(system), name, resourceName))
  }
  const engine = room()
  check(pico._pico_newEngine(at(system), name, engine))
  const [taken, buffer, given, kind] = [room(), pico._malloc(2048), room(), room()]

  return (said) => {
    const whole = text(said)
    let pointer = whole
    let left = new TextEncoder().encode(said).length + 1
    const samples: number[] = []
    while (left > 0) {
      check(pico._pico_putTextUtf8(at(engine), pointer, left, taken))
      const count = at(taken) & 0xffff
      pointer += count
      left -= count
      let state: number
      do {
        state = pico._pico_getData(at(engine), buffer, 128, given, kind)
        const bytes = new DataView(pico.HEAPU8.buffer, buffer, at(given) & 0xffff)
        for (let byte = 0; byte + 1 < bytes.byteLength; byte += 2) samples.push(bytes.getInt16(byte, true) / 32768)
      } while (state === isBusy)
    }
    pico._free(whole)
    return Float32Array.from(samples)
  }
}
