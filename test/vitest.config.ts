import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

/** Groups run one after another: real models and windows get the machine to themselves. */
const project = (name: string, groupOrder: number, options: Record<string, unknown> = {}) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`, `test/${name}/**/*.test.tsx`],
    sequence: { groupOrder },
    ...options,
  },
})
const seeded = { setupFiles: [fileURLToPath(new URL("./fixedSeed.ts", import.meta.url))] }
/** A real window may miss its moment on a busy machine: one more try, and the report says so. */
const windows = { retry: 1 }
/** A sound server loses blocks of sound while the cores are taken: the tests that listen get two more tries. */
const sounds = { retry: 2 }
const alone = { fileParallelism: false, maxWorkers: 1 }

/** Widest first: `unit` and `pipeline` need nothing; `models` runs real weights; `ui` and `electron` drive real windows. */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      project("unit", 0, seeded),
      project("pipeline", 0, seeded),
      project("host", 0, { ...seeded, testTimeout: 60_000 }),
      project("server", 0, { ...seeded, testTimeout: 60_000 }),
      project("models", 1, { ...alone, testTimeout: 300_000, hookTimeout: 600_000 }),
      project("devices", 2, { ...alone, ...sounds, testTimeout: 120_000, hookTimeout: 120_000 }),
      project("ui", 3, { ...alone, ...windows, testTimeout: 300_000, hookTimeout: 600_000 }),
      project("electron", 4, { ...alone, ...windows, testTimeout: 180_000, hookTimeout: 300_000 }),
    ],
  },
})
