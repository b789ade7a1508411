import type { SettingsRepository } from "../types.ts"
import { fromJson, owned, type StoreContext, type Sync } from "./context.ts"

export function createSettings(context: StoreContext): Sync<SettingsRepository> {
  const { all, run, transaction } = context
  return {
    all: (actor) =>
      Object.fromEntries(
        all<{ name: string; value: string }>(
          `SELECT s.name, s.value FROM settings s WHERE ${owned("s")} ORDER BY s.name`,
          context.owner(actor),
        ).map(({ name, value }) => [name, fromJson<unknown>(value)]),
      ),
    set(actor, values) {
      transaction(() => {
        const owner = context.owner(actor)
        for (const [name, value] of Object.entries(values)) {
          if (value === undefined) {
            run(`DELETE FROM settings AS s WHERE s.name = @name AND ${owned("s")}`, { ...owner, name })
          } else {
            run(
              `INSERT INTO settings (owner_id, name, value) VALUES (@owner, @name, @value)
               ON CONFLICT (owner_id, name) DO UPDATE SET value = excluded.value`,
              { ...owner, name, value: JSON.stringify(value) },
            )
          }
        }
      })
    },
  }
}
