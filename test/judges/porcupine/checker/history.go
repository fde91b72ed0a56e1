// What an operation asks and what it was answered, of all models; each looks at its own fields.
package main

// Event is one event of the log: Ref names it before it has a position.
type Event struct {
	Ref      string   `json:"ref"`
	Stream   string   `json:"stream"`
	Tags     []string `json:"tags"`
	Position int64    `json:"position"`
}

// Expectation is a stream's last revision, -1 for a stream without events.
type Expectation struct {
	Stream   string `json:"stream"`
	Revision int64  `json:"revision"`
}

// Condition holds as long as no event behind After has all Tags.
type Condition struct {
	Tags  []string `json:"tags"`
	After int64    `json:"after"`
}

// Input is what was asked: "append" and "read" of the log, "deliver", "ack" and "nack" of a delivery, "take" of numbers.
type Input struct {
	Op           string        `json:"op"`
	Events       []Event       `json:"events"`
	Expectations []Expectation `json:"expectations"`
	Condition    *Condition    `json:"condition"`
	Key          string        `json:"key"`
	// Body tells requests of one key apart.
	Body   string `json:"body"`
	Stream string `json:"stream"`
	Tag    string `json:"tag"`
	Number int64  `json:"number"`
}

// Violation is why an append was refused: the revision a stream has, or the first event that breaks the condition.
type Violation struct {
	Stream   string `json:"stream"`
	Actual   int64  `json:"actual"`
	Position int64  `json:"position"`
}

// Output is what was answered: "stored", "duplicate", "conflict" or "reused"; "ok" or "stale".
type Output struct {
	Result     string      `json:"result"`
	First      int64       `json:"first"`
	Violations []Violation `json:"violations"`
	Events     []Event     `json:"events"`
	Numbers    []int64     `json:"numbers"`
	Number     int64       `json:"number"`
	Attempt    int64       `json:"attempt"`
	DeadlineMs int64       `json:"deadlineMs"`
	// LatestMs is the latest time that the server's clock may have shown when it answered.
	LatestMs int64 `json:"latestMs"`
}
