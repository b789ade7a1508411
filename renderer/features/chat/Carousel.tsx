import { type PointerEvent, useEffect, useRef, useState } from "react"
import { asApiError } from "../../api/client.ts"
import { formatBytes } from "../../ui/format.ts"
import { toast } from "../frame/frameStore.ts"
import { pullModel } from "../models/modelsStore.ts"
import { type ModelChoice, takeChoice, useActiveChoice, useModelChoices } from "./chatModel.ts"
import { ModelCard } from "./ModelCard.tsx"
import { beforeSending, useSending } from "./SendingDialog.tsx"
import { strings } from "./strings.ts"

/** Share of the speed kept per 16 ms after letting go. */
const friction = 0.94

/** One card per model that may answer: drag with momentum, wheel, arrow keys, dots. Stopping on a card uses it. */
export function Carousel({ chatKey }: { chatKey: string }) {
  const choices = useModelChoices()
  const active = useActiveChoice(chatKey, choices)
  const isAsking = useSending((state) => state.asked !== null)
  const activeIndex = Math.max(
    0,
    choices.findIndex((choice) => choice.id === active?.id),
  )
  const [index, setIndex] = useState(activeIndex)
  const strip = useRef<HTMLDivElement>(null)
  const drag = useDrag(strip, (next) => settle(next))
  // Whoever does not agree to send anything is back at what answered before.
  useEffect(() => {
    setIndex(activeIndex)
    if (!isAsking) reveal(strip.current, activeIndex, "smooth")
  }, [activeIndex, isAsking])
  // biome-ignore lint/correctness/useExhaustiveDependencies: shows the model in use when it opens
  useEffect(() => reveal(strip.current, activeIndex, "instant"), [choices.length])

  const settle = (next: number) => {
    const clamped = Math.max(0, Math.min(choices.length - 1, next))
    setIndex(clamped)
    reveal(strip.current, clamped, "smooth")
    const choice = choices[clamped]
    if (choice && choice.id !== active?.id) beforeSending(choice, () => void take(chatKey, choice))
  }
  if (choices.length === 0) return null
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
        {choices.map((choice, place) => (
          <ModelCard
            key={choice.id}
            id={`model-card-${place}`}
            choice={choice}
            isActive={choice.id === active?.id}
            isSelected={place === index}
            onSelect={() => settle(place)}
          />
        ))}
      </div>
      <div className="carousel-dots" aria-hidden>
        {choices.map((choice, place) => (
          <button
            type="button"
            tabIndex={-1}
            key={choice.id}
            className={place === index ? "active" : ""}
            onClick={() => settle(place)}
          />
        ))}
      </div>
    </section>
  )
}

async function take(chatKey: string, choice: ModelChoice): Promise<void> {
  try {
    if (choice.kind !== "local" || choice.model.status === "installed") return await takeChoice(chatKey, choice)
    const { model } = choice
    if (model.status === "available")
      toast(`${model.name}: ${strings.state.available}`, {
        action: { label: `${strings.download} ${formatBytes(model.sizeBytes)}`, run: () => void pullModel(model.id) },
      })
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
