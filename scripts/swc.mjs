// How TypeScript becomes JavaScript, once for the build, the tests, the benches and the server that reloads, so that all run the same code.
import swcrc from './swcrc.json' with { type: 'json' }

export const swcOptions = { ...swcrc, configFile: false, swcrc: false }
