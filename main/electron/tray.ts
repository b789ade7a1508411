import { Menu, nativeImage, Tray } from "electron"

export interface TrayActions {
  show(): void
  talk(): void
  quit(): void
}

/** A 32 px warm dot: the assistant's one colour. */
const icon =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAYAAABzenr0AAAC70lEQVR42s2XWU8UURCF+TkqgooKGnHNuMe4RI3G+OCbP0YWFXdE477EXeOeaEKM8cFX/oHDwADDjIjimPJ81XfGaUEDJKT7oZI7devWOXWq+nZP3Zdj8+qStNkdbJsfWXuwyu85JSCAbEd9Jtu5sK3/eENv/4mGnKwcLIePPWJmQmZ6wJ31RwXS19/VaLlTiy13eokNnIkbPvaIIZYz0yHy381sx4Imr7ZrUQR6tskGzi21wQvLZMttsDsYa/nYI4ZYzrgqyjErApJyP/JSFUkHzwu0u9nyPS02dGmFDV1eGTf52COGWCeCIspBrhkRcPCTjVHVVKwq8z0R6PCVVTZ8rdWGr6+2kWCs3ac9YojlDGddDeX6F4mpZafyAJ6/2PwHGMCba61wa50Vbq+3wp1grOVjz8lUiOhslYQrMbkdkwaOvrnsteBXW23kxhoHGr27wUbvZax4f2PM8LFHDLGciZGgHcr992DGq2faNTzec0lYBadqVerADzZZ6dEWKz3eal+fRMYaH3vEEOtqBBLeDuUktz8dUxKgej0+yMUQ0Uek9MqVsKjEpYebI9Bn223s+Q4bexFMa3xORjHFCgmUUA6fCeUMreirVaF28DI8w1H1QXr102WvgD/d5mDfXu608de7bfxNMK3xORHFEOtK6Cw5IhWagwo+kJnJBHSLVXuvx8mrl4z0FWmpzsFf7bLxt3vs+7u99uP9PjfW+NhzEor1duist8JVaKnOAlhxApXhQ35dKDzTPFZMtlev/iKxVy4gQCd6D9jEh4ORaY3PSSiGWM64CspBLnKS29tQM4y1/c9xpXKr1crPhDNkVIbUVAvgz4+HrPzpsBtrfK6EYojlDGdjbVBuMMCKE2h3AmUnEKafC8aHT0lcfg0b/fbqVTXAvz4fcWONz1VQDLHeBggwjNU5qBIo+1s0PQQSb0HiQ5j4Y5iGiyjxqzj5l1EaXsfJf5Ck4ZMsFR+lqfgsT8Ufk3T8NUvNn9M5st+051ioMafiaAAAAABJRU5ErkJggg=="

export function createTray(actions: TrayActions): Tray {
  const tray = new Tray(nativeImage.createFromDataURL(icon))
  tray.setToolTip("ZenGlow")
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: "Show ZenGlow", click: actions.show },
      { label: "Talk", click: actions.talk },
      { type: "separator" },
      { label: "Quit", click: actions.quit },
    ]),
  )
  tray.on("click", actions.show)
  return tray
}
