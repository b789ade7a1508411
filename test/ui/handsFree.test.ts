import type { Page } from "playwright"
import { describe, expect, it } from "vitest"
import type { WindowOptions } from "./browser.ts"
import { followHash } from "./followHash.ts"
import { seriousFindings } from "./seriousFindings.ts"
import { windowFixture } from "./windowFixture.ts"

const fixture = windowFixture()

/** What the page did with its microphones and its loudspeaker. */
interface Sound {
  tracks: MediaStreamTrack[]
  volumes: number[]
}
const watchSound = () => {
  const sound: Sound = { tracks: [], volumes: [] }
  Object.assign(window, { sound })
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await open(constraints)
    sound.tracks.push(...stream.getTracks())
    return stream
  }
  const setTarget = AudioParam.prototype.setTargetAtTime
  AudioParam.prototype.setTargetAtTime = function (target, startTime, timeConstant) {
    sound.volumes.push(target)
    return setTarget.call(this, target, startTime, timeConstant)
  }
}
const microphones = (page: Page) =>
  page.evaluate(() => (window as unknown as { sound: Sound }).sound.tracks.map(({ readyState }) => readyState))
const volume = (page: Page) => page.evaluate(() => (window as unknown as { sound: Sound }).sound.volumes.at(-1))
const status = (page: Page) => page.locator(".voice-band [role=status]")
const button = (page: Page) => page.getByRole("button", { name: "Hands-free conversation" })

/** Without waiting for the network: a conversation's states never end by themselves. */

const open = async (options: Partial<WindowOptions> = {}) => {
  const page = await fixture.open({ state: "full", path: "#/chat", paceMs: 15, ...options })
  await page.locator(".chat-welcome").waitFor()
  await page.evaluate(watchSound)
  return page
}
const begin = async (page: Page) => {
  await button(page).click()
  await status(page).getByText("Ready").waitFor()
  await expect.poll(() => fixture.opened.core.conversation.request).not.toBeNull()
}

describe("a hands-free conversation in the window", () => {
  it("listens, thinks, speaks, and hears the next question without a press", async () => {
    const page = await open()
    expect(await button(page).getAttribute("aria-pressed")).toBe("false")
    await begin(page)
    expect(await button(page).getAttribute("aria-pressed")).toBe("true")
    const { core } = fixture.opened
    const sent = () => core.uplink.get(core.conversation.request?.streamId ?? 0) ?? 0
    await expect.poll(sent).toBeGreaterThan(9600)

    core.conversation.speak({ id: "voice-1", name: "Ada" })
    await status(page).getByText("Listening").waitFor()
    await page.locator(".voice-caption").getByText("changed?").waitFor()
    core.conversation.pause()
    await status(page).getByText("Thinking").waitFor()
    await status(page).getByText("Speaking").waitFor()
    await page.locator(".lit").first().waitFor()
    expect(await microphones(page)).toEqual(["live"])
    await status(page).getByText("Ready").waitFor()

    core.conversation.speak(null)
    await status(page).getByText("Listening").waitFor()
    core.conversation.pause()
    await status(page).getByText("Speaking").waitFor()
    // The first as it was stored, the second while it is answered.
    expect(await page.locator(".question-speaker").allTextContents()).toEqual(["Ada", "unknown voice"])
    expect(await page.locator(".question-text").allTextContents()).toEqual([
      "How often should the filter be changed?",
      "How often should the filter be changed?",
    ])
    expect(core.requests.filter((request) => request === "POST /api/turns")).toEqual([])
    expect(fixture.opened.problems).toEqual([])
  })

  it("lowers the answer that is talked over, and drops it for the one who goes on talking", async () => {
    const page = await open()
    await begin(page)
    const { conversation } = fixture.opened.core
    conversation.speak()
    conversation.pause()
    await status(page).getByText("Speaking").waitFor()
    const full = (await volume(page)) ?? 0
    expect(full).toBeGreaterThan(0)
    conversation.duck(true)
    await expect.poll(() => volume(page)).toBeCloseTo(full * 0.2)
    conversation.duck(false)
    await expect.poll(() => volume(page)).toBeCloseTo(full)
    conversation.duck(true)
    await expect.poll(() => volume(page)).toBeCloseTo(full * 0.2)
    conversation.speak()
    await status(page).getByText("Listening").waitFor()
    await expect.poll(() => volume(page), { message: "the next answer is not whispered" }).toBeCloseTo(full)
    await page.locator(".lit").first().waitFor({ state: "detached" })
    conversation.pause()
    await status(page).getByText("Speaking").waitFor()
  })

  it.each(["Escape", "End the conversation", "the button"])("ends by %s and lets the microphone go", async (way) => {
    const page = await open()
    await begin(page)
    fixture.opened.core.conversation.speak()
    await status(page).getByText("Listening").waitFor()
    if (way === "Escape") await page.keyboard.press("Escape")
    else if (way === "the button") await button(page).click()
    else await page.getByRole("button", { name: way }).click()
    await page.locator(".voice-band").waitFor({ state: "detached" })
    expect(await microphones(page)).toEqual(["ended"])
    expect(await button(page).getAttribute("aria-pressed")).toBe("false")
    await expect.poll(() => fixture.opened.core.conversation.request).toBeNull()
    expect(fixture.opened.core.requests).toContain("DELETE /api/voice/sessions/:id")
  })

  it("is idle again when the core ends it, or refuses it and says why", async () => {
    const page = await open()
    await begin(page)
    fixture.opened.core.conversation.end()
    await page.locator(".voice-band").waitFor({ state: "detached" })
    expect(await microphones(page)).toEqual(["ended"])
    await page.locator("#composer").waitFor()

    const refused = await open({ handsFreeError: "model.missing" })
    await button(refused).click()
    await refused.getByText("Listening needs a model that is missing.").first().waitFor()
    await refused.locator(".voice-band").waitFor({ state: "detached" })
    expect(await microphones(refused)).toEqual(["ended"])
    expect(await button(refused).getAttribute("aria-pressed")).toBe("false")
  })

  it("goes on in the chat it began in while another is looked at, and ends with the page", async () => {
    const page = await open()
    await begin(page)
    const { conversation, seed } = fixture.opened.core
    conversation.speak()
    conversation.pause()
    await status(page).getByText("Speaking").waitFor()
    const [first] = seed.conversations
    await followHash(page, "#/chat/conversation-1")
    await status(page).getByText("Ready").waitFor()
    conversation.speak()
    conversation.pause()
    await status(page).getByText("Speaking").waitFor()
    await followHash(page, `#/chat/${first?.id}`)
    await expect.poll(() => page.locator(".question-text").count()).toBe(2)
    await followHash(page, "#/models")
    await expect.poll(() => microphones(page)).toEqual(["ended"])
    await expect.poll(() => conversation.request).toBeNull()
  })

  it("has nothing serious for screen readers in any state", async () => {
    const page = await open()
    await begin(page)
    expect(await seriousFindings(page)).toEqual([])
    fixture.opened.core.conversation.speak()
    await status(page).getByText("Listening").waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })
})
