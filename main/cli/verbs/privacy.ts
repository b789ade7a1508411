import { readFile, writeFile } from "node:fs/promises"
import { parse } from "yaml"
import { datasetRecipe } from "#contract/datasets.ts"
import { AppError } from "#core/errors.ts"
import type { Cli, GlobalOptions } from "../cli.ts"
import { followJob } from "../jobs.ts"
import { exitCode, formatBytes, printResult } from "../output.ts"
import { proofText } from "../proofText.ts"

/** `export`, `erase`, and `datasets list`, `build`, `diff`, `save` and `rm`. */
export function addPrivacyVerbs({ verb, group, withCore }: Cli): void {
  verb("export", "everything that is yours, as one zip with an index.html")
    .argument("<file>", "where to write it")
    .action(
      withCore<[string], GlobalOptions>(async (client, [file], { json = false }, signal) => {
        const bytes = await client.bytes("GET /api/export", {}, signal)
        await writeFile(file, bytes, { mode: 0o600 })
        printResult({ file, sizeBytes: bytes.length }, json, () => `${file} (${formatBytes(bytes.length)}).`)
        return exitCode.done
      }),
    )
  verb("erase", "erase your chats, documents, memories and datasets; without --yes, say what that would be")
    .argument("[what]", "mine, or everything: of everybody who lives here", "mine")
    .option("--yes <name>", "your name, to say that you mean it")
    .action(
      withCore<[string], GlobalOptions & { yes?: string }>(async (client, [word], { yes, json = false }, signal) => {
        if (word !== "mine" && word !== "everything")
          throw new AppError("request.invalid", "Erase `mine` or `everything`.")
        if (yes === undefined) {
          const counts = await client.api("GET /api/erase", { query: { what: word } }, signal)
          printResult(
            { wouldErase: counts },
            json,
            () => `${told(counts)}\nAdd --yes YOUR-NAME to erase it. This cannot be undone.`,
          )
          return exitCode.done
        }
        const result = await client.api("POST /api/erase", { body: { what: word, confirm: yes } }, signal)
        printResult(result, json, () => `Erased: ${told(result.erased)}\n${proofText(result.proof)}`)
        return result.proof.residue.length === 0 ? exitCode.done : exitCode.failed
      }),
    )

  const dataset = group("datasets", "datasets from what is yours")
  dataset("list", "every version").action(
    withCore<[], GlobalOptions>(async (client, _, { json = false }, signal) => {
      const list = await client.api("GET /api/datasets", {}, signal)
      printResult(list, json, () =>
        list.items
          .map(
            (one) => `${one.id}  ${one.dataset} v${one.version}  ${one.counts.rows} rows  ${one.sha256.slice(0, 12)}`,
          )
          .join("\n"),
      )
      return exitCode.done
    }),
  )
  dataset("build", "make the next version by a recipe")
    .argument("<recipe>", "YAML: name, sources, format, answers, limits, holdOut, seed, …")
    .option("--preview", "only count, and write nothing")
    .option("--consent", "your chats and documents may be written into a file that can be handed on")
    .action(
      withCore<[string], GlobalOptions & { preview?: boolean; consent?: boolean }>(
        async (client, [file], { preview = false, consent = false, json = false }, signal) => {
          const recipe = datasetRecipe.safeParse(parse(await readFile(file, "utf8")))
          if (!recipe.success)
            throw new AppError(
              "request.invalid",
              `${file}: ${recipe.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`,
            )
          if (preview) {
            const made = await client.api("POST /api/datasets/preview", { body: recipe.data }, signal)
            printResult(made, json, () => told(made.counts))
            return exitCode.done
          }
          if (!consent)
            throw new AppError("request.invalid", "A dataset is made only with --consent.", {
              remedy: "See first what would be in it: --preview.",
            })
          const { jobId } = await client.api("POST /api/datasets", { body: { ...recipe.data, consent: true } }, signal)
          await followJob(client, jobId, signal)
          const { manifest: made } = await client.api("GET /api/datasets/:id", { params: { id: jobId } }, signal)
          printResult(
            made,
            json,
            () => `${made.id}  ${made.dataset} v${made.version}  ${made.counts.rows} rows  sha256 ${made.sha256}`,
          )
          return exitCode.done
        },
      ),
    )
  dataset("diff", "what changed from one version to another")
    .argument("<before>")
    .argument("<after>")
    .action(
      withCore<[string, string], GlobalOptions>(async (client, [before, id], { json = false }, signal) => {
        const diff = await client.api("GET /api/datasets/:id/diff", { params: { id }, query: { before } }, signal)
        const { examples: _, ...counts } = diff
        printResult(diff, json, () => told(counts))
        return exitCode.done
      }),
    )
  dataset("save", "write the rows of a version as JSON lines")
    .argument("<id>")
    .argument("<file>")
    .action(
      withCore<[string, string], GlobalOptions>(async (client, [id, file], { json = false }, signal) => {
        const bytes = await client.bytes("GET /api/datasets/:id/file", { params: { id } }, signal)
        await writeFile(file, bytes, { mode: 0o600 })
        printResult({ file, sizeBytes: bytes.length }, json, () => `${file} (${formatBytes(bytes.length)}).`)
        return exitCode.done
      }),
    )
  dataset("rm", "delete a version")
    .argument("<id>")
    .action(
      withCore<[string], GlobalOptions>(async (client, [id], { json = false }, signal) => {
        const done = await client.api("DELETE /api/datasets/:id", { params: { id } }, signal)
        printResult(done, json, () => "Deleted.")
        return exitCode.done
      }),
    )
}

const told = (counts: object): string =>
  Object.entries(counts)
    .filter(([, value]) => typeof value === "number")
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ")
