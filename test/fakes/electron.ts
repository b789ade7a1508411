import { EventEmitter } from "node:events"

/** What Electron asks the handlers that the shell installs on a session. */
type Handler = (...args: never[]) => unknown

/** A session that keeps its handlers, so that a test can ask them as Electron would. */
export function createFakeSession() {
  const handlers: Record<string, Handler> = {}
  const keep = (name: string) => (handler: Handler) => {
    handlers[name] = handler
  }
  return {
    setPermissionRequestHandler: keep("request"),
    setPermissionCheckHandler: keep("check"),
    setDevicePermissionHandler: keep("device"),
    webRequest: { onBeforeRequest: keep("beforeRequest") },
    /** Whether the page at `pageUrl` gets the permission. */
    requests(permission: string, pageUrl: string, details: object = {}): boolean {
      let granted: boolean | undefined
      const decide = (isGranted: boolean): void => {
        granted = isGranted
      }
      const contents = { getURL: () => pageUrl }
      ask(handlers.request, contents, permission, decide, { requestingUrl: pageUrl, ...details })
      if (granted === undefined) throw new Error("the request was not decided")
      return granted
    },
    checks: (permission: string, origin: string, details: object = {}) =>
      ask(handlers.check, null, permission, origin, details),
    allowsDevice: () => ask(handlers.device, {}),
    /** Whether a request to the address leaves. */
    sends(url: string): boolean {
      let isCancelled: boolean | undefined
      ask(handlers.beforeRequest, { url }, (answer: { cancel: boolean }) => {
        isCancelled = answer.cancel
      })
      if (isCancelled === undefined) throw new Error("the request was not decided")
      return !isCancelled
    },
  }
}

function ask(handler: Handler | undefined, ...args: unknown[]): unknown {
  if (!handler) throw new Error("no handler was installed")
  return handler(...(args as never[]))
}

type OpenHandler = (details: { url: string }) => { action: string }

/** The web contents of a window: events, and the handler for windows it would open. */
export class FakeContents extends EventEmitter {
  session = createFakeSession()
  openHandler: OpenHandler | undefined

  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler
  }

  /** Whether an event of this name and address goes through. */
  lets(name: string, url: string): boolean {
    let isPrevented = false
    const event = {
      preventDefault: () => {
        isPrevented = true
      },
    }
    this.emit(name, event, url)
    return !isPrevented
  }
}

interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

export interface FakeWindowOptions extends Partial<Bounds> {
  show?: boolean
  webPreferences?: Record<string, unknown>
}

/** Stands in for `electron` where the shell's modules are tested without its binary. */
export class BrowserWindow extends EventEmitter {
  static last: BrowserWindow | undefined
  options: FakeWindowOptions
  webContents = new FakeContents()
  loaded: string[] = []
  isShown = false
  maximized = false
  bounds: Bounds

  constructor(options: FakeWindowOptions) {
    super()
    this.options = options
    this.bounds = { x: options.x ?? 0, y: options.y ?? 0, width: options.width ?? 0, height: options.height ?? 0 }
    BrowserWindow.last = this
  }

  maximize(): void {
    this.maximized = true
  }

  isMaximized(): boolean {
    return this.maximized
  }

  getNormalBounds(): Bounds {
    return this.bounds
  }

  show(): void {
    this.isShown = true
  }

  async loadURL(url: string): Promise<void> {
    this.loaded.push(url)
  }
}

export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1600, height: 1000 } }] }
export const shell = { openExternal: async (_url: string): Promise<void> => {} }
