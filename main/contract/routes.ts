import { audioRoutes } from "./audio.ts"
import { conversationRoutes } from "./conversations.ts"
import { documentRoutes } from "./documents.ts"
import { jobRoutes } from "./jobs.ts"
import { modelRoutes } from "./models.ts"
import { opsRoutes } from "./ops.ts"
import { ragRoutes } from "./rag.ts"
import type { RouteTable } from "./route.ts"
import { settingsRoutes } from "./settings.ts"
import { turnRoutes } from "./turnRoutes.ts"

/** Every route outside `/v1`. The server must handle each of them: a missing or extra handler does not compile. */
export const routes = {
  ...turnRoutes,
  ...conversationRoutes,
  ...documentRoutes,
  ...jobRoutes,
  ...modelRoutes,
  ...settingsRoutes,
  ...audioRoutes,
  ...ragRoutes,
  ...opsRoutes,
} as const satisfies RouteTable

export type Routes = typeof routes
export type RouteKey = keyof Routes
