import { serveHost } from "#core/host/serve.ts"
import { createConformanceHandlers } from "./conformanceHandlers.ts"

serveHost(createConformanceHandlers(() => process.kill(process.pid, "SIGKILL")))
