// Checks the body or the query of a request against the class that describes it.
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common'
import { plainBody } from './body.js'
import { type Validator, validatorOf } from './validator.js'

export class ValidatorPipe<T extends object> implements PipeTransform<unknown, T> {
  private readonly shape: Validator<T>

  constructor(shaped: new () => T) {
    this.shape = validatorOf(shaped)
  }

  transform(value: unknown, { type }: ArgumentMetadata): T {
    if (type === 'body') return this.shape.body(plainBody(value))
    return this.shape.query((value ?? {}) as Record<string, unknown>)
  }
}
