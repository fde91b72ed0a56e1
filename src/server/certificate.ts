// The certificate of a server that speaks TLS: read when it starts, and again when its files say something new.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls'
import type { Logger } from 'pino'
import { codeOf } from '../contract/errors.js'

/** Files are asked by time, because those of a mounted Secret are replaced in a way that no watcher sees on every system. */
const LOOK_EVERY_MS = 5_000
const SOON_MS = 14 * 24 * 3_600_000

export interface CertificateFiles {
  readonly tlsCertPath: string
  readonly tlsKeyPath: string
}

/** Files that give no certificate with its key. */
export class BadCertificate extends Error {
  constructor(
    readonly path: string,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`${path} ${why}`, options)
  }
}

export class Certificate {
  private constructor(
    private readonly files: CertificateFiles,
    private current: Pair,
  ) {}

  /** undefined where none is set: then the server speaks plain HTTP. */
  static async of(files: CertificateFiles): Promise<Certificate | undefined> {
    return files.tlsCertPath === '' ? undefined : new Certificate(files, await read(files))
  }

  get context(): SecureContextOptions {
    return this.current.context
  }

  /** When clients begin to refuse it. */
  get endsAt(): Date {
    return this.current.validTo
  }

  /** New connections have what the files hold; those that are open keep theirs. What is not good changes nothing. */
  follow(server: Server, logger: Logger, everyMs = LOOK_EVERY_MS): void {
    tell(logger, this.current)
    let refused = ''
    let looking = false
    const look = async () => {
      const found = await read(this.files)
      refused = ''
      if (found.text === this.current.text) return
      server.setSecureContext(found.context)
      this.current = found
      tell(logger, found)
    }
    const timer = setInterval(() => {
      if (looking) return
      looking = true
      look()
        .catch(error => {
          // A certificate and its key are two files: between the two writes they do not fit, which the next look finds mended.
          const said = String(error)
          if (said !== refused)
            logger.error({ error }, 'the new certificate is not good, so the one before stays in force')
          refused = said
        })
        .finally(() => {
          looking = false
        })
    }, everyMs)
    timer.unref()
    server.once('close', () => clearInterval(timer))
  }
}

interface Pair {
  readonly text: string
  readonly validTo: Date
  readonly context: SecureContextOptions
}

async function read({ tlsCertPath, tlsKeyPath }: CertificateFiles): Promise<Pair> {
  const [cert, key] = await Promise.all([textOf(tlsCertPath), textOf(tlsKeyPath)])
  const certificate = made(tlsCertPath, 'holds no certificate in PEM', () => new X509Certificate(cert))
  const privateKey = made(tlsKeyPath, 'holds no private key in PEM', () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey)) throw new BadCertificate(tlsKeyPath, `is not the key of ${tlsCertPath}`)
  const context = { cert, key }
  made(tlsCertPath, 'is not one that TLS takes', () => createSecureContext(context))
  const validTo = made(tlsCertPath, 'holds something in its chain that is no certificate', () => endOf(cert))
  return { text: `${cert}\n${key}`, validTo, context }
}

/** A chain holds no longer than the first of it that ends. */
function endOf(chain: string): Date {
  const certificates = chain.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [chain]
  return new Date(Math.min(...certificates.map(one => new X509Certificate(one).validToDate.getTime())))
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(cause => {
    throw new BadCertificate(path, `cannot be read (${codeOf(cause) ?? 'unknown'})`, { cause })
  })
}

function made<T>(path: string, why: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    throw new BadCertificate(path, why, { cause })
  }
}

function tell(logger: Logger, { validTo }: Pair): void {
  const facts = { validTo: validTo.toISOString() }
  if (validTo.getTime() - Date.now() > SOON_MS) logger.info(facts, 'a certificate is in force')
  else logger.warn(facts, 'a certificate is in force that ends soon, or has ended')
}
