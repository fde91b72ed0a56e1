// Says why a start is refused: what is the matter, with which path or port, and what to do next.
import { resolve } from 'node:path'
import { inShell } from '../cli/shell-quote.js'
import { NEWER_NODE, tooOldNode } from '../config/node-version.js'
import type { Settings } from '../config/settings.js'
import { codeOf, ERRORS, type ErrorCode, StoreError } from '../contract/errors.js'
import { firstPermissionFault } from '../storage/permission-faults.js'
import { BadCertificate } from './certificate.js'

export interface RefusedStart {
  readonly code: string
  readonly what: string
  readonly why: string
  readonly next: string
}

const ANOTHER_DIRECTORY = 'use another data directory: --data DIR (or LIGHTHOUSE_DATA_DIR)'

/** undefined for what is no refusal but a defect, of which the stack has to be told. */
export function refusalOf(
  error: unknown,
  settings: Settings,
  node: string = process.versions.node,
): RefusedStart | undefined {
  if (error instanceof BadCertificate) return refusalOfCertificate(error)
  if (error instanceof StoreError) return refusalOfStore(error, resolve(settings.dataDir))
  const code = codeOf(error)
  const { address, port, hostname, syscall } = (error ?? {}) as NodeJS.ErrnoException & SocketFacts
  if (code === undefined || !['listen', 'bind', 'getaddrinfo'].includes(syscall ?? '')) return refusalOfNode(node)
  const place = port === undefined ? `${hostname ?? address ?? settings.host}` : `${address}:${port}`
  const metrics = port !== undefined && port === settings.metricsPort
  const option = metrics ? 'LIGHTHOUSE_METRICS_PORT=N' : '--port N (or LIGHTHOUSE_PORT)'
  switch (code) {
    case 'EADDRINUSE': {
      const free = metrics ? '' : '; --port 0 takes a free one'
      const next = `Stop that process, or use another port: ${option}${free}.`
      return { code, what: 'The port is in use', why: `another process listens on ${place}`, next }
    }
    case 'EACCES': {
      const next = `Use a port from 1024 on: ${option}.`
      return { code, what: 'The port is reserved', why: `${user()} may not listen on ${place} (${code})`, next }
    }
    default: {
      const next = 'Listen on an address of this machine: --host HOST (or LIGHTHOUSE_HOST).'
      return { code, what: 'The address cannot be listened on', why: `${place} (${code})`, next }
    }
  }
}

function refusalOfCertificate({ message }: BadCertificate): RefusedStart {
  const next = 'Name a certificate and its key, both in PEM, by LIGHTHOUSE_TLS_CERT_PATH and LIGHTHOUSE_TLS_KEY_PATH.'
  return { code: 'BAD_CERTIFICATE', what: 'The certificate cannot be used', why: message, next }
}

/** What an old one does not have is found missing where it is loaded, as an error of no kind of its own. */
function refusalOfNode(node: string): RefusedStart | undefined {
  const why = tooOldNode(node)
  const next = `${NEWER_NODE.replace(/^i/, 'I')}.`
  return why === undefined ? undefined : { code: 'NODE_TOO_OLD', what: 'This Node is too old', why, next }
}

interface SocketFacts {
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

function refusalOfStore({ code, message, cause }: StoreError, directory: string): RefusedStart | undefined {
  if (code === 'INTERNAL') return undefined
  const reason = systemCodeOf(cause)
  const fault = DIRECTORY_FAULTS[reason]?.(directory)
  if (code === 'STORAGE_UNAVAILABLE' && fault !== undefined) {
    const exact = PERMISSION.has(reason) ? firstPermissionFault(directory) : undefined
    if (exact !== undefined) {
      const { path, mode, owner, needs, command } = exact
      const why = `${path} has mode ${mode} and owner ${owner}; it needs ${needs} (${reason})`
      return { code, what: 'The data directory cannot be used', why, next: `${command}; or ${ANOTHER_DIRECTORY}.` }
    }
    const next = `Make ${directory} a directory that ${user()} can write to, or ${ANOTHER_DIRECTORY}.`
    return { code, what: 'The data directory cannot be used', why: `${fault} (${reason})`, next }
  }
  const { title, remedy } = ERRORS[code]
  return { code, what: title, why: message, next: NEXT[code]?.(directory) ?? remedy }
}

/** Where somebody has started a server, and the remedy of the catalogue is too general. */
const NEXT: { readonly [code in ErrorCode]?: (directory: string) => string } = {
  LOCKED: () => `Stop that process, or ${ANOTHER_DIRECTORY}.`,
  DATA_CORRUPT: directory => `See what is damaged: npx lighthouse verify ${inShell(directory)}`,
  DISK_FULL: () => `Make room on that volume, or ${ANOTHER_DIRECTORY}.`,
}

const PERMISSION = new Set(['EACCES', 'EPERM'])

const DIRECTORY_FAULTS: Readonly<Record<string, (directory: string) => string>> = {
  EACCES: directory => `${user()} may not write to ${directory}`,
  EPERM: directory => `${user()} may not write to ${directory}`,
  EROFS: directory => `${directory} lies on a file system that is mounted read-only`,
  EEXIST: directory => `${directory} is no directory`,
  ENOTDIR: directory => `${directory} is no directory, or lies below a file`,
  ENOENT: directory => `${directory} is not there and cannot be made`,
}

/** The code of the system, however many errors are wrapped around it. */
function systemCodeOf(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const code = codeOf(inner)
    if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) return code
  }
  return ''
}

function user(): string {
  return process.getuid === undefined ? 'this user' : `user ${process.getuid()}`
}

export function refusalLines({ what, why, next }: RefusedStart): string {
  return `Lighthouse cannot start: ${what}\n  ${why}\n  Next: ${next}\n`
}
