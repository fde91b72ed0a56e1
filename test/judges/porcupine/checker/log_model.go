// The log as one list of events: appends with expectations, conditions and keys, and reads, which see all that is stored.
package main

import (
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"
)

type stored struct {
	Event
	key, body string
}

// log is never changed once it is made, so states share what they have in common.
type log struct {
	events []stored
	digest string
}

var logModel = porcupine.NondeterministicModel{
	Init:  func() []interface{} { return []interface{}{log{}} },
	Equal: func(one, other interface{}) bool { return one.(log).digest == other.(log).digest },
	Step: func(state, input, output interface{}) []interface{} {
		now, asked, answer := state.(log), input.(Input), output.(*Output)
		if asked.Op == "read" {
			return when(now.shows(asked, answer), now)
		}
		return now.append(asked, answer)
	},
}

// append: one that was not answered was done or was not.
func (l log) append(asked Input, answer *Output) []interface{} {
	first := asked.Events[0].Position
	if answer != nil {
		first = answer.First
	}
	known := l.keyed(asked.Key)
	violations := l.violations(asked)
	rises := len(l.events) == 0 || first > l.events[len(l.events)-1].Position
	stores := known == nil && len(violations) == 0 && rises
	switch {
	case answer == nil && stores:
		return []interface{}{l, l.with(asked, first)}
	case answer == nil:
		return []interface{}{l}
	case answer.Result == "stored":
		return when(stores, l.with(asked, first))
	case answer.Result == "conflict":
		return when(known == nil && len(violations) > 0 && same(violations, answer.Violations), l)
	case answer.Result == "duplicate":
		return when(known != nil && known.body == asked.Body && known.Position == answer.First, l)
	default:
		return when(known != nil && known.body != asked.Body, l)
	}
}

func when(holds bool, state log) []interface{} {
	if holds {
		return []interface{}{state}
	}
	return nil
}

// keyed is the first event under a key, nil where there is none or no key.
func (l log) keyed(key string) *stored {
	for i := range l.events {
		if key != "" && l.events[i].key == key {
			return &l.events[i]
		}
	}
	return nil
}

func (l log) with(asked Input, first int64) log {
	events := make([]stored, len(l.events), len(l.events)+len(asked.Events))
	copy(events, l.events)
	digest := l.digest
	for i, event := range asked.Events {
		event.Position = first + int64(i)
		events = append(events, stored{event, asked.Key, asked.Body})
		digest += event.Ref + "@" + strconv.FormatInt(event.Position, 10) + " "
	}
	return log{events, digest}
}

func (l log) violations(asked Input) []Violation {
	var found []Violation
	for _, expected := range asked.Expectations {
		actual := int64(-1)
		for _, event := range l.events {
			if event.Stream == expected.Stream {
				actual++
			}
		}
		if actual != expected.Revision {
			found = append(found, Violation{Stream: expected.Stream, Actual: actual})
		}
	}
	if asked.Condition != nil {
		for _, event := range l.events {
			if event.Position > asked.Condition.After && hasAll(event.Tags, asked.Condition.Tags) {
				return append(found, Violation{Position: event.Position})
			}
		}
	}
	return found
}

func (l log) shows(asked Input, answer *Output) bool {
	if answer == nil {
		return true
	}
	seen := answer.Events
	for _, event := range l.events {
		if asked.Stream != "" && event.Stream != asked.Stream || asked.Tag != "" && !hasAll(event.Tags, []string{asked.Tag}) {
			continue
		}
		if len(seen) == 0 || seen[0].Ref != event.Ref || seen[0].Position != event.Position {
			return false
		}
		seen = seen[1:]
	}
	return len(seen) == 0
}

// withPositions: what became of an append that was not answered is told by the reads, of which the last comes after all
// appends. One that no read shows has never been seen, so it is left out.
func withPositions(lines []Line) []Line {
	positions := map[string]int64{}
	for _, line := range lines {
		if line.Input.Op == "read" && line.Output != nil {
			for _, event := range line.Output.Events {
				positions[event.Ref] = event.Position
			}
		}
	}
	var kept []Line
	for _, line := range lines {
		if line.Output != nil {
			kept = append(kept, line)
		} else if line.Input.Op == "append" {
			if position, seen := positions[line.Input.Events[0].Ref]; seen {
				line.Input.Events[0].Position = position
				kept = append(kept, line)
			}
		}
	}
	return kept
}

func same(found, told []Violation) bool {
	if len(found) != len(told) {
		return false
	}
	for i := range found {
		if found[i] != told[i] {
			return false
		}
	}
	return true
}

func hasAll(tags, wanted []string) bool {
	for _, tag := range wanted {
		if !strings.Contains(" "+strings.Join(tags, " ")+" ", " "+tag+" ") {
			return false
		}
	}
	return true
}
