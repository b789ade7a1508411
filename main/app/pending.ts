import type { Persona } from "#contract/settings.ts"
import type { OpsService } from "#server/deps.ts"

const fail = async (): Promise<never> => {
  throw new Error("pending")
}
export const createPersonas = (_dir: string) => {
  const one: Persona = {
    id: "default",
    name: "ZenGlow",
    description: "",
    systemPrompt: "You are ZenGlow, a helpful assistant. Answer briefly.",
    voice: null,
    temperature: null,
  }
  return { get: async (_id: string) => one, list: async () => [one] }
}
export const ops: OpsService = {
  ready: async () => ({ ready: true, reasons: [] }),
  uptimeSeconds: () => process.uptime(),
  health: fail,
  aggregated: fail,
  prometheus: fail,
  frame: fail,
  onFrame: () => () => {},
  diagnostics: fail,
  doctor: fail,
  configuration: () => [],
  logs: () => ({ lines: [], next: 0 }),
}
export const exportConversation = (): string => ""
export const importConversation = fail
