import { serveHost } from "#core/host/serve.ts"
import type { LlamaContract } from "./contract.ts"
import { createLlamaHandlers } from "./handlers.ts"

const { handlers, dispose } = createLlamaHandlers()
serveHost<LlamaContract>(handlers, { dispose })
