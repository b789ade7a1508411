import { text } from "node:stream/consumers"
import type { Backup } from "#contract/backups.ts"
import { AppError } from "#core/errors.ts"
import type { Client } from "./client.ts"
import { exitCode, note, printResult } from "./output.ts"

/** `backup create`: makes one while everything goes on. */
export async function createBackup(
  client: Client,
  options: { keys?: boolean; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  const passphrase = options.keys ? await readPassphrase() : null
  const made = await client.api("POST /api/backups", {}, signal)
  if (passphrase !== null)
    await client.api("POST /api/backups/:id/keys", { params: { id: made.id }, body: { passphrase } }, signal)
  printResult(
    { ...made, hasKeys: passphrase !== null },
    options.json,
    () => `Made and checked: ${line(made)}${passphrase === null ? "" : ", with its keys"}`,
  )
  return exitCode.done
}

/** `backup list`: newest first. */
export async function listBackups(client: Client, json: boolean, signal: AbortSignal): Promise<number> {
  const list = await client.api("GET /api/backups", {}, signal)
  printResult(list, json, () =>
    [
      ...(list.items.length === 0 ? ["There are no backups yet."] : list.items.map(line)),
      list.nextAt === null
        ? "None is made by itself (setting backupEveryHours is 0)."
        : `The next one is due ${new Date(list.nextAt).toISOString()}.`,
      ...(list.problem === null ? [] : [`The last one that was due could not be made: ${list.problem}`]),
    ].join("\n"),
  )
  return exitCode.done
}

/** `backup verify`: reads every byte. */
export async function verifyBackup(client: Client, id: string, json: boolean, signal: AbortSignal): Promise<number> {
  const verdict = await client.api("POST /api/backups/:id/verify", { params: { id } }, signal)
  printResult(
    verdict,
    json,
    () => `Whole: ${verdict.files} files, ${verdict.sizeBytes} bytes, all as they were written.`,
  )
  return exitCode.done
}

/** `backup restore`: puts a backup in the place of what is there, which is backed up first. Needs `yes`. */
export async function restoreBackup(
  client: Client,
  id: string,
  options: { yes?: boolean; keys?: boolean; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  if (!options.yes)
    throw new AppError("request.conflict", "This puts the backup in the place of what is there now.", {
      remedy: "Say --yes. What is there is backed up first, and its name is told.",
    })
  const body = { confirm: id, ...(options.keys ? { passphrase: await readPassphrase() } : {}) }
  const done = await client.api("POST /api/backups/:id/restore", { params: { id }, body }, signal)
  note("The core starts anew with the backup.")
  printResult(done, options.json, () => `Restored ${done.id}. What was there before is the backup ${done.safetyId}.`)
  return exitCode.done
}

/** From standard input: arguments are seen by every process of the machine. */
async function readPassphrase(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write("The passphrase of the keys, then end of input (Ctrl-D): ")
  return (await text(process.stdin)).trim()
}

const line = ({ id, reason, files, sizeBytes, version }: Backup): string =>
  `${id}  ${reason.padEnd(14)}  ${files} files, ${sizeBytes} bytes  ZenGlow ${version}`
