import express, { type Express, type Request, type Response } from "express"
import { pagePolicy } from "./securityHeaders.ts"

/** Serves the built window from `/`. Paths that look like pages of it get `index.html`; everything else stays unknown. */
export function mountStaticFiles(app: Express, rendererDir: string | null, isApiPath: (path: string) => boolean): void {
  if (rendererDir === null) {
    app.get("/", (_request: Request, response: Response) => {
      response
        .type("text/plain")
        .send("ZenGlow is running. The window has not been built; the API is described at /docs.\n")
    })
    return
  }
  const asPage = (request: Request, response: Response): void => {
    response.setHeader("content-security-policy", pagePolicy(request.headers.host ?? ""))
    response.setHeader("cache-control", "no-cache")
  }
  const serveFile = express.static(rendererDir, {
    dotfiles: "ignore",
    redirect: false,
    cacheControl: false,
    // Built assets carry a hash of their content in their name.
    setHeaders: (served, path) => {
      if (/[/\\]assets[/\\]/.test(path)) served.setHeader("cache-control", "public, max-age=31536000, immutable")
    },
  })
  app.use((request, response, next) => {
    if (isApiPath(request.path)) return next()
    asPage(request, response)
    serveFile(request, response, next)
  })
  app.get("/*path", (request, response, next) => {
    const isPage =
      !isApiPath(request.path) && !/\.\w+$/.test(request.path) && request.headers.accept?.includes("text/html") === true
    if (!isPage) return next()
    asPage(request, response)
    response.sendFile("index.html", { root: rendererDir, cacheControl: false })
  })
}
