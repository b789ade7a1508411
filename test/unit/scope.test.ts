import { expect, it } from "vitest"
import { createScope } from "#core/scope.ts"

it("closes newest first, tries everything, and throws the first failure", async () => {
  const closed: string[] = []
  const scope = createScope()
  scope.add("first", () => void closed.push("first"))
  scope.add("second", () => {
    throw new Error("stuck")
  })
  scope.add("third", () => void closed.push("third"))
  await expect(scope.close()).rejects.toThrow("stuck")
  expect(closed).toEqual(["third", "first"])
})
