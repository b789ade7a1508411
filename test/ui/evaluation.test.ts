import axe from "axe-core"
import { describe, expect, it } from "vitest"
import { untilStill } from "./untilStill.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

describe("evaluation", () => {
  it("is reached from the documents, pins and unpins a question, and measures the pinned ones", async () => {
    const page = await fixture.open({ state: "full", path: "#/documents" })
    await page.getByRole("button", { name: "Measure how well they are found" }).click()
    const pins = page.getByRole("region", { name: "Pinned questions", exact: true })
    await pins.getByText("water-filter-jug.md").waitFor()

    const pin = pins.getByRole("button", { name: "Pin", exact: true })
    await pins.getByLabel("Question").fill("Where is the fuse box?")
    // A question alone says nothing about what is right.
    expect(await pin.isDisabled()).toBe(true)
    await pins.getByLabel("or words in the passage").fill("in the hall")
    await pin.click()
    await pins.getByText("Where is the fuse box?").waitFor()
    await pins.getByRole("button", { name: "Unpin “Where is the fuse box?”" }).click()
    await pins.getByText("Where is the fuse box?").waitFor({ state: "detached" })

    await pins.getByRole("button", { name: "Measure pinned questions" }).click()
    await expect.poll(() => fixture.opened.core.requests).toContain("POST /api/evaluations")
  })

  it("shows a run's steps with intervals, the run before, and the questions found worst", async () => {
    const page = await fixture.open({ state: "full", path: "#/evaluation" })
    await page.getByRole("img", { name: "nDCG@10 of the runs of Pinned questions" }).waitFor()
    const run = page.locator(".evaluation-run").first()
    await run.locator("summary").click()
    await run.getByRole("row", { name: /Learned ranking.*over Hybrid/ }).waitFor()
    await run.getByText("Against the run before").waitFor()
    const better = run.getByRole("region", { name: "Found better than before", exact: true })
    await better.getByText("0.43 → 0.63 Which day is the bin emptied?").waitFor()
    await run.getByText("Where is the main water valve?").waitFor()
    await run.getByRole("button", { name: "Forget the run of Pinned questions" }).click()
    await expect.poll(() => page.locator(".evaluation-run").count()).toBe(1)
  })

  it("has no finding of axe, empty or full", async () => {
    for (const state of ["empty", "full"] as const) {
      const page = await fixture.open({ state, path: "#/evaluation" })
      await page.getByRole("heading", { name: "Evaluation", exact: true }).waitFor()
      if (state === "full") await page.locator(".evaluation-run summary").first().click()
      await untilStill(page)
      await page.evaluate(axe.source)
      const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run(document))
      expect(violations.map(({ id, nodes }) => `${state} ${id}: ${nodes[0]?.html}`)).toEqual([])
    }
  })
})
