import { spawn } from "node:child_process"
import { once } from "node:events"

export interface LlamaServer {
  baseUrl: string
  close(): Promise<void>
}

/** llama.cpp's own server on a model file, on a port of its choice. Throws when it ends before it answers. */
export async function startLlamaServer(program: string, modelPath: string, port: number): Promise<LlamaServer> {
  const args = ["-m", modelPath, "--port", String(port), "--host", "127.0.0.1", "-c", "2048", "-np", "1", "-t", "2"]
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] })
  const ended = once(child, "exit").then(([code]) => `it ended with ${String(code)}`)
  let heard = ""
  const ready = new Promise<null>((resolve) => {
    child.stderr.on("data", (part: Buffer) => {
      heard = `${heard}${part.toString()}`.slice(-4000)
      if (/listening on/.test(heard)) resolve(null)
    })
  })
  const trouble = await Promise.race([ready, ended])
  if (trouble !== null) throw new Error(`llama-server did not start: ${trouble}`)
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    async close() {
      child.kill()
      await ended
    },
  }
}
