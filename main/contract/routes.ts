import { artifactRoutes } from "./artifacts.ts"
import { audioRoutes } from "./audio.ts"
import { auditRoutes } from "./audit.ts"
import { backendRoutes } from "./backends.ts"
import { backupRoutes } from "./backups.ts"
import { cloningRoutes } from "./cloning.ts"
import { conversationRoutes } from "./conversations.ts"
import { datasetRoutes } from "./datasets.ts"
import { deviceRoutes } from "./devices.ts"
import { documentRoutes } from "./documents.ts"
import { egressRoutes } from "./egress.ts"
import { evaluationRoutes } from "./evaluations.ts"
import { folderRoutes } from "./folders.ts"
import { jobRoutes } from "./jobs.ts"
import { memoryRoutes } from "./memory.ts"
import { modelRoutes } from "./models.ts"
import { opsRoutes } from "./ops.ts"
import { peopleRoutes } from "./people.ts"
import { piiRoutes } from "./pii.ts"
import { privacyRoutes } from "./privacy.ts"
import { probeRoutes } from "./probe.ts"
import { ragRoutes } from "./rag.ts"
import type { RouteTable } from "./route.ts"
import { searchIndexRoutes } from "./searchIndex.ts"
import { secretRoutes } from "./secrets.ts"
import { settingsRoutes } from "./settings.ts"
import { speakerRoutes } from "./speakers.ts"
import { supportRoutes } from "./support.ts"
import { switchrRoutes } from "./switchr.ts"
import { timelineRoutes } from "./timeline.ts"
import { toolRoutes } from "./tools.ts"
import { traceRoutes } from "./traces.ts"
import { tuningRoutes } from "./tuning.ts"
import { turnRoutes } from "./turnRoutes.ts"
import { voiceSessionRoutes } from "./voiceSessions.ts"
import { wakeRoutes } from "./wake.ts"
import { whyRoutes } from "./why.ts"

/** Every route outside `/v1`. The server must handle each of them: a missing or extra handler does not compile. */
export const routes = {
  ...turnRoutes,
  ...traceRoutes,
  ...conversationRoutes,
  ...documentRoutes,
  ...folderRoutes,
  ...searchIndexRoutes,
  ...jobRoutes,
  ...modelRoutes,
  ...backendRoutes,
  ...switchrRoutes,
  ...settingsRoutes,
  ...peopleRoutes,
  ...secretRoutes,
  ...auditRoutes,
  ...egressRoutes,
  ...backupRoutes,
  ...piiRoutes,
  ...privacyRoutes,
  ...datasetRoutes,
  ...timelineRoutes,
  ...audioRoutes,
  ...deviceRoutes,
  ...speakerRoutes,
  ...cloningRoutes,
  ...voiceSessionRoutes,
  ...tuningRoutes,
  ...wakeRoutes,
  ...ragRoutes,
  ...opsRoutes,
  ...supportRoutes,
  ...probeRoutes,
  ...memoryRoutes,
  ...toolRoutes,
  ...whyRoutes,
  ...artifactRoutes,
  ...evaluationRoutes,
} as const satisfies RouteTable

export type Routes = typeof routes
export type RouteKey = keyof Routes
