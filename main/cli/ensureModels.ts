import type { Model, ModelRole } from "#contract/models.ts"
import type { Client } from "./client.ts"
import { followJob } from "./jobs.ts"
import { formatBytes, note } from "./output.ts"

/**
 * Fetches what the recommended bundle lacks for these roles, asking nothing. A model that cannot be had is said on stderr
 * and left out: answers are then extracted, and vectors hashed.
 */
export async function ensureModels(client: Client, roles: readonly ModelRole[], signal: AbortSignal): Promise<void> {
  const bundle = await client.api("GET /api/models/bundle", {}, signal)
  const missing = roles
    // A role's smaller model only bridges the time until the larger one is there: a command waits for that anyway.
    .map((role) => bundle.models.filter((model) => model.role === role).sort((a, b) => b.sizeBytes - a.sizeBytes)[0])
    .filter((model) => model !== undefined)
    .filter((model) => model.status !== "installed")
  if (bundle.isOffline && missing.length > 0) {
    note(`Offline: ${missing.map((model) => model.name).join(", ")} cannot be fetched. Going on without.`)
    return
  }
  for (const model of missing) await pull(client, model, signal)
}

async function pull(client: Client, model: Model, signal: AbortSignal): Promise<void> {
  note(`Fetching ${model.name} (${formatBytes(model.sizeBytes)}, ${model.licence})`)
  try {
    const { jobId } = await client.api("POST /api/models/:id/pull", { params: { id: model.id } }, signal)
    await followJob(client, jobId, signal)
  } catch (error) {
    if (signal.aborted) throw error
    note(`${model.name} could not be fetched: ${error instanceof Error ? error.message : ""} Going on without.`)
  }
}
