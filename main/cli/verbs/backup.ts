import { createBackup, listBackups, restoreBackup, verifyBackup } from "../backup.ts"
import type { Cli, GlobalOptions } from "../cli.ts"

/** `backup create`, `list`, `verify` and `restore`. */
export function addBackupVerbs({ group, withCore }: Cli): void {
  const backup = group("backup", "copies of everything but models: make, check and restore them")
  backup("create", "make one now")
    .option("--keys", "with the keys of what is encrypted, under a passphrase from standard input")
    .action(
      withCore<[], GlobalOptions & { keys?: boolean }>((client, _, { json = false, keys = false }, signal) =>
        createBackup(client, { json, keys }, signal),
      ),
    )
  backup("list", "what there is, and when the next one is due").action(
    withCore<[], GlobalOptions>((client, _, { json = false }, signal) => listBackups(client, json, signal)),
  )
  backup("verify", "read every byte of one")
    .argument("<id>", "as `backup list` shows it")
    .action(
      withCore<[string], GlobalOptions>((client, [id], { json = false }, signal) =>
        verifyBackup(client, id, json, signal),
      ),
    )
  backup("restore", "put one in the place of what is there, which is backed up first")
    .argument("<id>", "as `backup list` shows it")
    .option("--yes", "it is meant")
    .option("--keys", "with the keys in it, whose passphrase comes from standard input")
    .action(
      withCore<[string], GlobalOptions & { yes?: boolean; keys?: boolean }>(
        (client, [id], { json = false, yes = false, keys = false }, signal) =>
          restoreBackup(client, id, { json, yes, keys }, signal),
      ),
    )
}
