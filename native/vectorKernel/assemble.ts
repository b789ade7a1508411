import { readFileSync } from "node:fs"
import wabt from "wabt"

/** `kernel.wat` as WebAssembly, in base64: what `kernel.ts` holds. */
export async function assemble(): Promise<string> {
  const assembler = await wabt()
  const source = readFileSync(new URL("./kernel.wat", import.meta.url), "utf8")
  const parsed = assembler.parseWat("kernel.wat", source, { simd: true })
  try {
    return Buffer.from(parsed.toBinary({}).buffer).toString("base64")
  } finally {
    parsed.destroy()
  }
}
