// Provides the one place where trouble is told and heard.
import { Module } from '@nestjs/common'
import { ThisThread } from '../threads/this-thread.js'
import { Signals } from './signals.js'
import { ToldSignals } from './told-signals.js'

const signals = {
  provide: Signals,
  useFactory: ({ writer }: ThisThread) => (writer === undefined ? new Signals() : new ToldSignals(writer)),
  inject: [ThisThread],
}

@Module({ providers: [signals], exports: [Signals] })
export class SignalsModule {}
