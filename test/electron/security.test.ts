import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

/** Electron's own security checklist (docs/latest/tutorial/security), read off what ships. Numbers are its items. */
const dist = fileURLToPath(new URL("../../dist", import.meta.url))
const isBuilt = existsSync(join(dist, "electron", "main.cjs"))
if (!isBuilt) process.stderr.write("The shell's security checks were not run: it is not built.\n")
const read = (...path: string[]): string => readFileSync(join(dist, ...path), "utf8")
const programs = isBuilt
  ? readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => /\.(mjs|cjs|js)$/.test(name))
  : []
const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  main: string
  devDependencies: Record<string, string>
}

describe.skipIf(!isBuilt)("the built shell", () => {
  const main = isBuilt ? read("electron", "main.cjs") : ""
  const preload = isBuilt ? read("electron", "preload.cjs") : ""

  it("keeps Node out of the page (2, 3, 4)", () => {
    expect(main).toMatch(/sandbox: true/)
    expect(main).toMatch(/contextIsolation: true/)
    expect(main).toMatch(/nodeIntegration: false/)
    expect(main).toMatch(/webviewTag: false/)
    expect(main).not.toMatch(/sandbox: false|contextIsolation: false|nodeIntegration\w*: true|webviewTag: true/)
  })

  it("decides every permission, navigation and new window itself (5, 13, 14)", () => {
    for (const lock of [
      "setPermissionRequestHandler",
      "setPermissionCheckHandler",
      "setWindowOpenHandler",
      "will-navigate",
    ])
      expect(main, lock).toContain(lock)
  })

  it("weakens nothing (6, 8, 9, 10)", () => {
    expect(main).toMatch(/webSecurity: true/)
    expect(main).not.toMatch(
      /webSecurity: false|allowRunningInsecureContent|experimentalFeatures: true|enableBlinkFeatures|ignore-certificate-errors|setCertificateVerifyProc|disable-web-security/,
    )
  })

  it("hands only web addresses to the system (15)", () => {
    expect(main.match(/openExternal\(/g) ?? []).toHaveLength(2)
    expect(main).toMatch(/\^https\?:/)
  })

  it("has no remote module, no script run from text in the page, no custom protocol", () => {
    expect(main).not.toMatch(/@electron\/remote|enableRemoteModule|executeJavaScript|protocol\.(handle|register)/)
  })

  it("checks who sends a message (17)", () => {
    const handlers = main.match(/ipcMain\.(handle|on)\(/g) ?? []
    expect(handlers).toHaveLength(1)
    expect(main).toMatch(/senderFrame !== /)
  })

  it("shows the page three verbs and no channel to Electron (20)", () => {
    expect(preload.match(/exposeInMainWorld\(/g)).toHaveLength(1)
    expect([...preload.matchAll(/ipcRenderer\.(\w+)\(/g)].map((match) => match[1]).sort()).toEqual([
      "invoke",
      "on",
      "removeListener",
    ])
    expect([...preload.matchAll(/ipcRenderer\.\w+\((["'][^"']+["']|\w+)/g)].map((match) => match[1]).sort()).toEqual([
      '"choose-folder"',
      '"toggle-talk"',
      '"toggle-talk"',
    ])
    const exposed: Record<string, unknown> = {}
    const electron = {
      contextBridge: { exposeInMainWorld: (name: string, verbs: unknown) => Object.assign(exposed, { [name]: verbs }) },
      ipcRenderer: {},
    }
    new Function("require", "process", "module", "exports", preload)(
      (name: string) => (name === "electron" ? electron : {}),
      { platform: "linux" },
      { exports: {} },
      {},
    )
    expect(Object.keys(exposed)).toEqual(["zenglow"])
    expect(Object.keys(exposed.zenglow as object).sort()).toEqual(["chooseFolder", "onToggleTalk", "platform"])
  })

  it("imports Electron in the shell alone, and nothing that is not built in", () => {
    const importsElectron = /(?:from\s*|import\s*\(?|require\()\s*["']electron["']/
    const importing = programs.filter((name) => importsElectron.test(read(name)))
    expect(importing.sort()).toEqual([join("electron", "main.cjs"), join("electron", "preload.cjs")])
    for (const text of [main, preload]) {
      const required = [...text.matchAll(/\brequire\(["']([^"']+)["']\)/g)].map((match) => match[1] ?? "")
      expect(required.filter((name) => name !== "electron" && !name.startsWith("node:"))).toEqual([])
    }
    expect(manifest.main).toBe("dist/electron/main.cjs")
  })

  it("runs a current Electron (16)", () => {
    expect(Number(manifest.devDependencies.electron?.split(".")[0])).toBeGreaterThanOrEqual(45)
  })

  it("loads its page from the core, under a policy without inline or foreign scripts (1, 7, 18)", async () => {
    expect(main).not.toMatch(/loadFile\(|file:\/\//)
    const dataDir = mkdtempSync(join(tmpdir(), "zenglow-policy-"))
    const core = spawn(
      process.execPath,
      [join(dist, "cli.mjs"), "serve", "--json", "--port", "0", "--data-dir", dataDir],
      {
        env: { ...process.env, ZENGLOW_OFFLINE: "1", ZENGLOW_MODELS_DIR: join(dataDir, "models") },
        stdio: ["ignore", "pipe", "ignore"],
      },
    )
    const exited = new Promise((resolve) => core.once("exit", resolve))
    try {
      const line = await new Promise<string>((resolve) => createInterface({ input: core.stdout }).once("line", resolve))
      const { baseUrl } = JSON.parse(line) as { baseUrl: string }
      expect(new URL(baseUrl).hostname).toBe("127.0.0.1")
      const response = await fetch(baseUrl, { headers: { accept: "text/html" } })
      expect(response.headers.get("content-type")).toContain("text/html")
      const policy = Object.fromEntries(
        (response.headers.get("content-security-policy") ?? "").split("; ").map((part) => {
          const [name = "", ...sources] = part.split(" ")
          return [name, sources]
        }),
      )
      expect(policy["default-src"]).toEqual(["'none'"])
      expect(policy["script-src"]).toEqual(["'self'"])
      expect(policy["connect-src"]).toEqual(["'self'", `ws://${new URL(baseUrl).host}`])
      for (const name of ["base-uri", "form-action", "frame-ancestors"]) expect(policy[name], name).toEqual(["'none'"])
      expect(Object.values(policy).flat()).not.toContain("*")
    } finally {
      core.kill("SIGTERM")
      await exited
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})
