import { readdirSync, readFileSync } from "node:fs"
import { join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { entries } from "#app/entries.ts"
import { documentPolicy, pagePolicy } from "#server/securityHeaders.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))

/** Ways to reach another machine. Type-only imports and servers are none. */
const doors: [string, RegExp][] = [
  ["fetch", /(?<![.\w"'-])fetch\(|globalThis\.fetch|window\.fetch/],
  [
    "a client of node:http or node:https",
    /import (?!type)[^;\n]*\brequest\b[^;\n]* from "node:https?"|https?\.(?:request|get)\(/,
  ],
  [
    "a client of node:net, node:tls or node:http2",
    /import (?!type)[^;\n]*\bconnect\b[^;\n]* from "node:(?:net|tls|http2)"|(?:net|tls|http2)\.connect\(/,
  ],
  ["datagrams", /dgram\.createSocket|from "node:dgram"/],
  ["a resolver", /dns[^;\n]*\.(?:resolve|reverse)|new (?:dns\.)?Resolver/],
  ["a socket of the web", /new (?:WebSocket|EventSource|XMLHttpRequest|WebTransport|RTCPeerConnection)\(|sendBeacon\(/],
  ["a library that fetches", /from "(?:undici|axios|got|node-fetch|ky|superagent|needle|ws)"/],
  ["another program", /import (?!type)[^;\n]* from "node:child_process"/],
]

/** Who may, and why: what is not said here goes through `core/egress`, or the sockets refuse it. */
const allowed: Record<string, string> = {
  "main/core/egress/createEgress.ts": "the one place",
  "main/core/egress/closeNetwork.ts": "takes the network away",
  "main/core/egress/socketGuard.ts": "refuses what did not ask",
  "main/core/host/forkAdapter.ts": "the product's own children, which close their network",
  "main/core/host/orphans.ts": "programs of the system that list and end processes",
  "main/ops/gpuProbe.ts": "the driver's own program",
  "main/ops/nativeModules.ts": "loads the product's own modules in a child",
  "main/models/recordClients.ts": "the package clients' method of that name, written down here",
  "main/models/hubProbe.ts": "the fetch that createInstallDeps hands over",
  "main/models/registryClients.ts": "package clients, written down by recordClients.ts",
  "main/engines/remote/connection.ts": "the fetch that backendConnection.ts hands over",
  "main/engines/remote/xttsServer.ts": "the fetch that cloner.ts hands over",
  "main/rag/pages/fetchPage.ts": "asks egress.open before each connection",
  "main/ops/tcpProbe.ts": "this machine, or what operations.ts asked egress.open for",
  "main/app/fetchElectron.ts": "asks egress.open before the installer starts",
  "main/app/openWindow.ts": "opens the window's program on the core's own address",
  "main/server/listenOn.ts": "asks this machine's own port",
  "main/server/socket.ts": "the server's side",
  "main/server/metricsSocket.ts": "the server's side",
  "main/cli/client.ts": "the command line speaks to the core",
  "main/cli/connect.ts": "the command line speaks to the core",
  "main/cli/socketTurn.ts": "the command line speaks to the core",
  "main/electron/packaging/debPackage.ts": "dpkg-deb, while an installer is built",
  "main/electron/coreProcess.ts": "starts the core and speaks to it on this machine",
  "renderer/api/client.ts": "the page speaks to its own origin; its policy allows no other",
  "renderer/api/session.ts": "the same",
  "renderer/api/socket.ts": "the same",
  "renderer/features/frame/SignedOut.tsx": "the same",
}

/** Doors in a source text, comments left out. */
function doorsIn(source: string): string[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "")
  return doors.filter(([, pattern]) => pattern.test(code)).map(([name]) => name)
}

function* sources(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* sources(path)
    else if (/\.(?:ts|tsx)$/.test(entry.name)) yield path
  }
}

describe("ways out of this computer", () => {
  it("are opened in the files that say why, and nowhere else", () => {
    const found = ["main", "preload", "renderer"].flatMap((folder) =>
      [...sources(join(root, folder))].flatMap((path) => {
        const names = doorsIn(readFileSync(path, "utf8"))
        return names.length > 0 ? [relative(root, path).split(sep).join("/")] : []
      }),
    )
    expect(found.filter((path) => !(path in allowed))).toEqual([])
    expect(Object.keys(allowed).filter((path) => !found.includes(path))).toEqual([])
  })

  it.each([
    ["const page = await fetch(url)", "fetch"],
    ["return globalThis.fetch(url)", "fetch"],
    ['import { request } from "node:https"', "a client of node:http or node:https"],
    ['import net from "node:net"\nnet.connect(443, host)', "a client of node:net, node:tls or node:http2"],
    ['import { connect } from "node:tls"', "a client of node:net, node:tls or node:http2"],
    ["const socket = new WebSocket(url)", "a socket of the web"],
    ["navigator.sendBeacon(url)", "a socket of the web"],
    ['import axios from "axios"', "a library that fetches"],
    ['import { spawn } from "node:child_process"', "another program"],
    ["await dns.promises.resolveTxt(secret)", "a resolver"],
  ])("a planted one is found: %s", (planted, name) => {
    expect(doorsIn(`/** Adds two numbers. */\n${planted}\n`)).toContain(name)
  })

  it("and what only speaks of them is not", () => {
    expect(
      doorsIn('// fetch(url)\n/* new WebSocket(url) */\nimport type { Server } from "node:http"\nclient.fetch(a)'),
    ).toEqual([])
  })
})

describe("children and threads", () => {
  it.each(Object.entries(entries).filter(([name]) => name !== "cli"))("%s has no network", (_name, path) => {
    const source = readFileSync(join(root, "main", path), "utf8")
    expect(/^(?:closeNetwork\(\)|serveHost)/m.test(source)).toBe(true)
  })
})

describe("the page", () => {
  it.each([
    ["the window", pagePolicy("127.0.0.1:9071")],
    ["a document", documentPolicy],
  ])("%s may load from and connect to its own origin alone", (_name, policy) => {
    const directives = new Map(policy.split("; ").map((part) => [part.split(" ")[0], part.split(" ").slice(1)]))
    expect(directives.get("default-src")).toEqual(["'none'"])
    for (const name of ["base-uri", "frame-ancestors"]) expect(directives.get(name)).toEqual(["'none'"])
    for (const [name, sources = []] of directives)
      for (const source of sources)
        expect(
          ["'none'", "'self'", "data:", "blob:", "ws://127.0.0.1:9071"].includes(source) ||
            (name === "style-src" && source === "'unsafe-inline'"),
          `${name} ${source}`,
        ).toBe(true)
  })
})
