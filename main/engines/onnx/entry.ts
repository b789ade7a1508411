/** The onnx child: embeddings. */
import { serveHost } from "#core/host/serve.ts"
import { createOnnxHandlers } from "./handlers.ts"

serveHost(createOnnxHandlers())
