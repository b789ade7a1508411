import type { Page } from "playwright"

/** Goes to another page of the same window, as a link does; whoever calls waits for what should be there. */
export const followHash = (page: Page, hash: string): Promise<void> =>
  page.evaluate((next) => {
    window.location.hash = next
  }, hash)
