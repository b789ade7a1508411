import { Slider as SliderPrimitive, Switch as SwitchPrimitive } from "radix-ui"

interface SwitchProps {
  label: string
  isOn: boolean
  isDisabled?: boolean
  onChange: (isOn: boolean) => void
}

export function Switch({ label, isOn, isDisabled, onChange }: SwitchProps) {
  return (
    <SwitchPrimitive.Root
      className="switch"
      aria-label={label}
      checked={isOn}
      disabled={isDisabled ?? false}
      onCheckedChange={onChange}
    >
      <SwitchPrimitive.Thumb asChild>
        <span />
      </SwitchPrimitive.Thumb>
    </SwitchPrimitive.Root>
  )
}

interface SliderProps {
  label: string
  value: number
  min: number
  max: number
  step: number
  isDisabled?: boolean
  onChange: (value: number) => void
  onCommit?: (value: number) => void
}

export function Slider({ label, value, min, max, step, isDisabled, onChange, onCommit }: SliderProps) {
  return (
    <SliderPrimitive.Root
      className="slider"
      min={min}
      max={max}
      step={step}
      value={[value]}
      disabled={isDisabled ?? false}
      onValueChange={([next]) => onChange(next ?? value)}
      onValueCommit={([next]) => onCommit?.(next ?? value)}
    >
      <SliderPrimitive.Track className="slider-track">
        <SliderPrimitive.Range className="slider-range" />
      </SliderPrimitive.Track>
      <SliderPrimitive.Thumb className="slider-thumb" aria-label={label} />
    </SliderPrimitive.Root>
  )
}
