import { openAsBlob } from "node:fs"
import { basename } from "node:path"
import { AppError } from "#core/errors.ts"
import type { Cli, GlobalOptions } from "../cli.ts"
import { exitCode, printResult } from "../output.ts"

/** `import`. */
export function addChatVerbs({ verb, withCore }: Cli): void {
  verb("import", "chats of ChatGPT (zip of its data export) or Jan (thread.json and messages.jsonl)")
    .argument("<files...>", "the files of one export")
    .action(
      withCore<[string[]], GlobalOptions>(async (client, [paths], { json = false }, signal) => {
        const files = await Promise.all(paths.map(openFile))
        const report = await client.api("POST /api/conversations/import/files", { fields: {}, files }, signal)
        printResult(report, json, () =>
          [
            `${report.imported.length} imported, ${report.skipped.length} left out.`,
            ...report.skipped.map(({ title, reason }) => `  ${title}: ${reason}`),
          ].join("\n"),
        )
        return exitCode.done
      }),
    )
}

async function openFile(path: string): Promise<File> {
  try {
    return new File([await openAsBlob(path)], basename(path))
  } catch (cause) {
    throw new AppError("request.invalid", `${path} cannot be read.`, { remedy: "Check the path.", cause })
  }
}
