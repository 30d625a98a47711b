// Checks histories of one key each, a JSON array of operations on each line of standard input. Prints which of them no order of the
// operations explains.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

// An order is found at once, or hardly ever.
const longest = 60 * time.Second

// Verdict says of each history by its number, from 0, how it ended.
type Verdict struct {
	Checked   int   `json:"checked"`
	Illegal   []int `json:"illegal"`
	Undecided []int `json:"undecided"`
}

func main() {
	verdict := Verdict{Illegal: []int{}, Undecided: []int{}}
	lines := bufio.NewReader(os.Stdin)
	decoder := json.NewDecoder(lines)
	for decoder.More() {
		var operations []Operation
		if err := decoder.Decode(&operations); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		switch porcupine.CheckOperationsTimeout(Register, history(operations), longest) {
		case porcupine.Illegal:
			verdict.Illegal = append(verdict.Illegal, verdict.Checked)
		case porcupine.Unknown:
			verdict.Undecided = append(verdict.Undecided, verdict.Checked)
		}
		verdict.Checked++
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdict); err != nil {
		os.Exit(2)
	}
}

// history leaves an operation whose outcome nobody knows open to the end: it may take effect at any time after its call.
func history(operations []Operation) []porcupine.Operation {
	made := make([]porcupine.Operation, 0, len(operations))
	for _, one := range operations {
		end := one.Return
		if one.Outcome == "unknown" {
			end = math.MaxInt64
		}
		made = append(made, porcupine.Operation{ClientId: one.Client, Input: one, Output: one, Call: one.Call, Return: end})
	}
	return made
}
