// One event of a consumer group: it is with one consumer until its deadline, and settled by the newest token alone.
package main

import (
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
)

const nobodyKnows = -1

// delivery is comparable, as the checker wants it. The number of the newest token is nobodyKnows after a take that was
// not answered; every later one is greater than the greatest that is known.
type delivery struct {
	newest, greatest, attempts, deadlineMs int64
	out                                    bool
	settledBy                              int64
	// returned has the tokens by which it was given back, each between commas.
	returned string
}

var deliveryModel = porcupine.NondeterministicModel{
	Init: func() []interface{} { return []interface{}{delivery{}} },
	Step: func(state, input, output interface{}) []interface{} {
		now, asked, answer := state.(delivery), input.(Input), output.(*Output)
		if asked.Op == "deliver" {
			return now.deliver(answer)
		}
		return now.settle(asked, answer)
	},
}

func (d delivery) deliver(answer *Output) []interface{} {
	next := d
	next.out = true
	next.attempts++
	if answer == nil {
		if d.settledBy != 0 {
			return []interface{}{d}
		}
		next.newest, next.deadlineMs = nobodyKnows, 0
		return []interface{}{d, next}
	}
	isFree := !d.out || answer.LatestMs >= d.deadlineMs
	if d.settledBy != 0 || !isFree || answer.Number <= d.greatest || answer.Attempt != next.attempts {
		return nil
	}
	next.newest, next.greatest, next.deadlineMs = answer.Number, answer.Number, answer.DeadlineMs
	return []interface{}{next}
}

// settle: a token does once what it is asked, and says so again whenever it is asked the same.
func (d delivery) settle(asked Input, answer *Output) []interface{} {
	mark := "," + strconv.FormatInt(asked.Number, 10) + ","
	isDone := asked.Op == "ack" && d.settledBy == asked.Number || asked.Op == "nack" && strings.Contains(d.returned, mark)
	holds := d.out && d.newest == asked.Number
	next := d
	if holds {
		next.out = false
		if asked.Op == "ack" {
			next.settledBy = asked.Number
		} else {
			next.returned += mark
		}
	}
	if answer == nil {
		return []interface{}{d, next}
	}
	if (answer.Result == "ok") != (holds || isDone) {
		return nil
	}
	return []interface{}{next}
}
