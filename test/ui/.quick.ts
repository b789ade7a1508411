import { launchBrowser, openWindow } from "./browser.ts"

const [, , state, width, scheme, ...paths] = process.argv
const browser = await launchBrowser()
for (const path of paths) {
  const w = await openWindow(browser, {
    state: state as never,
    path,
    width: Number(width),
    height: Number(width) < 500 ? 844 : 800,
    colorScheme: scheme as never,
  })
  await w.page.waitForTimeout(1200)
  await w.page.screenshot({ path: `/tmp/q-${path.replace(/\W+/g, "_")}-${state}-${width}-${scheme}.png` })
  if (w.problems.length) console.log(path, w.problems)
  await w.close()
}
await browser.close()
