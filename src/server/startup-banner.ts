// What a development server says on its own machine as it begins, for people: no line of the log ever holds a token.
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
