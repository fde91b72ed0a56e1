// What specs import as '@jest/globals': the functions that belong to the file that runs, whoever has imported them and when.
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test

export function renewGlobals(globals) {
  ;({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } = globals)
}
