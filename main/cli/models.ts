import { resolve } from "node:path"
import type { RouteOutput } from "#contract/route.ts"
import type { Routes } from "#contract/routes.ts"
import type { Client } from "./client.ts"
import { followJob } from "./jobs.ts"
import { exitCode, formatBytes, printResult } from "./output.ts"

/** `models list|pull|verify|import|rm`. */
export const models = {
  async list(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
    const list = await client.api("GET /api/models", {}, signal)
    printResult(list, json, () =>
      list.items
        .map((model) =>
          [
            model.id.padEnd(40),
            model.role.padEnd(9),
            formatBytes(model.sizeBytes).padStart(8),
            model.status.padEnd(11),
            model.fit.verdict.padEnd(9),
            `${model.licence}${model.isRecommended ? "  recommended" : ""}`,
          ].join("  "),
        )
        .join("\n"),
    )
    return exitCode.done
  },

  /** Without ids: what the recommended bundle lacks. */
  async pull(client: Client, ids: string[], json: boolean, signal: AbortSignal): Promise<number> {
    const jobIds: string[] = []
    if (ids.length === 0) jobIds.push(...(await client.api("POST /api/models/bundle/pull", {}, signal)).jobIds)
    for (const id of ids) jobIds.push((await client.api("POST /api/models/:id/pull", { params: { id } }, signal)).jobId)
    const pulled: string[] = []
    for (const jobId of jobIds) pulled.push((await followJob(client, jobId, signal)).subjectId ?? "")
    printResult({ pulled }, json, () =>
      pulled.length > 0 ? `Installed: ${pulled.join(", ")}.` : "Everything is installed.",
    )
    return exitCode.done
  },

  async verify(client: Client, ids: string[], json: boolean, signal: AbortSignal): Promise<number> {
    const installed = (await client.api("GET /api/models", {}, signal)).items.filter(
      (model) => model.status === "installed" || model.status === "corrupt",
    )
    const results: ({ id: string } & RouteOutput<Routes["POST /api/models/:id/verify"]>)[] = []
    for (const id of ids.length > 0 ? ids : installed.map((model) => model.id))
      results.push({ id, ...(await client.api("POST /api/models/:id/verify", { params: { id } }, signal)) })
    printResult({ results }, json, () =>
      results
        .map(
          (result) =>
            `${result.id}: ${
              result.ok
                ? "ok"
                : result.files
                    .filter((file) => !file.ok)
                    .map((file) => `${file.name}: ${file.reason ?? "wrong"}`)
                    .join(", ")
            }`,
        )
        .join("\n"),
    )
    return results.every((result) => result.ok) ? exitCode.done : exitCode.failed
  },

  async import(
    client: Client,
    path: string,
    options: { copy: boolean; name?: string },
    json: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const model = await client.api(
      "POST /api/models/import",
      { body: { path: resolve(path), mode: options.copy ? "copy" : "link", name: options.name } },
      signal,
    )
    printResult(model, json, () => `Imported as ${model.id}.`)
    return exitCode.done
  },

  async remove(client: Client, id: string, json: boolean, signal: AbortSignal): Promise<number> {
    const { freedBytes } = await client.api("DELETE /api/models/:id", { params: { id } }, signal)
    printResult({ id, freedBytes }, json, () => `Removed ${id}: ${formatBytes(freedBytes)} freed.`)
    return exitCode.done
  },
}
