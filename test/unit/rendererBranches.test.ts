import { describe, expect, it } from "vitest"
import type { Message } from "#contract/conversations.ts"
import { childrenByParent, newestLeaf, pathTo } from "../../renderer/features/chat/branches.ts"
import { formatBytes, formatDuration, formatRemaining, formatTime } from "../../renderer/ui/format.ts"

const message = (id: string, parentId: string | null): Message => ({
  id,
  parentId,
  conversationId: "c",
  role: "user",
  text: id,
  reasoning: "",
  endReason: null,
  error: null,
  model: null,
  passages: [],
  spans: [],
  timings: [],
  usage: null,
  heardChars: null,
  kind: "text",
  feedback: null,
  createdAt: 0,
})
const ids = (messages: readonly Message[]) => messages.map((entry) => entry.id)

describe("branches", () => {
  const tree = [message("a", null), message("b", "a"), message("b2", "a"), message("c", "b"), message("c2", "b2")]

  it("shows the path to the chosen leaf, and to the newest message without one", () => {
    expect(ids(pathTo(tree, "c"))).toEqual(["a", "b", "c"])
    expect(ids(pathTo(tree, null))).toEqual(["a", "b2", "c2"])
    expect(ids(pathTo(tree, "gone"))).toEqual(["a", "b2", "c2"])
    expect(pathTo([], "a")).toEqual([])
  })

  it("leads from a version to the newest leaf below it", () => {
    const children = childrenByParent(tree)
    expect(ids(children.get("a") ?? [])).toEqual(["b", "b2"])
    expect(newestLeaf(children, "b")).toBe("c")
    expect(newestLeaf(children, "a")).toBe("c2")
  })
})

describe("numbers in words", () => {
  it("gives sizes and times units", () => {
    expect([0, 999, 1536, 1_117_000_000].map(formatBytes)).toEqual(["0 B", "999 B", "1.5 KB", "1.1 GB"])
    expect([12, 2310, 59_900, 95_000, 3_700_000].map(formatDuration)).toEqual([
      "12 ms",
      "2.3 s",
      "60 s",
      "1 min 35 s",
      "1 h 1 min",
    ])
    expect([2000, 41_000, 130_000].map(formatRemaining)).toEqual(["a few seconds left", "50 s left", "3 min left"])
  })

  it("is relative within a day", () => {
    const now = Date.UTC(2026, 5, 15, 12)
    expect(formatTime(now - 10_000, now)).toBe("now")
    expect(formatTime(now - 300_000, now)).toBe("5 min ago")
    expect(formatTime(now - 3 * 3_600_000, now)).toBe("3 h ago")
    expect(formatTime(now - 3 * 86_400_000, now)).toContain("12")
  })
})
