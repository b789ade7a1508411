import { CommanderError } from "commander"
import { createCli, interruptedCode } from "./cli.ts"
import { exitCode, printResult } from "./output.ts"
import { addAuditVerb } from "./verbs/audit.ts"
import { addBackendVerbs } from "./verbs/backends.ts"
import { addBackupVerbs } from "./verbs/backup.ts"
import { addChatVerbs } from "./verbs/chats.ts"
import { addCheckVerbs } from "./verbs/checks.ts"
import { addDocumentVerbs } from "./verbs/documents.ts"
import { addEgressVerb } from "./verbs/egress.ts"
import { addFeedbackVerbs } from "./verbs/feedback.ts"
import { addLookVerbs } from "./verbs/look.ts"
import { addMemoryVerbs } from "./verbs/memory.ts"
import { addModelVerbs } from "./verbs/models.ts"
import { addPeopleVerbs } from "./verbs/people.ts"
import { addPrivacyVerbs } from "./verbs/privacy.ts"
import { addSecretVerbs } from "./verbs/secrets.ts"
import { addSoundVerbs } from "./verbs/sound.ts"
import { addStartVerbs } from "./verbs/start.ts"
import { addToolVerbs } from "./verbs/tools.ts"

/** The command line: `zenglow <verb>`. Without a verb it starts the core and opens the window. */

/** A terminal and a launcher may both pass on one Ctrl-C; only one that comes later means "at once". */
const sameInterruptMs = 1000
const interrupt = new AbortController()
let interruptedAt: number | null = null
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    interruptedAt ??= performance.now()
    if (performance.now() - interruptedAt > sameInterruptMs) process.exit(interruptedCode)
    interrupt.abort(new DOMException(`Stopped by ${signal}.`, "AbortError"))
  })
}

const cli = createCli(interrupt.signal)
// In the order of `--help`.
addStartVerbs(cli) // zenglow, serve
addDocumentVerbs(cli) // ask, ingest
addSoundVerbs(cli) // talk, transcribe, say, voices
addCheckVerbs(cli) // doctor, why, eval
addMemoryVerbs(cli)
addToolVerbs(cli)
addFeedbackVerbs(cli)
addModelVerbs(cli)
addBackendVerbs(cli)
addPeopleVerbs(cli) // people, keys
addAuditVerb(cli)
addEgressVerb(cli)
addLookVerbs(cli) // logs, traces, timeline
addChatVerbs(cli)
addPrivacyVerbs(cli) // export, erase, datasets
addSecretVerbs(cli)
addBackupVerbs(cli)

try {
  await cli.program.parseAsync(process.argv)
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  // Help and version end with 0; wrong use was already explained on stderr.
  process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.wrongUse
  if (error.exitCode !== 0 && process.argv.includes("--json"))
    printResult({ error: { code: "request.invalid", message: error.message.replace(/^error: /, "") } }, true, () => "")
}
