// How TypeScript becomes JavaScript, once for the build, the tests and the benches, so that all three run the same code.
export const swcOptions = {
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  configFile: false,
  swcrc: false,
}
