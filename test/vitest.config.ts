import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const project = (name: string, options: Record<string, unknown> = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`, `test/${name}/**/*.test.tsx`], ...options },
})

/** Widest first: `unit` and `pipeline` need nothing; `models` runs real weights; `ui` and `electron` drive real windows. */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: ["default", fileURLToPath(new URL("./closingLine.ts", import.meta.url))],
    projects: [
      project("unit"),
      project("pipeline"),
      project("host"),
      project("server"),
      project("models", { testTimeout: 300_000, hookTimeout: 600_000, fileParallelism: false, maxWorkers: 1 }),
      project("ui", { testTimeout: 300_000, hookTimeout: 600_000, fileParallelism: false, maxWorkers: 1 }),
      project("electron", { testTimeout: 180_000, hookTimeout: 300_000, fileParallelism: false, maxWorkers: 1 }),
    ],
  },
})
