// Judges a recorded history: each part of it must be linearizable by the model it names. Reads lines of JSON, writes verdicts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// Line is one operation of one client, as the recorder wrote it down.
type Line struct {
	Model  string `json:"model"`
	Part   string `json:"part"`
	Client int    `json:"client"`
	Call   int64  `json:"call"`
	// Nil when it may still take effect at any time.
	Return *int64 `json:"return"`
	Input  Input  `json:"input"`
	// Nil when nobody knows what became of it.
	Output *Output `json:"output"`
}

// Verdict is "Ok", "Illegal" or "Unknown", the last when the time was over.
type Verdict struct {
	Model      string `json:"model"`
	Part       string `json:"part"`
	Operations int    `json:"operations"`
	Verdict    string `json:"verdict"`
}

var models = map[string]porcupine.Model{
	"log":      logModel.ToModel(),
	"delivery": deliveryModel.ToModel(),
	"numbers":  numbersModel,
}

const patience = 60 * time.Second

func main() {
	parts, err := read(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	names := make([]string, 0, len(parts))
	for name := range parts {
		names = append(names, name)
	}
	sort.Strings(names)
	verdicts := []Verdict{}
	for _, name := range names {
		lines := parts[name]
		model, known := models[lines[0].Model]
		if !known {
			fmt.Fprintln(os.Stderr, "no such model:", lines[0].Model)
			os.Exit(2)
		}
		if lines[0].Model == "log" {
			lines = withPositions(lines)
		}
		result := porcupine.CheckOperationsTimeout(model, operations(lines), patience)
		verdicts = append(verdicts, Verdict{parts[name][0].Model, parts[name][0].Part, len(lines), string(result)})
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		os.Exit(2)
	}
}

func read(file *os.File) (map[string][]Line, error) {
	parts := map[string][]Line{}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	for lines.Scan() {
		var line Line
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return nil, err
		}
		name := line.Model + " " + line.Part
		parts[name] = append(parts[name], line)
	}
	return parts, lines.Err()
}

func operations(lines []Line) []porcupine.Operation {
	history := make([]porcupine.Operation, len(lines))
	for i, line := range lines {
		end := int64(math.MaxInt64)
		if line.Return != nil {
			end = *line.Return
		}
		history[i] = porcupine.Operation{
			ClientId: line.Client, Input: line.Input, Call: line.Call, Output: line.Output, Return: end,
		}
	}
	return history
}
