/** Who may import whom: docs/architecture.md draws it, this checks it. */
const types = "^main/(engines|audio|store|models|cache)/types\\.ts$"
const only = (name, from, allowed) => ({
  name,
  severity: "error",
  comment: 'See docs/architecture.md, "Who may import whom".',
  from: { path: from },
  to: { path: "^(main|preload|renderer|test|native)/", pathNot: allowed },
})

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-unresolved",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "\\?(url|worker|inline)|^hast$" },
    },
    {
      name: "contract-imports-zod-only",
      severity: "error",
      from: { path: "^main/contract/" },
      to: { pathNot: ["^main/contract/", "node_modules/zod/"] },
    },
    only("core", "^main/core/", ["^main/core/", "^main/contract/"]),
    only("engines", "^main/engines/", ["^main/engines/", "^main/core/", "^main/contract/"]),
    only("audio", "^main/audio/", ["^main/audio/", "^main/core/", "^main/contract/"]),
    only("store", "^main/store/", ["^main/store/", "^native/", "^main/core/", "^main/contract/"]),
    only("cache", "^main/cache/", ["^main/cache/", "^main/core/", "^main/contract/"]),
    only("models", "^main/models/", ["^main/models/", "^models/", "^main/core/", "^main/contract/"]),
    only("rag", "^main/rag/", ["^main/rag/", "^main/core/", "^main/contract/", types]),
    only("chat", "^main/chat/", ["^main/chat/", "^main/rag/", "^main/core/", "^main/contract/", types]),
    only("voice", "^main/voice/", ["^main/voice/", "^main/chat/", "^main/core/", "^main/contract/", types]),
    only("routing", "^main/routing/", ["^main/routing/", "^main/core/", "^main/contract/", types]),
    only("ops", "^main/ops/", ["^main/ops/", "^main/core/", "^main/contract/", types]),
    only("server", "^main/server/", ["^main/server/", "^main/core/", "^main/contract/"]),
    only("cli", "^main/cli/", ["^main/cli/", "^main/app/", "^main/core/", "^main/contract/"]),
    only("electron", "^main/electron/", ["^main/electron/", "^main/app/", "^main/core/", "^main/contract/"]),
    only("renderer", "^renderer/", ["^renderer/", "^main/contract/"]),
    {
      name: "electron-only-in-the-shell",
      severity: "error",
      from: { pathNot: "^(main/electron|preload)/" },
      to: { path: "(^|/)node_modules/electron/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["node", "import", "require", "types", "default"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".cjs", ".json"],
    },
  },
}
