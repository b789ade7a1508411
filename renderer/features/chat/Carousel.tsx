import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react"
import type { Model } from "#contract/models.ts"
import { asApiError } from "../../api/client.ts"
import { formatBytes } from "../../ui/format.ts"
import { toast } from "../frame/frameStore.ts"
import { activeChatModel, pullModel, selectModel, useModels } from "../models/modelsStore.ts"
import { useSettings } from "../settings/settingsStore.ts"
import { strings } from "./strings.ts"

/** Share of the speed kept per 16 ms after letting go. */
const friction = 0.94

/** One card per chat model: drag with momentum, wheel, arrow keys, dots. Stopping on a card uses it. */
export function Carousel() {
  const items = useModels((state) => state.items)
  const chosen = useSettings((state) => state.values.chatModel)
  const models = useMemo(() => items.filter((model) => model.role === "llm"), [items])
  const active = activeChatModel(items, chosen)
  const activeIndex = Math.max(
    0,
    models.findIndex((model) => model.id === active?.id),
  )
  const [index, setIndex] = useState(activeIndex)
  const strip = useRef<HTMLDivElement>(null)
  const drag = useDrag(strip, (next) => settle(next))
  useEffect(() => setIndex(activeIndex), [activeIndex])
  // biome-ignore lint/correctness/useExhaustiveDependencies: shows the model in use when it opens
  useEffect(() => reveal(strip.current, activeIndex, "instant"), [models.length])

  const settle = (next: number) => {
    const clamped = Math.max(0, Math.min(models.length - 1, next))
    setIndex(clamped)
    reveal(strip.current, clamped, "smooth")
    const model = models[clamped]
    if (model) void use(model)
  }
  if (models.length === 0) return null
  return (
    <section className="carousel" aria-label={strings.carousel}>
      <div
        ref={strip}
        className="carousel-strip"
        role="listbox"
        tabIndex={0}
        aria-label={`${strings.carousel}. ${strings.carouselHint}`}
        aria-activedescendant={`model-card-${index}`}
        onKeyDown={(event) => {
          const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
          if (step === 0) return
          event.preventDefault()
          settle(index + step)
        }}
        {...drag}
      >
        {models.map((model, place) => (
          <ModelCard
            key={model.id}
            id={`model-card-${place}`}
            model={model}
            isActive={model.id === active?.id}
            isSelected={place === index}
            onSelect={() => settle(place)}
          />
        ))}
      </div>
      <div className="carousel-dots" aria-hidden>
        {models.map((model, place) => (
          <button
            type="button"
            tabIndex={-1}
            key={model.id}
            className={place === index ? "active" : ""}
            onClick={() => settle(place)}
          />
        ))}
      </div>
    </section>
  )
}

interface ModelCardProps {
  id: string
  model: Model
  isActive: boolean
  isSelected: boolean
  onSelect: () => void
}

function ModelCard({ id, model, isActive, isSelected, onSelect }: ModelCardProps) {
  const state =
    model.status === "installed"
      ? strings.state[model.load]
      : strings.state[model.status === "downloading" ? "downloading" : "available"]
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys, as a listbox does
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      className={`model-card ${isActive ? "active" : ""}`}
      onClick={onSelect}
    >
      <div className="row">
        <span className={`dot ${isActive ? model.load : "unloaded"}`} aria-hidden />
        <strong className="truncate grow">{model.name}</strong>
      </div>
      <div className="faint numbers">
        {formatBytes(model.sizeBytes)} ·{" "}
        {model.tokensPerSecond === null ? strings.notMeasured : strings.measured(model.tokensPerSecond.toFixed(0))}
      </div>
      <div className="row model-card-foot">
        <span
          className={`badge ${model.fit.verdict === "fits" ? "success" : model.fit.verdict === "tight" ? "warning" : "danger"}`}
          title={model.fit.reason}
        >
          {strings.fits[model.fit.verdict]}
        </span>
        <span className="faint">{state}</span>
      </div>
    </div>
  )
}

async function use(model: Model): Promise<void> {
  try {
    if (model.status === "installed") {
      if (model.id !== useSettings.getState().values.chatModel) await selectModel(model.id)
    } else if (model.status === "available") {
      toast(`${model.name}: ${strings.state.available}`, {
        action: { label: `${strings.download} ${formatBytes(model.sizeBytes)}`, run: () => void pullModel(model.id) },
      })
    }
  } catch (error) {
    toast(asApiError(error).message, { tone: "danger" })
  }
}

function reveal(strip: HTMLElement | null, index: number, behavior: ScrollBehavior): void {
  const card = strip?.children[index]
  if (!strip || !(card instanceof HTMLElement)) return
  const isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches
  strip.scrollTo({
    left: card.offsetLeft - (strip.clientWidth - card.clientWidth) / 2,
    behavior: isStill ? "instant" : behavior,
  })
}

/** Mouse dragging with momentum; touch and wheel scroll natively and settle when they stop. */
function useDrag(strip: React.RefObject<HTMLDivElement | null>, onSettle: (index: number) => void) {
  const state = useRef({ isDown: false, isDragged: false, x: 0, at: 0, speed: 0, frame: 0, timer: 0 })
  const nearest = (): number => {
    const element = strip.current
    if (!element) return 0
    const center = element.scrollLeft + element.clientWidth / 2
    const distances = [...element.children].map((card) =>
      card instanceof HTMLElement
        ? Math.abs(card.offsetLeft + card.clientWidth / 2 - center)
        : Number.POSITIVE_INFINITY,
    )
    return distances.indexOf(Math.min(...distances))
  }
  const glide = () => {
    const element = strip.current
    const current = state.current
    if (!element) return
    if (Math.abs(current.speed) < 0.05) return onSettle(nearest())
    element.scrollLeft -= current.speed * 16
    current.speed *= friction
    current.frame = requestAnimationFrame(glide)
  }
  return {
    onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return
      cancelAnimationFrame(state.current.frame)
      Object.assign(state.current, { isDown: true, isDragged: false, x: event.clientX, at: event.timeStamp, speed: 0 })
    },
    onPointerMove: (event: PointerEvent<HTMLDivElement>) => {
      const current = state.current
      if (!current.isDown || !strip.current) return
      const distance = event.clientX - current.x
      if (!current.isDragged && Math.abs(distance) < 4) return
      if (!current.isDragged) event.currentTarget.setPointerCapture(event.pointerId)
      current.isDragged = true
      strip.current.scrollLeft -= distance
      current.speed = distance / Math.max(1, event.timeStamp - current.at)
      current.x = event.clientX
      current.at = event.timeStamp
    },
    onPointerUp: () => {
      const current = state.current
      if (current.isDown && current.isDragged) glide()
      current.isDown = false
    },
    onClickCapture: (event: React.MouseEvent) => {
      if (!state.current.isDragged) return
      event.stopPropagation()
      state.current.isDragged = false
    },
    onWheel: (event: React.WheelEvent) => {
      if (strip.current && Math.abs(event.deltaY) > Math.abs(event.deltaX)) strip.current.scrollLeft += event.deltaY
      window.clearTimeout(state.current.timer)
      state.current.timer = window.setTimeout(() => onSettle(nearest()), 260)
    },
    onTouchEnd: () => {
      window.clearTimeout(state.current.timer)
      state.current.timer = window.setTimeout(() => onSettle(nearest()), 320)
    },
  }
}
