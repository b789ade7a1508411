import Database from "better-sqlite3"
import { expect, it } from "vitest"
import { AppError } from "#core/errors.ts"
import { notFound } from "#store/notFound.ts"
import { fromPlainError, toPlainError } from "#store/sqlite/protocol.ts"
import { toStoreError } from "#store/sqlite/sqliteError.ts"

const failure = (code: string) => new Database.SqliteError("attempt to write /home/me/private.sqlite", code)

it.each([
  ["SQLITE_FULL", "store.full"],
  ["SQLITE_READONLY", "store.read-only"],
  ["SQLITE_READONLY_DIRECTORY", "store.read-only"],
  ["SQLITE_CANTOPEN", "store.read-only"],
  ["SQLITE_CORRUPT_VTAB", "store.corrupt"],
  ["SQLITE_NOTADB", "store.corrupt"],
  ["SQLITE_CONSTRAINT_UNIQUE", "request.conflict"],
  ["SQLITE_IOERR_WRITE", "store.failed"],
  ["SQLITE_BUSY", "store.failed"],
])("tells %s as %s, without a path", (code, expected) => {
  const error = toStoreError(failure(code))
  expect(error).toBeInstanceOf(AppError)
  expect(error).toMatchObject({ code: expected })
  expect((error as AppError).message).not.toContain("/home")
})

it("carries an error over to another thread with its code, remedy and cause", () => {
  const original = new AppError("store.full", "No space.", { remedy: "Free some.", cause: new Error("disk") })
  const arrived = fromPlainError(structuredClone(toPlainError(original)))
  expect(arrived).toMatchObject({ code: "store.full", message: "No space.", remedy: "Free some.", status: 507 })
  expect(arrived.cause).toMatchObject({ message: "disk" })
  expect(fromPlainError(toPlainError(new TypeError("x.y is not a function")))).toMatchObject({ code: "store.failed" })
})

it("says of everything that is not there what to do", () => {
  for (const domain of ["memory", "collection", "document", "folder", "speaker"] as const)
    expect(notFound(domain)).toMatchObject({ status: 404, remedy: expect.stringContaining("list") })
})
