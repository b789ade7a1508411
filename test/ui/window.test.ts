import AxeBuilder from "axe-core"
import type { Browser, Page } from "playwright"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { launchBrowser, type OpenWindow, openWindow, type WindowOptions } from "./browser.ts"
import { buildRenderer } from "./buildRenderer.ts"
import { hostileText, hostileTexts } from "./hostileText.ts"

let browser: Browser
let opened: OpenWindow | null = null

beforeAll(async () => {
  await buildRenderer()
  browser = await launchBrowser()
})
afterAll(() => browser?.close())
afterEach(async () => {
  await opened?.close()
  opened = null
})

const open = async (options: WindowOptions): Promise<Page> => {
  opened = await openWindow(browser, options)
  return opened.page
}
const ask = async (page: Page, text: string): Promise<void> => {
  await page.locator("#composer").fill(text)
  await page.keyboard.press("Enter")
}

describe("session", () => {
  it("trades the ticket for a session and takes it out of the address", async () => {
    const page = await open({ state: "full" })
    expect(page.url()).not.toContain("ticket")
    expect(await page.evaluate(() => document.documentElement.innerHTML)).not.toContain("mock-ticket")
    await page.reload()
    await page.locator("nav[aria-label=Main]").waitFor()
  })

  it("says how to sign in when there is no session", async () => {
    const page = await open({ state: "full" })
    await page.evaluate(() => window.sessionStorage.clear())
    await page.goto(`${opened?.core.origin}/`)
    await page.getByRole("heading", { name: "This window is not signed in" }).waitFor()
  })

  it("works under the strict content security policy, without a warning", async () => {
    const page = await open({ state: "full", path: "#/metrics" })
    await page.locator(".uplot").first().waitFor()
    for (const path of ["#/chat/conversation-1", "#/documents", "#/models", "#/settings", "#/welcome"]) {
      await page.evaluate((hash) => {
        window.location.hash = hash
      }, path)
      await page.waitForLoadState("networkidle")
    }
    expect(opened?.problems).toEqual([])
    expect(opened?.foreign).toEqual([])
  })
})

describe("chat", () => {
  it("streams an answer with sources first, then text, then citations at their sentences", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    await ask(page, "How often should the filter be changed?")
    await page.locator(".chips .chip").first().waitFor()
    await page.locator(".answer .citation").first().waitFor()
    const sentence = await page.locator(".prose p").first().textContent()
    expect(sentence).toBe(
      "Change the filter every six months.1 With smoke or pets in the room, change it every three months.12",
    )
    expect(await page.locator(".unsupported").textContent()).toBe("It is best to write the date on the filter's frame.")
    expect(await page.locator(".unsupported").getAttribute("title")).toContain("none of the passages says this")
    await expect.poll(() => page.url()).toContain("#/chat/conversation-new")
    expect(opened?.problems).toEqual([])
  })

  it("opens the cited passage highlighted in its document, and steps to the next", async () => {
    const page = await open({ state: "full", path: "#/chat/conversation-1" })
    await page
      .getByRole("button", { name: /^Source 1/ })
      .first()
      .click()
    await expect
      .poll(() => page.locator(".source-text mark").textContent())
      .toContain("Change the filter every six months.")
    await page.getByRole("button", { name: "Next source" }).click()
    await expect.poll(() => page.locator(".source-text mark").textContent()).toContain("Wash the pre-filter")
    await page.keyboard.press("Escape")
    await page.locator(".side-panel").waitFor({ state: "detached" })
  })

  it("keeps what was written when the answer is stopped", async () => {
    const page = await open({ state: "full", path: "#/chat", paceMs: 30 })
    await ask(page, "How often should the filter be changed?")
    await page.locator(".prose.streaming").waitFor()
    await page.keyboard.press("Escape")
    await page.getByText("Stopped. What you see was kept.").waitFor()
    expect((await page.locator(".answer .prose").textContent())?.length).toBeGreaterThan(0)
    await page.getByRole("button", { name: "Send" }).waitFor()
  })

  it("shows an engine failure in words and keeps the text before it", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    await ask(page, "Let this fail")
    await page.getByText("The model stopped while answering. What you see was kept.").waitFor()
    expect(await page.locator(".answer .prose").textContent()).toContain("Change the filter")
  })

  it("says so when the documents do not answer, with the closest three", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    await ask(page, "What does it weigh?")
    await page.getByText("The closest passages:").waitFor()
    expect(await page.locator(".not-found .chip").count()).toBe(3)
    await page.getByRole("button", { name: "Search all collections" }).waitFor()
  })

  it("edits a question into a branch and switches between branches", async () => {
    const page = await open({ state: "full", path: "#/chat/conversation-2" })
    await page.locator(".question").hover()
    await page.getByRole("button", { name: "Edit and ask again" }).click()
    await page.getByRole("textbox", { name: "Edit and ask again" }).fill("And the other parts?")
    await page.keyboard.press("Enter")
    await page.getByText("Version 2 of 2").first().waitFor()
    expect(await page.locator(".question-text").textContent()).toBe("And the other parts?")
    await page.getByRole("button", { name: "Earlier version" }).first().click()
    await page.getByText("How long is the motor covered?").waitFor()
  })

  it("answers again as a second version of the answer", async () => {
    const page = await open({ state: "full", path: "#/chat/conversation-2" })
    await page.getByRole("button", { name: "Answer again" }).click()
    await page.getByRole("menuitem", { name: "The same model" }).click()
    await page.getByText("Version 2 of 2").waitFor()
    expect(await page.locator(".question").count()).toBe(1)
  })

  it("keeps a draft across a reload, and one per chat", async () => {
    const page = await open({ state: "full", path: "#/chat/conversation-1" })
    await page.locator("#composer").fill("half a thought")
    await page.getByRole("link", { name: /Warranty of the motor/ }).click()
    expect(await page.locator("#composer").inputValue()).toBe("")
    await page.goBack()
    expect(await page.locator("#composer").inputValue()).toBe("half a thought")
    await page.reload()
    await expect.poll(() => page.locator("#composer").inputValue()).toBe("half a thought")
  })

  it("gives a deleted chat back on undo", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    const entry = page.getByRole("link", { name: /Soup for twelve/ })
    await entry.focus()
    await page.keyboard.press("Delete")
    await entry.waitFor({ state: "detached" })
    await page.getByRole("button", { name: "Undo" }).click()
    await entry.waitFor()
  })

  it("renames a chat in place and finds words in all chats", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    await page.getByRole("link", { name: /Soup for twelve/ }).focus()
    await page.keyboard.press("F2")
    await page.getByRole("textbox", { name: "Chat title" }).fill("Soup for twenty")
    await page.keyboard.press("Enter")
    await page.getByRole("link", { name: /Soup for twenty/ }).waitFor()
    await page.keyboard.press("Control+Shift+F")
    await page.keyboard.type("calendar")
    await expect.poll(() => page.locator(".hit mark").first().textContent()).toBe("calendar")
  })

  it("does not store a temporary chat", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    await page.locator(".conversation").first().waitFor()
    const before = await page.locator(".conversation").count()
    await page.getByRole("button", { name: "Start a temporary chat" }).click()
    await ask(page, "How often should the filter be changed?")
    await page.locator(".answer .citation").first().waitFor()
    await ask(page, "And what does it weigh?")
    await page.getByText("The closest passages:").waitFor()
    expect(await page.locator(".question").count()).toBe(2)
    expect(await page.locator(".conversation").count()).toBe(before)
  })

  it("asks the collection named with #", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    await page.locator("#composer").pressSequentially("#hou")
    await page.getByRole("option", { name: /House/ }).waitFor()
    await page.keyboard.press("Enter")
    await page.locator(".collection-chip", { hasText: "House" }).waitFor()
    expect(await page.locator("#composer").inputValue()).toBe("")
    await ask(page, "How often?")
    await page.locator(".answer .citation").first().waitFor()
    expect(opened?.core.seed.conversations[0]?.collectionIds).toEqual(["collection-2"])
  })

  it("uses the model of the card the carousel stops on", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    await page.locator("#composer").waitFor()
    await page.keyboard.press("Control+m")
    await page.getByRole("listbox", { name: /Chat models/ }).focus()
    await page.keyboard.press("ArrowRight")
    await expect.poll(() => opened?.core.seed.models.find((model) => model.id === "smollm2-135m")?.isDefault).toBe(true)
    await page.locator(".model-card.active", { hasText: "SmolLM2" }).waitFor()
  })

  it("does not move what is being read while an answer streams below", async () => {
    const page = await open({ state: "full", path: "#/chat/conversation-1", paceMs: 10 })
    await page.locator(".answer").first().waitFor()
    await ask(page, "How often should the filter be changed?")
    await page.locator(".prose.streaming").waitFor()
    const messages = page.locator(".messages")
    await messages.evaluate((element) => element.scrollTo({ top: 0 }))
    await page.waitForFunction(() => document.querySelector(".messages")?.scrollTop === 0)
    const before = await page.locator(".question").first().boundingBox()
    await page.getByText("The answer is ready.").waitFor({ state: "attached" })
    const after = await page.locator(".question").first().boundingBox()
    expect(after?.y).toBe(before?.y)
  })

  it("keeps ten thousand messages out of the page and scrolls from end to start", async () => {
    const page = await open({ state: "full", longMessages: 10_000, path: "#/chat/conversation-long" })
    await page.locator('[data-message="long-9999"]').waitFor()
    expect(await page.locator(".message-column").count()).toBeLessThan(60)
    const messages = page.locator(".messages")
    await messages.evaluate((element) => element.scrollTo({ top: 0 }))
    await page.locator('[data-message="long-0"]').waitFor()
    expect(await page.locator(".message-column").count()).toBeLessThan(60)
    await page.getByRole("button", { name: "Jump to the latest" }).click()
    await page.locator('[data-message="long-9999"]').waitFor()
  })
})

describe("voice", () => {
  it("hears, answers, lights the sentence being heard, and sends 16 kHz audio up", async () => {
    const page = await open({ state: "full", path: "#/chat", paceMs: 30 })
    await page.locator(".chat-welcome").waitFor()
    await page.keyboard.down("Space")
    await page.getByText("Listening", { exact: true }).waitFor()
    await page.locator(".voice-caption .unsettled").filter({ hasText: "changed?" }).waitFor()
    await page.keyboard.up("Space")
    await page.getByText("Speaking", { exact: true }).waitFor()
    await page.locator(".lit").first().waitFor()
    expect([...(opened?.core.uplink.values() ?? [])][0]).toBeGreaterThan(960)
    await page.locator(".voice-band").waitFor({ state: "detached" })
    expect(opened?.core.requests).toContain("POST /api/turns/:turnId/heard")
  })

  it("stops everything at once on Escape", async () => {
    const page = await open({ state: "full", path: "#/chat", paceMs: 20 })
    await page.getByRole("button", { name: "Talk" }).click()
    await page.locator(".voice-caption").getByText("filter").waitFor()
    await page.keyboard.press("Escape")
    await page.locator(".voice-band").waitFor({ state: "detached" })
    await expect.poll(() => opened?.core.requests).toContain("DELETE /api/turns/:turnId")
    await page.locator("#composer").waitFor()
  })

  it("names a denied microphone, how to fix it, and leaves typing", async () => {
    const page = await open({ state: "full", path: "#/chat" })
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"))
    })
    await page.getByRole("button", { name: "Talk" }).click()
    await page.getByText("The microphone is not allowed.").waitFor()
    await page.getByRole("button", { name: "Type instead" }).click()
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("composer")
  })

  it("says which model is missing when none can listen", async () => {
    const page = await open({ state: "empty", path: "#/chat" })
    await page.getByRole("button", { name: "Talk" }).click()
    await page.getByText("No speech model is installed.").waitFor()
  })
})

describe("hostile text", () => {
  const expectHarmless = async (page: Page) => {
    expect(await page.evaluate(() => "__ran" in window)).toBe(false)
    expect(opened?.foreign).toEqual([])
    const bad = await page.evaluate(() =>
      [
        ...document.querySelectorAll("#root :is(script, iframe, object, embed, base, form[action], link, img, style)"),
      ].map((element) => element.outerHTML),
    )
    expect(bad).toEqual([])
    const links = await page.evaluate(() => [...document.querySelectorAll("a")].map((link) => link.protocol))
    expect(links.filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol))).toEqual([])
    expect(opened?.problems).toEqual([])
  }

  it("runs and loads nothing when it streams in, one character at a time", async () => {
    const page = await open({
      state: "full",
      path: "#/chat",
      paceMs: 0,
      script: () => ({ text: hostileText, pieceLength: 1 }),
    })
    await ask(page, hostileText)
    await page.getByText("The answer is ready.").waitFor({ state: "attached" })
    await page.locator(".answer .prose").getByText("<base href=").first().waitFor()
    await expectHarmless(page)
  })

  it("runs and loads nothing in history, titles, file names, passages and errors", async () => {
    const page = await open({
      state: "full",
      path: "#/chat/conversation-1",
      prepare: (seed) => {
        seed.conversations.forEach((entry, index) => {
          entry.title = hostileTexts[index] ?? entry.title
        })
        for (const message of seed.messages.get("conversation-1") ?? []) {
          message.text = hostileText
          message.passages = message.passages.map((passage) => ({
            ...passage,
            title: hostileTexts[1] ?? "",
            text: hostileText,
            headingPath: [hostileTexts[0] ?? ""],
          }))
        }
        seed.documents.forEach((entry, index) => {
          entry.title = hostileTexts[index + 3] ?? ""
          entry.path = hostileTexts[index] ?? ""
          if (entry.error)
            entry.error = { code: "document.damaged", message: hostileTexts[0] ?? "", remedy: hostileTexts[1] ?? "" }
        })
        for (const collection of seed.collections) collection.name = hostileTexts[1] ?? ""
        for (const model of seed.models) model.name = hostileTexts[0] ?? ""
      },
    })
    await page.locator(".answer .prose").first().waitFor()
    await expectHarmless(page)
    await page.locator(".chip").first().click()
    await page.locator(".source-text mark").waitFor()
    for (const hash of ["#/documents", "#/models", "#/metrics", "#/settings", "#/welcome"]) {
      await page.evaluate((next) => {
        window.location.hash = next
      }, hash)
      await page.waitForLoadState("networkidle")
      await expectHarmless(page)
    }
  })
})

describe("documents", () => {
  it("adds dropped files and shows them", async () => {
    const page = await open({ state: "full", path: "#/documents" })
    await page
      .locator("input[type=file]")
      .first()
      .setInputFiles([{ name: "note.md", mimeType: "text/markdown", buffer: Buffer.from("# Note") }])
    await page.getByRole("button", { name: "note.md", exact: true }).waitFor()
  })

  it("says in words why a file failed, and reads it again on request", async () => {
    const page = await open({ state: "error", path: "#/documents" })
    await page.getByText("The pages are pictures: there is no text in them.").waitFor()
    await page.getByRole("button", { name: "Try again" }).first().click()
    await expect.poll(() => opened?.core.requests).toContain("POST /api/documents/:id/reindex")
  })

  it("keeps five thousand documents out of the page", async () => {
    const page = await open({
      state: "full",
      path: "#/documents",
      prepare: (seed) => {
        const [first] = seed.documents
        if (first)
          seed.documents = Array.from({ length: 5000 }, (_, index) => ({
            ...first,
            id: `d${index}`,
            title: `File ${index}`,
          }))
      },
    })
    await page.getByRole("button", { name: "File 0", exact: true }).waitFor()
    expect(await page.locator(".document-row").count()).toBeLessThan(60)
  })
})

describe("models and settings", () => {
  it("starts, pauses and goes on with the recommended downloads", async () => {
    const page = await open({ state: "empty", path: "#/models" })
    await page.getByRole("button", { name: /^Download .* GB$/ }).click()
    const pause = page
      .getByRole("region", { name: "Recommended for this machine" })
      .getByRole("button", { name: "Pause" })
    await pause.first().click()
    await page.getByRole("button", { name: "Go on" }).first().click()
    await pause.first().waitFor()
  })

  it("changes a setting, shows that it is yours, and resets it", async () => {
    const page = await open({ state: "full", path: "#/settings" })
    const row = page.locator('[data-setting="speakAnswers"]')
    await row.getByRole("switch").click()
    await row.getByText("your choice").waitFor()
    await row.getByRole("button", { name: "Reset Speak all answers" }).click()
    await row.getByText("default", { exact: true }).waitFor()
    expect(await row.getByRole("switch").getAttribute("aria-checked")).toBe("false")
  })

  it("locks what the environment set", async () => {
    const page = await open({ state: "full", path: "#/settings" })
    expect(await page.locator('[data-setting="unloadAfterMinutes"] input').isDisabled()).toBe(true)
  })

  it("shows a new key once", async () => {
    const page = await open({ state: "full", path: "#/settings" })
    await page.getByRole("button", { name: "New key" }).click()
    await page.getByRole("textbox", { name: "What is it for?" }).fill("Editor")
    await page.getByRole("button", { name: "Make the key" }).click()
    await page.getByText("Copy it now. It is shown this once.").waitFor()
    await page.getByRole("button", { name: "Done" }).click()
    await page.getByText("Editor", { exact: true }).waitFor()
    expect(await page.content()).not.toContain("example_only")
  })
})

describe("keyboard", () => {
  it("reaches every page, chat, model, collection and setting from the palette", async () => {
    const page = await open({ state: "full", path: "#/documents" })
    const choose = async (words: string) => {
      await page.keyboard.press("Control+k")
      await page.getByRole("combobox", { name: /Command|palette/i }).fill(words)
      await page.locator('.palette [cmdk-item][data-selected="true"]').waitFor()
      await page.keyboard.press("Enter")
      await page.locator(".palette").waitFor({ state: "detached" })
    }
    for (const [words, hash] of [
      ["Metrics", "#/metrics"],
      ["Models", "#/models"],
      ["Lease: notice", "#/chat/conversation-4"],
      ["Temperature", "#/settings/temperature"],
    ] as const) {
      await choose(words)
      await expect.poll(() => page.url()).toContain(hash)
    }
    await choose("SmolLM2")
    await expect.poll(() => opened?.core.requests).toContain("POST /api/models/:id/select")
    await choose("Theme: Dark")
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark")
  })

  it("walks every page by Tab, always showing where the focus is, and never traps it", async () => {
    for (const path of ["#/chat/conversation-1", "#/documents", "#/models", "#/metrics", "#/settings", "#/welcome"]) {
      const page = await open({ state: "full", path })
      await page.waitForLoadState("networkidle")
      const seen = new Set<string>()
      let isBack = false
      for (let step = 0; step < 160 && !isBack; step++) {
        await page.keyboard.press("Tab")
        const focus = await page.evaluate(() => {
          const element = document.activeElement
          if (!element || element === document.body) return null
          const style = getComputedStyle(element)
          const around = element.closest(".composer")
          const isVisible =
            style.outlineStyle !== "none" || (around !== null && getComputedStyle(around).boxShadow !== "none")
          const box = element.getBoundingClientRect()
          return {
            isVisible,
            key: `${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent?.slice(0, 30)} ${Math.round(box.x)}`,
          }
        })
        if (focus === null) isBack = true
        else {
          expect(focus.isVisible, `${path}: focus is invisible on ${focus.key}`).toBe(true)
          seen.add(focus.key)
        }
      }
      expect(isBack, `${path}: Tab never left the page`).toBe(true)
      expect(seen.size, path).toBeGreaterThan(8)
      await opened?.close()
      opened = null
    }
  })

  it("lists the keys on ?", async () => {
    const page = await open({ state: "full", path: "#/models" })
    await page.locator(".model-row").first().waitFor()
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
  })
})

describe("accessibility", () => {
  const audit = async (page: Page, where: string) => {
    await page.addScriptTag({ content: AxeBuilder.source }).catch(async () => {
      await page.evaluate(AxeBuilder.source)
    })
    const found = await page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof AxeBuilder }).axe.run()
      return violations
        .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
        .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 140)).join(" | ")}`)
    })
    expect(found, where).toEqual([])
  }

  for (const colorScheme of ["light", "dark"] as const) {
    it(`finds nothing serious on any page, ${colorScheme}`, async () => {
      const page = await open({ state: "full", colorScheme, path: "#/chat/conversation-1" })
      await page.locator(".answer").first().waitFor()
      await audit(page, "chat")
      await page.locator(".chip").first().click()
      await page.locator(".source-text mark").waitFor()
      await audit(page, "source panel")
      for (const path of ["#/chat", "#/documents", "#/models", "#/metrics", "#/settings", "#/welcome"]) {
        await page.evaluate((hash) => {
          window.location.hash = hash
        }, path)
        await page.waitForLoadState("networkidle")
        await audit(page, path)
      }
      await page.keyboard.press("Control+k")
      await page.locator(".palette [cmdk-item]").first().waitFor()
      await audit(page, "palette")
    })

    it(`finds nothing serious with failures, narrow, ${colorScheme}`, async () => {
      const page = await open({ state: "error", colorScheme, width: 390, height: 844, path: "#/documents" })
      for (const path of ["#/documents", "#/models", "#/chat", "#/welcome"]) {
        await page.evaluate((hash) => {
          window.location.hash = hash
        }, path)
        await page.waitForLoadState("networkidle")
        await audit(page, path)
      }
    })
  }

  it("needs no sideways scrolling at 360 px, nor at 200 % zoom", async () => {
    for (const width of [360, 640]) {
      const page = await open({ state: "full", width, height: 640, path: "#/chat/conversation-1" })
      for (const path of ["#/chat/conversation-1", "#/documents", "#/models", "#/metrics", "#/settings", "#/welcome"]) {
        await page.evaluate((hash) => {
          window.location.hash = hash
        }, path)
        await page.waitForLoadState("networkidle")
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        expect(overflow, `${path} at ${width}`).toBeLessThanOrEqual(0)
        const inner = await page.evaluate(() => {
          const scroller = document.querySelector("main .page")
          return scroller ? scroller.scrollWidth - scroller.clientWidth : 0
        })
        expect(inner, `${path} at ${width}`).toBeLessThanOrEqual(0)
      }
      await opened?.close()
      opened = null
    }
  })

  it("stays usable in forced colours", async () => {
    const page = await open({ state: "full", path: "#/chat/conversation-1" })
    await page.emulateMedia({ forcedColors: "active" })
    await page.locator(".answer").first().waitFor()
    const border = await page.locator(".composer").evaluate((element) => getComputedStyle(element).borderTopStyle)
    expect(border).toBe("solid")
  })
})
