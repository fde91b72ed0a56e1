// What a debugger that attaches to a process learns of where its scripts come from.
import { once } from 'node:events'
import WebSocket from 'ws'

/** The address of the source of the first script whose address ends so, by the map in the script itself. */
export async function debuggedSource(inspector: string, script: string): Promise<string> {
  const [target] = (await (await fetch(`http://${inspector}/json/list`)).json()) as [{ webSocketDebuggerUrl: string }]
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await once(socket, 'open')
  try {
    const parsed = new Promise<{ url: string; sourceMapURL: string }>(found =>
      socket.on('message', text => {
        const { method, params } = JSON.parse(String(text))
        if (method === 'Debugger.scriptParsed' && params.url.endsWith(script)) found(params)
      }),
    )
    socket.send(JSON.stringify({ id: 1, method: 'Debugger.enable' }))
    const { url, sourceMapURL } = await parsed
    const [, base64 = ''] = /^data:application\/json;(?:charset=utf-8;)?base64,(.+)$/.exec(sourceMapURL) ?? []
    if (base64 === '') throw new Error(`${url} has no map in itself: ${sourceMapURL}`)
    const { sources, sourceRoot = '' } = JSON.parse(Buffer.from(base64, 'base64').toString())
    return new URL(`${sourceRoot}${sources[0]}`, url).href
  } finally {
    socket.terminate()
  }
}
