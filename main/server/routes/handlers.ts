import type { Routes } from "#contract/routes.ts"
import type { ServerDeps } from "../deps.ts"
import type { HandlersFor } from "../handlers.ts"
import type { Keyring } from "../keys.ts"
import type { MetricsSocket } from "../metricsSocket.ts"
import type { Sessions } from "../sessions.ts"
import { audioHandlers } from "./audio.ts"
import { auditHandlers } from "./audit.ts"
import { backendHandlers, switchrHandlers } from "./backends.ts"
import { backupHandlers } from "./backups.ts"
import { cloningHandlers } from "./cloning.ts"
import { conversationHandlers } from "./conversations.ts"
import { datasetHandlers } from "./datasets.ts"
import { deviceHandlers } from "./devices.ts"
import { documentHandlers } from "./documents.ts"
import { egressHandlers } from "./egress.ts"
import { evaluationHandlers } from "./evaluations.ts"
import { folderHandlers, searchIndexHandlers } from "./folders.ts"
import { jobHandlers } from "./jobs.ts"
import { artifactHandlers, memoryHandlers, whyHandlers } from "./memory.ts"
import { modelHandlers } from "./models.ts"
import { opsHandlers } from "./ops.ts"
import { peopleHandlers } from "./people.ts"
import { privacyHandlers } from "./privacy.ts"
import { probeHandlers } from "./probes.ts"
import { ragHandlers } from "./rag.ts"
import { secretHandlers } from "./secrets.ts"
import { settingsHandlers } from "./settings.ts"
import { speakerHandlers } from "./speakers.ts"
import { supportHandlers } from "./support.ts"
import { timelineHandlers } from "./timeline.ts"
import { toolHandlers } from "./tools.ts"
import { traceHandlers } from "./traces.ts"
import { tuningHandlers } from "./tuning.ts"
import { turnHandlers } from "./turns.ts"
import { voiceSessionHandlers } from "./voiceSessions.ts"
import { wakeHandlers } from "./wake.ts"

/** Every route of the contract has its handler here. */
export const createHandlers = (
  deps: ServerDeps & { keyring: Keyring; sessions: Sessions; metricsSocket: MetricsSocket },
): HandlersFor<Routes> => ({
  ...turnHandlers(deps),
  ...traceHandlers(deps),
  ...conversationHandlers(deps),
  ...documentHandlers(deps),
  ...folderHandlers(deps),
  ...searchIndexHandlers(deps),
  ...jobHandlers(deps),
  ...modelHandlers(deps),
  ...backendHandlers(deps),
  ...switchrHandlers(deps),
  ...settingsHandlers(deps),
  ...peopleHandlers(deps),
  ...secretHandlers(deps),
  ...auditHandlers(deps),
  ...egressHandlers(deps),
  ...backupHandlers(deps),
  ...privacyHandlers(deps),
  ...datasetHandlers(deps),
  ...timelineHandlers(deps),
  ...audioHandlers(deps),
  ...deviceHandlers(deps),
  ...speakerHandlers(deps),
  ...cloningHandlers(deps),
  ...voiceSessionHandlers(deps),
  ...tuningHandlers(deps),
  ...wakeHandlers(deps),
  ...ragHandlers(deps),
  ...opsHandlers(deps),
  ...supportHandlers(deps),
  ...probeHandlers(deps),
  ...memoryHandlers(deps),
  ...toolHandlers(deps),
  ...whyHandlers(deps),
  ...artifactHandlers(deps),
  ...evaluationHandlers(deps),
})
