import { zipSync } from "fflate"
import type { supportRoutes } from "#contract/support.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"

export const supportHandlers = ({
  ops,
  tuning,
}: Pick<ServerDeps, "ops" | "tuning">): HandlersFor<typeof supportRoutes> => ({
  "GET /diagnostics/bundle/preview": ({ query }, { signal }) => ops.bundle(wordsOf(query.hide), signal),
  "GET /diagnostics/bundle": async ({ query }, { actor, signal }) => {
    const { files } = await ops.bundle(wordsOf(query.hide), signal)
    const entries = files.map(({ name, text }): [string, Uint8Array] => [name, new TextEncoder().encode(text)])
    if (query.sound)
      for (const { messageId } of await tuning.sounds(actor))
        entries.push([`sound/${messageId}.wav`, await tuning.sound(actor, messageId)])
    return {
      contentType: "application/zip",
      body: zipSync(Object.fromEntries(entries)),
      fileName: "zenglow-support.zip",
    }
  },
})

const wordsOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "")
