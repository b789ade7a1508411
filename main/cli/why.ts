import { basename, resolve } from "node:path"
import { AppError } from "#core/errors.ts"
import { chooseCollections } from "./ask.ts"
import type { Client } from "./client.ts"
import { awaitDocuments } from "./jobs.ts"
import { exitCode, printResult } from "./output.ts"

const marks = { ok: "✓", warning: "!", failed: "✗", skipped: "·" } as const

/** `why`: why a document was or was not used for a question. Exit code 3 when it was not. */
export async function why(
  client: Client,
  question: string,
  file: string,
  options: { collection?: string; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  await awaitDocuments(client, signal)
  const documentId = await find(client, file, signal)
  const collectionIds = await chooseCollections(client, options, signal)
  const report = await client.api(
    "POST /api/documents/:id/why",
    { params: { id: documentId }, body: { question, collectionIds } },
    signal,
  )
  printResult(report, options.json, () =>
    [
      report.summary,
      ...(report.fix === null ? [] : [`What to do: ${report.fix}`]),
      "",
      ...report.steps.map(({ name, status, detail }) => `${marks[status]} ${name.padEnd(9)}  ${detail}`),
      ...(report.winners.length === 0 || report.outcome === "used"
        ? []
        : ["", "Used instead:", ...report.winners.map(({ title, score }) => `  ${title} (${score.toFixed(2)})`)]),
    ].join("\n"),
  )
  return report.outcome === "used" ? exitCode.done : exitCode.notFound
}

/** By id, by path as it is listed, by file name, or by title. Throws `document.not-found`, also when several fit. */
async function find(client: Client, file: string, signal: AbortSignal): Promise<string> {
  const name = basename(resolve(file))
  const { items } = await client.api("GET /api/documents", { query: { q: name, limit: 5000 } }, signal)
  const all =
    items.length > 0 ? items : (await client.api("GET /api/documents", { query: { limit: 5000 } }, signal)).items
  const wanted = file.replaceAll("\\", "/")
  const fits = [
    all.filter(({ id }) => id === file),
    all.filter(({ path }) => path === wanted || wanted.endsWith(`/${path}`)),
    all.filter(({ path }) => path.split("/").at(-1) === name),
    all.filter(({ title }) => title.toLowerCase() === file.toLowerCase()),
  ].find((found) => found.length > 0)
  const [first] = fits ?? []
  if (first && fits?.length === 1) return first.id
  throw new AppError(
    "document.not-found",
    first ? `There are ${fits?.length} documents called ${name}.` : `There is no document called ${name}.`,
    {
      remedy: first
        ? `Name one by its path: ${fits
            ?.map(({ path }) => path)
            .slice(0, 5)
            .join(", ")}.`
        : "Add it with `zenglow ingest PATH`.",
    },
  )
}
