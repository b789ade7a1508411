/** A small well-formed GGUF file: one metadata table and one tensor of 32-bit floats. */
export function makeGguf(
  options: { architecture?: string; name?: string; contextTokens?: number; elements?: number; seed?: number } = {},
): Buffer {
  const architecture = options.architecture ?? "llama"
  const elements = options.elements ?? 256
  const entries: [string, string | number][] = [
    ["general.architecture", architecture],
    ["general.name", options.name ?? "Tiny test model"],
    ["general.license", "apache-2.0"],
    [`${architecture}.context_length`, options.contextTokens ?? 2048],
    [`${architecture}.block_count`, 2],
    [`${architecture}.embedding_length`, 64],
    [`${architecture}.attention.head_count`, 4],
    [`${architecture}.attention.head_count_kv`, 2],
    ["tokenizer.chat_template", "{{ messages }}"],
  ]
  const parts: Buffer[] = [Buffer.from("GGUF"), u32(3), u64(1), u64(entries.length)]
  for (const [key, value] of entries) {
    parts.push(text(key))
    parts.push(typeof value === "string" ? Buffer.concat([u32(8), text(value)]) : Buffer.concat([u32(4), u32(value)]))
  }
  parts.push(text("token_embd.weight"), u32(1), u64(elements), u32(0), u64(0))
  const header = Buffer.concat(parts)
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32)
  const data = Buffer.alloc(elements * 4)
  for (let index = 0; index < elements; index++) data.writeFloatLE(((options.seed ?? 1) * (index + 1)) % 7, index * 4)
  return Buffer.concat([header, padding, data])
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}

function u64(value: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigUInt64LE(BigInt(value))
  return buffer
}

const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)])
