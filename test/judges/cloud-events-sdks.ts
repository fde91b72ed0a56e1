// The SDKs of CloudEvents for JavaScript and Python, each as what writes requests and reads answers.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { judgeAt } from './judge.js'

/** Attributes, and the data beside them. */
export type Attributes = Readonly<Record<string, unknown>>

export type Mode = 'binary' | 'structured'

export interface Message {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Uint8Array | string
}

export interface Sdk {
  readonly name: string
  write(events: readonly Attributes[]): Readonly<Record<Mode, Message>>[]
  /** Each body is one event in structured mode. Throws when one of them is no CloudEvent to it. */
  read(bodies: readonly string[]): Attributes[]
}

interface EventOfJavaScript {
  validate(): boolean
  toJSON(): Attributes
}

/** As much of the package as is used. */
interface OfJavaScript {
  readonly CloudEvent: new (attributes: Attributes) => EventOfJavaScript
  readonly HTTP: Readonly<Record<Mode, (event: EventOfJavaScript) => Message>> & {
    toEvent(message: { readonly headers: object; readonly body: string }): EventOfJavaScript | EventOfJavaScript[]
  }
}

const packages = judgeAt('judges-of-npm') as string
const ofJavaScript = () => createRequire(join(packages, 'x.js'))('cloudevents') as OfJavaScript

export const javaScript: Sdk = {
  name: 'JavaScript',
  write: events =>
    events.map(attributes => {
      const { CloudEvent, HTTP } = ofJavaScript()
      const event = new CloudEvent(attributes)
      return { binary: HTTP.binary(event), structured: HTTP.structured(event) }
    }),
  read: bodies => bodies.flatMap(body => readBy(ofJavaScript(), 'application/cloudevents+json', body)),
}

/** A page of events, which the SDK for Python does not read. */
export function readBatch(body: string): Attributes[] {
  return readBy(ofJavaScript(), 'application/cloudevents-batch+json', body)
}

function readBy({ HTTP }: OfJavaScript, type: string, body: string): Attributes[] {
  const read = [HTTP.toEvent({ headers: { 'content-type': type }, body })].flat()
  for (const event of read) event.validate()
  return read.map(event => event.toJSON())
}

export const python: Sdk = {
  name: 'Python',
  write: events =>
    askPython({ write: events }).map(modes => {
      const { binary, structured } = modes as Readonly<Record<Mode, { headers: Attributes; body: string }>>
      return { binary: decoded(binary), structured: decoded(structured) }
    }),
  read: bodies => askPython({ read: bodies.map(body => Buffer.from(body).toString('base64')) }) as Attributes[],
}

function decoded({ headers, body }: { headers: Attributes; body: string }): Message {
  return { headers, body: Buffer.from(body, 'base64') }
}

function askPython(question: object): unknown[] {
  const script = join(import.meta.dirname, 'cloudevents_sdk.py')
  const options = { input: JSON.stringify(question), encoding: 'utf8', maxBuffer: 1e8 } as const
  const { status, stdout, stderr } = spawnSync(judgeAt('judges-of-pypi') as string, [script], options)
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
