// The numbers in the tokens of a group: those of a take follow each other and are greater than all before them.
package main

import "github.com/anishathalye/porcupine"

var numbersModel = porcupine.Model{
	Init: func() interface{} { return int64(0) },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		last, answer := state.(int64), output.(*Output)
		for i, number := range answer.Numbers {
			if number <= last || i > 0 && number != last+1 {
				return false, state
			}
			last = number
		}
		return true, last
	},
}
