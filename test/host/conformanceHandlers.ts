import { Socket } from "node:net"
import { AppError } from "#core/errors.ts"
import type { HostHandlers } from "#core/host/types.ts"

/** As it is before a host's network is closed: the end of this connection tells the test that the process is gone. */
const { connect } = Socket.prototype

/** The host every adapter is tested with. */
export type ConformanceContract = {
  echo: { input: unknown; output: unknown }
  count: { input: { to: number }; output: string; event: number }
  /** Emits once, then waits for the cancel. */
  waitForCancel: { input: null; output: string; event: "started" }
  /** Emits once, then never ends and does not listen. */
  hang: { input: null; output: never; event: "started" }
  /** Emits once, then the process dies. */
  crash: { input: null; output: never; event: "started" }
  failWithCode: { input: null; output: never }
  failUnknown: { input: null; output: never }
  sum: { input: { samples: Float32Array }; output: { sum: number; copy: Float32Array } }
  logLine: { input: string; output: null }
  /** Connects to a port of the test, so that the test hears when this process is gone; then keeps its loop busy for good. */
  holdAndSpin: { input: { port: number }; output: never; event: number }
}

export function createConformanceHandlers(exit: () => void): HostHandlers<ConformanceContract> {
  return {
    echo: async (input) => input,
    async count({ to }, { emit }) {
      for (let value = 1; value <= to; value++) {
        emit(value)
        if (value % 10 === 0) await new Promise(setImmediate)
      }
      return "counted"
    },
    async waitForCancel(_input, { signal, emit }) {
      emit("started")
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }))
      return "cancelled"
    },
    hang(_input, { emit }) {
      emit("started")
      return new Promise(() => {})
    },
    async crash(_input, { emit }) {
      emit("started")
      await new Promise(setImmediate)
      exit()
      return new Promise<never>(() => {})
    },
    async failWithCode() {
      throw new AppError("model.corrupt", "The file is damaged.", { remedy: "Fetch it again.", details: { at: 4 } })
    },
    async failUnknown() {
      throw new Error("/secret/path broke")
    },
    async sum({ samples }) {
      return { sum: samples.reduce((total, value) => total + value, 0), copy: samples }
    },
    async logLine(line, { log }) {
      log.child({ part: "inner" }).warn(line, { error: new Error("inside") })
      return null
    },
    async holdAndSpin({ port }, { emit }) {
      const socket: Socket = Reflect.apply(connect, new Socket(), [port, "127.0.0.1"])
      await new Promise((resolve) => socket.once("connect", resolve))
      emit(process.pid)
      // The event leaves before the loop is taken.
      await new Promise(setImmediate)
      await new Promise(setImmediate)
      for (;;);
    },
  }
}
