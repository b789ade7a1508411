import { closeNetwork } from "#core/egress/closeNetwork.ts"
import { serveHost } from "#core/host/serve.ts"
import type { ParserContract } from "./contract.ts"
import { readDocument } from "./readDocument.ts"

/** Of one WebAssembly memory: the text recognition's with a picture of the largest size. */
const largestMemory = 640 * 1024 * 1024

closeNetwork()
removeClients()
limitWebAssembly()

serveHost<ParserContract>({ parse: (input, context) => readDocument(input, context.emit) })

/** Documents come from anywhere and their readers are large: what they might try to fetch with is not even there. */
function removeClients(): void {
  for (const name of ["fetch", "WebSocket", "EventSource", "XMLHttpRequest"]) {
    Object.defineProperty(globalThis, name, { value: undefined, configurable: false })
  }
}

/**
 * Node's heap limit does not count WebAssembly. Emscripten's modules grow their memory by this method alone, and report a failed
 * allocation when it throws.
 */
function limitWebAssembly(): void {
  const { grow } = WebAssembly.Memory.prototype
  WebAssembly.Memory.prototype.grow = function growWithin(this: WebAssembly.Memory, pages: number): number {
    if (this.buffer.byteLength + pages * 65_536 > largestMemory) throw new RangeError("The memory limit is reached.")
    return grow.call(this, pages)
  }
}
