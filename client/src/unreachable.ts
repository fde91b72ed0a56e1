// Says where no connection came about, and why as far as the platform tells.

const DEFAULT_PORTS: { readonly [protocol: string]: string } = {
  'http:': '80',
  'ws:': '80',
  'https:': '443',
  'wss:': '443',
}

/**
 * The host, the port and the reason. Node's fetch and the package `ws` name the system's code; browsers and the
 * WebSocket of Node name none, so then `otherwise` stands for it, with the little that was told.
 */
export function unreachable(address: URL, error: unknown, otherwise: string): string {
  const place = `${address.hostname}:${address.port || DEFAULT_PORTS[address.protocol]}`
  const {
    code,
    message = '',
    cause,
  } = (error ?? {}) as { code?: unknown; message?: string; cause?: { code?: unknown } }
  const known = code ?? cause?.code
  if (known === 'ECONNREFUSED') return `${place}: refused (${known})`
  const told = typeof known === 'string' ? known : message.replace(/\.$/, '')
  return `${place}: ${otherwise}${told === '' ? '' : ` (${told})`}`
}
