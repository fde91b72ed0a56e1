// `lighthouse context`: keeps the addresses of servers and the tokens for them. No token is ever printed.
import { readFileSync } from 'node:fs'
import type { Terminal } from '../command.js'
import { EXIT } from '../exit.js'
import { contextNamed, contextsFile, readContexts, writeContexts } from '../server/contexts.js'
import { inTable, printRows } from '../server/print.js'
import { Usage } from '../usage-error.js'

const envOf = ({ env = process.env }: Terminal) => env

interface ContextWish {
  readonly json?: boolean
}

interface AddWish extends ContextWish {
  readonly token?: string
  readonly 'token-file'?: string
}

/** The first context that is added is used from then on. */
export async function addContext(name: string, server: string, wish: AddWish, terminal: Terminal): Promise<number> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name))
    throw new Usage('a context has a name of letters, digits, dots, dashes and underscores')
  if (!URL.canParse(server) || !/^https?:/.test(server))
    throw new Usage(`a server has an address such as http://127.0.0.1:8765, and not ${JSON.stringify(server)}`)
  if (wish.token !== undefined && wish['token-file'] !== undefined)
    throw new Usage('--token and --token-file exclude each other')
  const token = wish.token ?? (wish['token-file'] === undefined ? undefined : textOf(wish['token-file']))
  const { current = name, contexts } = readContexts(envOf(terminal))
  const added = { server, ...(token === undefined ? undefined : { token }) }
  writeContexts(envOf(terminal), { current, contexts: { ...contexts, [name]: added } })
  const words = `${name} is ${server}, ${current === name ? 'and in use' : `kept; in use is ${current}`}`
  await terminal.out(wish.json ? JSON.stringify({ name, server, current }) : words)
  return EXIT.clean
}

function textOf(file: string): string {
  const text = readFileSync(file, 'utf8').trim()
  if (text === '') throw new Usage(`${file} is empty`)
  return text
}

export async function useContext(name: string, { json }: ContextWish, terminal: Terminal): Promise<number> {
  const { server } = contextNamed(envOf(terminal), name)
  writeContexts(envOf(terminal), { ...readContexts(envOf(terminal)), current: name })
  await terminal.out(json ? JSON.stringify({ name, server, current: name }) : `${name} is in use: ${server}`)
  return EXIT.clean
}

export async function listContexts(wish: ContextWish, terminal: Terminal): Promise<number> {
  const { current, contexts } = readContexts(envOf(terminal))
  const rows = Object.entries(contexts).map(([name, { server, token }]) => {
    return { name, server, current: name === current, token: token === undefined ? 'none' : 'kept' }
  })
  const table = () =>
    inTable(
      ['', 'CONTEXT', 'SERVER', 'TOKEN'],
      rows.map(({ name, server, current: used, token }) => [used ? '*' : '', name, server, token]),
    )
  const none = `There is no context in ${contextsFile(envOf(terminal))}; lighthouse context add makes one.`
  await printRows(rows, { json: wish.json, table, none }, terminal)
  return EXIT.clean
}

export async function removeContext(name: string, { json }: ContextWish, terminal: Terminal): Promise<number> {
  contextNamed(envOf(terminal), name)
  const { current, contexts } = readContexts(envOf(terminal))
  const { [name]: _, ...others } = contexts
  writeContexts(envOf(terminal), {
    ...(current === name || current === undefined ? {} : { current }),
    contexts: others,
  })
  await terminal.out(json ? JSON.stringify({ removed: name }) : `${name} is removed`)
  return EXIT.clean
}
