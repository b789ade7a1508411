import { type ReactNode, useEffect, useState } from "react"
import { api, type Call } from "../../api/client.ts"
import { Button } from "../../ui/Button.tsx"
import { Notice } from "../../ui/Notice.tsx"
import { Segmented } from "../../ui/Segmented.tsx"
import { loadCollections, useDocuments } from "../documents/documentsStore.ts"
import { attempt, succeeds } from "../frame/attempt.ts"
import { RowText } from "./RowText.tsx"
import { countsText, strings } from "./strings.ts"

type Recipe = Call<"POST /api/datasets/preview">["body"]
type Preview = Awaited<ReturnType<typeof countFirst>>
const countFirst = (body: Recipe) => api("POST /api/datasets/preview", { body })

const initial = {
  name: "",
  conversations: true,
  collectionIds: [] as string[],
  answers: "all" as "all" | "liked",
  format: "chat" as "chat" | "instruction",
  maskPersonalData: true,
  hide: "",
  licence: "private",
  holdOutPercent: 10,
  seed: 1,
}

/** What a dataset is made from. Nothing is made before the person agreed to exactly that. */
export function RecipeForm() {
  const [form, setForm] = useState(initial)
  const [agreed, setAgreed] = useState(false)
  const [isCounting, setIsCounting] = useState(false)
  const [preview, setPreview] = useState<Preview | null>(null)
  const collections = useDocuments((state) => state.collections)
  useEffect(() => void loadCollections(), [])
  const change = (part: Partial<typeof initial>) => {
    setForm((before) => ({ ...before, ...part }))
    setPreview(null)
    // They agreed to other choices.
    setAgreed(false)
  }
  const isReady = form.name.trim() !== "" && (form.conversations || form.collectionIds.length > 0)
  const count = async () => {
    setIsCounting(true)
    setPreview(await attempt(() => countFirst(recipeOf(form))))
    setIsCounting(false)
  }
  const make = async () => {
    if (!isReady || !agreed) return
    if (await succeeds(() => api("POST /api/datasets", { body: { ...recipeOf(form), consent: true } })))
      setAgreed(false)
  }
  return (
    <form
      className="card stack datasets-form"
      aria-label={strings.make}
      onSubmit={(event) => {
        event.preventDefault()
        void make()
      }}
    >
      <h2>{strings.make}</h2>
      <Field label={strings.name} hint={strings.nameHint}>
        <input
          className="field"
          value={form.name}
          maxLength={80}
          autoComplete="off"
          onChange={(event) => change({ name: event.target.value })}
        />
      </Field>
      <fieldset className="datasets-choices">
        <legend className="soft">{strings.sources}</legend>
        <Check isOn={form.conversations} onChange={(conversations) => change({ conversations })}>
          {strings.chats}
        </Check>
        {collections
          .filter(({ sharedBy }) => !sharedBy)
          .map(({ id, name }) => (
            <Check
              key={id}
              isOn={form.collectionIds.includes(id)}
              onChange={(isOn) =>
                change({
                  collectionIds: isOn
                    ? [...form.collectionIds, id]
                    : form.collectionIds.filter((chosen) => chosen !== id),
                })
              }
            >
              {strings.collections(name)}
            </Check>
          ))}
      </fieldset>
      <Check isOn={form.maskPersonalData} onChange={(maskPersonalData) => change({ maskPersonalData })}>
        {strings.mask}
      </Check>
      {form.maskPersonalData ? null : <Notice tone="warning" title={strings.unmasked} />}
      <details>
        <summary>{strings.more}</summary>
        <div className="datasets-more">
          <Field label={strings.answers}>
            <select
              className="field"
              value={form.answers}
              onChange={(event) => change({ answers: event.target.value === "liked" ? "liked" : "all" })}
            >
              <option value="all">{strings.all}</option>
              <option value="liked">{strings.liked}</option>
            </select>
          </Field>
          <div className="datasets-field">
            <span>{strings.format}</span>
            <Segmented
              label={strings.format}
              value={form.format}
              options={[
                { value: "chat", label: strings.chat },
                { value: "instruction", label: strings.instruction },
              ]}
              onChange={(format) => change({ format })}
            />
          </div>
          <Field label={strings.hide}>
            <input className="field" value={form.hide} onChange={(event) => change({ hide: event.target.value })} />
          </Field>
          <Field label={strings.licence}>
            <input
              className="field"
              value={form.licence}
              maxLength={80}
              onChange={(event) => change({ licence: event.target.value })}
            />
          </Field>
          <Field label={strings.holdOut}>
            <input
              className="field"
              type="number"
              min={0}
              max={50}
              value={form.holdOutPercent}
              onChange={(event) => change({ holdOutPercent: Number(event.target.value) })}
            />
          </Field>
          <Field label={strings.seed}>
            <input
              className="field"
              type="number"
              min={0}
              value={form.seed}
              onChange={(event) => change({ seed: Number(event.target.value) })}
            />
          </Field>
        </div>
      </details>
      {preview ? (
        <div role="status" className="stack datasets-preview">
          <span>{strings.wouldHave(preview.counts.rows)}</span>
          {preview.counts.rows > 0 ? (
            <span className="soft">{countsText(preview.counts.byKind, strings.kinds)}</span>
          ) : null}
          <span className="soft">
            {strings.manifest.leftOut}: {countsText(preview.counts.leftOut, strings.reasons)}
          </span>
          {preview.rows.slice(0, 2).map((row) => (
            <RowText key={row.id} row={row} />
          ))}
        </div>
      ) : null}
      <Check isOn={agreed} onChange={setAgreed}>
        {strings.consent}
      </Check>
      <div className="row datasets-actions">
        <Button disabled={!isReady || isCounting} onClick={() => void count()}>
          {isCounting ? strings.counting : strings.preview}
        </Button>
        <Button type="submit" variant="primary" disabled={!isReady || !agreed}>
          {strings.build}
        </Button>
      </div>
    </form>
  )
}

const recipeOf = (form: typeof initial) => ({
  name: form.name.trim(),
  sources: { conversations: form.conversations, collectionIds: form.collectionIds },
  answers: form.answers,
  format: form.format,
  maskPersonalData: form.maskPersonalData,
  hide: form.hide
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== ""),
  licence: form.licence.trim(),
  holdOut: form.holdOutPercent / 100,
  seed: form.seed,
})

const Field = ({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) => (
  // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
  <label className="datasets-field">
    <span>{label}</span>
    {children}
    {hint ? <span className="faint">{hint}</span> : null}
  </label>
)

const Check = ({
  isOn,
  onChange,
  children,
}: {
  isOn: boolean
  onChange: (isOn: boolean) => void
  children: ReactNode
}) => (
  <label className="datasets-check">
    <input type="checkbox" checked={isOn} onChange={(event) => onChange(event.target.checked)} />
    <span>{children}</span>
  </label>
)
