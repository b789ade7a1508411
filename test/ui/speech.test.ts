import { expect, it } from "vitest"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

it("a word's sound is taught, kept, changed and taken back", async () => {
  const page = await fixture.open({ state: "full", path: "#/settings/pronunciations" })
  const card = page.getByRole("region", { name: "How it speaks" })
  const kept = () => fixture.opened.core.seed.settings.find(({ name }) => name === "pronunciations")?.value
  const teach = async (word: string, say: string) => {
    await card.getByLabel("Word", { exact: true }).fill(word)
    await card.getByLabel("Say it like").fill(say)
    await card.getByRole("button", { name: "Add" }).click()
  }
  await teach("Niamh", "Neev")
  await expect.poll(kept).toEqual([{ word: "Niamh", say: "Neev" }])
  await teach("niamh", "/niːv/")
  await expect.poll(kept).toEqual([{ word: "niamh", say: "/niːv/" }])
  await card.getByRole("button", { name: "Remove niamh" }).click()
  await expect.poll(kept).toEqual([])
})

it("each persona may answer quickly, never, or as the setting above has it", async () => {
  const page = await fixture.open({ state: "full", path: "#/settings/personaQuickAnswers" })
  const row = page.locator('[data-setting="personaQuickAnswers"]')
  const kept = () => fixture.opened.core.seed.settings.find(({ name }) => name === "personaQuickAnswers")?.value
  const first = row.getByRole("radiogroup").first()
  await first.getByRole("radio", { name: "Off" }).click()
  await expect.poll(kept).toEqual({ default: false })
  await first.getByRole("radio", { name: "On" }).click()
  await expect.poll(kept).toEqual({ default: true })
  await first.getByRole("radio", { name: "As above" }).click()
  await expect.poll(kept).toEqual({})
})
