import type { EngineClient, HostContract } from "#core/host/types.ts"
import type { Engine, LoadState } from "./types.ts"

export interface HostedModel extends Pick<Engine, "loadState" | "load" | "unload"> {
  /** Loads when needed, then runs `request`; `unload` waits for it. */
  use<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T>
}

export interface HostedModelOptions {
  load: (signal: AbortSignal) => Promise<unknown>
  unload: (signal: AbortSignal) => Promise<unknown>
}

/** The load state of a model that lives in a child. A child that ends takes its models along; the next use loads again. */
export function createHostedModel<C extends HostContract>(
  client: Pick<EngineClient<C>, "onStatus">,
  options: HostedModelOptions,
): HostedModel {
  let state: LoadState = "unloaded"
  let loading: Promise<void> | undefined
  let unloading: Promise<void> | undefined
  const running = new Set<Promise<unknown>>()

  client.onStatus((status) => {
    if (status.state === "stopped" || status.state === "broken") state = "unloaded"
  })

  const startLoad = async (): Promise<void> => {
    await unloading
    state = "loading"
    try {
      // No caller's signal: others wait for the same load.
      await options.load(new AbortController().signal)
      state = "loaded"
    } catch (error) {
      state = "unloaded"
      throw error
    } finally {
      loading = undefined
    }
  }

  const load = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    if (state === "loaded" && !unloading) return
    loading ??= startLoad()
    await untilAborted(loading, signal)
  }

  return {
    loadState: () => state,
    load,
    async use(signal, request) {
      await load(signal)
      const result = request()
      const settled = result.then(
        () => undefined,
        () => undefined,
      )
      running.add(settled)
      settled.then(() => running.delete(settled))
      return result
    },
    async unload() {
      unloading ??= (async () => {
        try {
          await loading?.catch(() => undefined)
          await Promise.all(running)
          if (state === "loaded") await options.unload(new AbortController().signal)
        } finally {
          state = "unloaded"
          unloading = undefined
        }
      })()
      await unloading
    },
  }
}

/** The promise's outcome, or the signal's reason as soon as it aborts. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener("abort", abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort))
  })
}
