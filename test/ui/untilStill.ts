import type { Page } from "playwright"

/** Nothing fades or changes its colour any more: until then, contrast is too little and pictures are of no state. */
export const untilStill = (page: Page) =>
  page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== "running"))
