// Checks the body or the query of a request against the class that describes it.
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common'
import { plainBody } from './body.js'
import { type Shape, shapeOf } from './validator.js'

export class ShapePipe<T extends object> implements PipeTransform<unknown, T> {
  private readonly shape: Shape<T>

  constructor(shaped: new () => T) {
    this.shape = shapeOf(shaped)
  }

  transform(value: unknown, { type }: ArgumentMetadata): T {
    if (type === 'body') return this.shape.body(plainBody(value))
    return this.shape.query((value ?? {}) as Record<string, unknown>)
  }
}
