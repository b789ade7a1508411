import { Command } from "cmdk"
import {
  Boxes,
  FileInput,
  FileText,
  Ghost,
  Hash,
  Keyboard,
  MessageSquare,
  Mic,
  Monitor,
  Moon,
  Plus,
  SlidersHorizontal,
  Sun,
} from "lucide-react"
import { Dialog } from "radix-ui"
import { type ReactNode, useEffect, useState } from "react"
import type { SearchHit } from "#contract/conversations.ts"
import { api } from "../../api/client.ts"
import { Keys } from "../../ui/Keys.tsx"
import { chatKey, startNewChat, useChat } from "../chat/chatStore.ts"
import { importChat, loadConversations, setCollections } from "../chat/conversations.ts"
import { strings as chatStrings } from "../chat/strings.ts"
import { loadCollections, useDocuments } from "../documents/documentsStore.ts"
import { strings as documentStrings } from "../documents/strings.ts"
import { selectModel, useModels } from "../models/modelsStore.ts"
import { usePeople } from "../people/peopleStore.ts"
import { changeSettings, useSettings } from "../settings/settingsStore.ts"
import { isShown, settingTexts } from "../settings/settingTexts.ts"
import { strings as voiceStrings } from "../voice/strings.ts"
import { pressTalk } from "../voice/usePushToTalk.ts"
import { goTo, pages, useFrame } from "./frameStore.ts"
import { isPageFor } from "./pagesFor.ts"
import { strings } from "./strings.ts"

/** Reaches everything: pages, chats, actions, models, collections, settings. */
export default function Palette() {
  const conversations = useChat((state) => state.conversations)
  const collections = useDocuments((state) => state.collections)
  const models = useModels((state) => state.items)
  const settings = useSettings((state) => state.items)
  const role = usePeople((state) => state.me?.role ?? "owner")
  const [query, setQuery] = useState("")
  const hits = useHits(query)
  useEffect(() => {
    if (conversations.length === 0) void loadConversations()
    if (collections.length === 0) void loadCollections()
  }, [conversations.length, collections.length])
  const close = () => useFrame.setState({ isPaletteOpen: false })
  const run = (action: () => void) => () => {
    close()
    action()
  }
  return (
    <Dialog.Root open onOpenChange={close}>
      <Dialog.Portal>
        <Dialog.Overlay className="scrim" />
        <Dialog.Content className="palette" aria-describedby={undefined}>
          <Dialog.Title className="visually-hidden">{strings.palette}</Dialog.Title>
          <Command label={strings.palette} loop>
            <Command.Input placeholder={strings.palettePlaceholder} value={query} onValueChange={setQuery} />
            <Command.List>
              <Command.Empty>{strings.paletteEmpty}</Command.Empty>
              <Command.Group heading={strings.paletteGroups.actions}>
                <Item
                  icon={<Plus size={15} />}
                  text={chatStrings.newChat}
                  keys="Mod Shift O"
                  onSelect={run(() => startNewChat())}
                />
                <Item
                  icon={<Ghost size={15} />}
                  text={chatStrings.startTemporary}
                  onSelect={run(() => startNewChat(true))}
                />
                <Item
                  icon={<Mic size={15} />}
                  text={voiceStrings.talk}
                  keys="Mod Shift V"
                  onSelect={run(() => {
                    goTo("chat", useFrame.getState().page === "chat" ? useFrame.getState().detail : null)
                    pressTalk()
                  })}
                />
                <Item icon={<FileInput size={15} />} text={chatStrings.importChat} onSelect={run(importChat)} />
                <Item
                  icon={<FileText size={15} />}
                  text={documentStrings.addFiles}
                  onSelect={run(() => goTo("documents"))}
                />
                <Item
                  icon={<Sun size={15} />}
                  text={`${strings.theme}: ${strings.themes.light}`}
                  onSelect={run(() => void changeSettings({ theme: "light" }))}
                />
                <Item
                  icon={<Moon size={15} />}
                  text={`${strings.theme}: ${strings.themes.dark}`}
                  onSelect={run(() => void changeSettings({ theme: "dark" }))}
                />
                <Item
                  icon={<Monitor size={15} />}
                  text={`${strings.theme}: ${strings.themes.system}`}
                  onSelect={run(() => void changeSettings({ theme: "system" }))}
                />
                <Item
                  icon={<Keyboard size={15} />}
                  text={strings.shortcuts}
                  keys="?"
                  onSelect={run(() => useFrame.setState({ isShortcutSheetOpen: true }))}
                />
              </Command.Group>
              <Command.Group heading={strings.paletteGroups.go}>
                {pages
                  .filter((page) => isPageFor(page, role))
                  .map((page, index) => (
                    <Item
                      key={page}
                      icon={<SlidersHorizontal size={15} />}
                      text={strings.pages[page]}
                      {...(index < 6 ? { keys: `Mod ${index + 1}` } : {})}
                      onSelect={run(() => goTo(page))}
                    />
                  ))}
              </Command.Group>
              {conversations.length > 0 || hits.length > 0 ? (
                <Command.Group heading={strings.paletteGroups.chats}>
                  {conversations.slice(0, 100).map((entry) => (
                    <Item
                      key={entry.id}
                      value={`chat ${entry.title} ${entry.id}`}
                      icon={<MessageSquare size={15} />}
                      text={entry.title || chatStrings.untitled}
                      onSelect={run(() => goTo("chat", entry.id))}
                    />
                  ))}
                  {hits.map((hit) => (
                    <Item
                      key={hit.messageId}
                      value={`${query} ${hit.messageId}`}
                      icon={<MessageSquare size={15} />}
                      text={hit.snippet.replace(/[\uE000\uE001]/g, "")}
                      onSelect={run(() => goTo("chat", hit.conversationId))}
                    />
                  ))}
                </Command.Group>
              ) : null}
              {collections.length > 0 ? (
                <Command.Group heading={strings.paletteGroups.collections}>
                  {collections.map((collection) => (
                    <Item
                      key={collection.id}
                      value={`ask ${collection.name} ${collection.id}`}
                      icon={<Hash size={15} />}
                      text={collection.name}
                      onSelect={run(() => {
                        if (useFrame.getState().page !== "chat") startNewChat()
                        setCollections(chatKey(), [collection.id])
                      })}
                    />
                  ))}
                </Command.Group>
              ) : null}
              <Command.Group heading={strings.paletteGroups.models}>
                {models
                  .filter((model) => model.role === "llm" && model.status === "installed")
                  .map((model) => (
                    <Item
                      key={model.id}
                      value={`model ${model.name} ${model.id}`}
                      icon={<Boxes size={15} />}
                      text={model.name}
                      onSelect={run(() => void selectModel(model.id).catch(() => undefined))}
                    />
                  ))}
              </Command.Group>
              <Command.Group heading={strings.paletteGroups.settings}>
                {settings.filter(isShown).map((setting) => (
                  <Item
                    key={setting.name}
                    value={`setting ${settingTexts[setting.name]?.label ?? ""} ${setting.name}`}
                    icon={<SlidersHorizontal size={15} />}
                    text={settingTexts[setting.name]?.label ?? setting.name}
                    onSelect={run(() => goTo("settings", setting.name))}
                  />
                ))}
              </Command.Group>
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

interface ItemProps {
  icon: ReactNode
  text: string
  value?: string
  keys?: string
  onSelect: () => void
}

function Item({ icon, text, value, keys, onSelect }: ItemProps) {
  return (
    <Command.Item value={value ?? text} onSelect={onSelect}>
      {icon}
      <span className="truncate grow">{text}</span>
      {keys ? <Keys keys={keys} /> : null}
    </Command.Item>
  )
}

/** Messages that hold the words typed, from the core's full-text search. */
function useHits(query: string): SearchHit[] {
  const [hits, setHits] = useState<SearchHit[]>([])
  useEffect(() => {
    if (query.trim().length < 3) {
      setHits([])
      return
    }
    const abort = new AbortController()
    const timer = setTimeout(() => {
      api("GET /api/conversations/search", { query: { q: query.trim(), limit: 6 }, signal: abort.signal })
        .then((answer) => setHits(answer.items))
        .catch(() => undefined)
    }, 150)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [query])
  return hits
}
