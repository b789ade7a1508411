/** A connection that was allowed. */
export interface EgressConnection {
  /** Bytes that went and came since the last call. */
  count(sentBytes: number, receivedBytes: number): void
  end(outcome: "done" | "failed"): void
}

/** The same answer, whose body is counted as it is read; the connection ends with it. */
export function countBody(response: Response, connection: EgressConnection): Response {
  const { body, status, statusText, headers } = response
  if (body === null) {
    connection.end("done")
    return response
  }
  const reader = body.getReader()
  const counted = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            connection.end("done")
            controller.close()
            return
          }
          connection.count(0, value.byteLength)
          controller.enqueue(value)
        } catch (error) {
          connection.end("failed")
          controller.error(error)
        }
      },
      async cancel(reason) {
        connection.end("done")
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(counted, { status, statusText, headers })
}

/** Bytes of what is sent; of forms the parts, without what separates them. */
export function sizeOf(body: BodyInit | null | undefined): number {
  if (body === null || body === undefined) return 0
  if (typeof body === "string") return Buffer.byteLength(body)
  if (body instanceof URLSearchParams) return Buffer.byteLength(body.toString())
  if (body instanceof Blob) return body.size
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength
  if (body instanceof FormData) {
    let size = 0
    for (const [name, value] of body)
      size += Buffer.byteLength(name) + (typeof value === "string" ? Buffer.byteLength(value) : value.size)
    return size
  }
  return 0
}
