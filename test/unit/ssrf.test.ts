import { describe, expect, it } from "vitest"
import { createServerGuard } from "#app/cloner.ts"
import { createUrlGuard } from "#models/urlGuard.ts"
import { fetchPage } from "#rag/pages/fetchPage.ts"

/** Ways to write an address that must not be reached, as hosts of a URL. */
const hosts = [
  // This machine.
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "127.255.255.254",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0x7f.0x0.0x0.0x1",
  "017700000001",
  "0177.0.0.1",
  "0177.1",
  "127.0.0.01",
  "①②⑦.⓪.⓪.①",
  "１２７.０.０.１",
  "127。0。0。1",
  "127.0.0.1.",
  "localhost",
  "localhost.",
  "LOCALHOST",
  "loc%61lhost",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::]",
  "0",
  "0.0.0.0",
  "0x0",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:ffff:7f00:0001]",
  "[::127.0.0.1]",
  "[::ffff:0:127.0.0.1]",
  // Its networks.
  "10.0.0.1",
  "10.255.255.255",
  "0xa000001",
  "012.0.0.1",
  "167772161",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.168.1.254",
  "3232235777",
  "0xc0.0xa8.1.1",
  "0300.0250.1.1",
  "[::ffff:192.168.1.1]",
  "[::ffff:c0a8:101]",
  "100.64.0.1",
  "100.127.255.255",
  "[fc00::1]",
  "[fd12:3456:789a::1]",
  "[fe80::1]",
  "[fec0::1]",
  "[ff02::1]",
  // Clouds' own services.
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[fd00:ec2::254]",
  "169.254.170.2",
  // Translated and tunnelled, reserved, broadcast.
  "[64:ff9b::7f00:1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::7f00:1]",
  "[2002:7f00:1::]",
  "[2002:c0a8:101::1]",
  "[2001:0:7f00:1::]",
  "198.18.0.1",
  "192.0.0.1",
  "192.0.2.1",
  "198.51.100.1",
  "203.0.113.1",
  "[2001:db8::1]",
  "[100::1]",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  // Names that lead there.
  "rebind.test",
  "two.test",
  "six.test",
  "metadata.test",
  "a.b.c.rebind.test",
  "REBIND.TEST",
  "rebind.test.",
] // prettier-ignore
const led: Record<string, string[]> = {
  "rebind.test": ["127.0.0.1"],
  "two.test": ["93.184.216.34", "10.0.0.7"],
  "six.test": ["::ffff:127.0.0.1"],
  "metadata.test": ["169.254.169.254"],
}
const lookup = async (host: string) =>
  (led[host.replace(/\.$/, "").split(".").slice(-2).join(".")] ?? ["127.0.0.1"]).map((address) => ({
    address,
    family: address.includes(":") ? 6 : 4,
  }))
const { signal } = new AbortController()
/** Was anything asked for? The egress of a test that must never be left by a connection. */
let opened = 0
const egress = { open: () => ({ count: () => void opened++, end() {} }) }
const page = (address: string) => fetchPage(address, { lookup, egress, trustedOrigins: [] }, signal)
const download = createUrlGuard({ lookup })
const codeOf = (work: () => Promise<unknown>): Promise<string> =>
  (async () => work())().then(
    () => "let through",
    (error: { code?: string }) => error.code ?? "not a URL",
  )

describe(`${hosts.length} spellings of addresses that nobody may be sent to`, () => {
  it.each(hosts)("%s", async (host) => {
    for (const address of [`http://${host}/x`, `https://${host}:8443/x`])
      expect(await codeOf(() => page(address)), `page ${address}`).toBe("page.refused")
    expect(await codeOf(async () => download(new URL(`https://${host}/x`))), "download").toMatch(
      /^download\.failed$|^ERR_INVALID_URL$/,
    )
    expect(opened).toBe(0)
  })

  it("and a voice server outside may lead to none of them under its public name", async () => {
    const guard = createServerGuard({ baseUrl: "https://two.test/", isOffline: () => false, lookup })
    expect(await codeOf(() => guard(new URL("https://two.test/tts")))).toBe("cloning.server")
    for (const host of hosts.filter((name) => URL.canParse(`https://${name}/`) && !/^two/i.test(name)))
      expect(await codeOf(() => guard(new URL(`https://${host}/tts`))), host).toBe("cloning.server")
  })
})
