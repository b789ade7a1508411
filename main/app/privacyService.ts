import { join } from "node:path"
import { exportConversation } from "#chat/exportConversation.ts"
import type { Actor } from "#core/actor.ts"
import { findPersonalData, type PiiOptions } from "#core/pii/findPersonalData.ts"
import { maskPersonalData } from "#core/pii/maskPersonalData.ts"
import type { Datasets } from "#ops/datasets/datasets.ts"
import { createEraser, type EraseDeps } from "#ops/privacy/erase.ts"
import { exportEverything } from "#ops/privacy/exportEverything.ts"
import type { PrivacyService } from "#server/deps/privacy.ts"
import type { PiiRepository, Store } from "#store/types.ts"

export interface PrivacyServiceDeps extends Omit<EraseDeps, "store" | "datasets"> {
  store: Store
  datasets: Datasets
}

/** The vault, everything of a person in one file, and erasing. */
export function createPrivacyService(deps: PrivacyServiceDeps): PrivacyService {
  const { store, vault, datasets } = deps
  const eraser = createEraser(deps)
  return {
    subjects: vault,
    async find(actor, text) {
      const words = await hiddenWords(actor, store, vault)
      return { findings: findPersonalData(text, words), masked: maskPersonalData(text, "dataset", words).text }
    },
    mentions: eraser.mentions,
    eraseSubject: eraser.eraseSubject,
    count: eraser.count,
    erase: eraser.erase,
    removePerson: eraser.remove,
    export: (actor, signal) =>
      exportEverything(
        actor,
        {
          store,
          vault,
          datasets,
          uploadsDir: join(deps.dataDir, "uploads"),
          markdown: (conversation, messages) => exportConversation(conversation, messages, "md"),
        },
        signal,
      ),
  }
}

/** Names that are ordinary words until the person changes them. */
const plainNames = new Set(["owner", "adult", "child", "guest", "me"])

/** What is masked for somebody: who lives here, and whom they put into the vault. */
export async function hiddenWords(
  actor: Actor,
  store: Pick<Store, "people">,
  vault: PiiRepository,
): Promise<Pick<PiiOptions, "names" | "exact">> {
  const people = (await store.people.list(actor)).map(({ name }) => name)
  const identifiers = (await vault.list(actor)).flatMap((subject) => subject.identifiers)
  return {
    names: [
      ...people.filter((name) => !plainNames.has(name.toLowerCase())),
      ...identifiers.filter(({ kind }) => kind === "name").map(({ value }) => value),
    ],
    exact: identifiers.filter(({ kind }) => kind !== "name").map(({ value }) => value),
  }
}
