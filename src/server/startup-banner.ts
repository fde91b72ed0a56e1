// The text a development server prints for people when it starts; it is no log line, because it holds a token.
export function startupBanner(url: string, token: string): string {
  const event = `'{"type":"Greeting","stream":"agent_developer","data":{"text":"hello"}}'`
  return `
Lighthouse is ready at ${url}, in development. It made its own secret; this token is good for a week:

  export TOKEN=${token}

  curl -s ${url}/v1/events -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d ${event}
  curl -s ${url}/v1/events -H "authorization: Bearer $TOKEN"

The API: ${url}/docs

`
}
