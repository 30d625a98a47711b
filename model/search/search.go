// Package search explores every state that can be reached, breadth first, so that each trace it prints is a shortest one.
package search

import (
	"hash/maphash"
	"slices"
)

// Emit takes one step: the state after it, what happened, and the broken promise ("" if none). A state after a broken promise is not explored.
type Emit[S comparable] func(next S, happened, broken string)

// System is what is explored.
type System[S comparable] struct {
	Start S
	// Steps calls emit once for each step from a state, always in the same order.
	Steps func(state S, emit Emit[S])
	// Broken names the promise that a state breaks, or is "".
	Broken func(state S) string
	// Ended says whether a state without steps is an end. Every other one is "stuck".
	Ended func(state S) bool
}

// Stuck is the promise that a state without a way on breaks.
const Stuck = "stuck"

// Result is what was found. Traces has the shortest trace to each broken promise.
type Result struct {
	States   int
	Complete bool
	Traces   map[string][]string
}

type fingerprint [2]uint64

type node struct {
	parent int32
	step   uint16
}

type place[S comparable] struct {
	state S
	node  int32
}

type breach struct {
	node int32
	step int // -1: the state itself
}

// Run explores at most `most` states. Two states are the same if two independent 64-bit hashes of them are.
func Run[S comparable](system System[S], most int) Result {
	seeds := [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	hash := func(state S) fingerprint {
		return fingerprint{maphash.Comparable(seeds[0], state), maphash.Comparable(seeds[1], state)}
	}
	seen := map[fingerprint]struct{}{hash(system.Start): {}}
	nodes := []node{{parent: -1}}
	breaches := map[string]breach{}
	note := func(broken string, at breach) {
		if _, known := breaches[broken]; broken != "" && !known {
			breaches[broken] = at
		}
	}
	complete := true
	for wave := []place[S]{{system.Start, 0}}; len(wave) > 0; {
		var next []place[S]
		for _, from := range wave {
			note(system.Broken(from.state), breach{from.node, -1})
			count := 0
			system.Steps(from.state, func(state S, _, broken string) {
				step := count
				count++
				if broken != "" {
					note(broken, breach{from.node, step})
					return
				}
				key := hash(state)
				if _, known := seen[key]; known {
					return
				}
				if len(nodes) >= most {
					complete = false
					return
				}
				seen[key] = struct{}{}
				nodes = append(nodes, node{from.node, uint16(step)})
				next = append(next, place[S]{state, int32(len(nodes) - 1)})
			})
			if count == 0 && !system.Ended(from.state) {
				note(Stuck, breach{from.node, -1})
			}
		}
		wave = next
	}
	traces := map[string][]string{}
	for broken, at := range breaches {
		traces[broken] = replay(system, nodes, at)
	}
	return Result{len(nodes), complete, traces}
}

// replay takes the steps to a breach again, since only their numbers are kept.
func replay[S comparable](system System[S], nodes []node, at breach) []string {
	var steps []int
	if at.step >= 0 {
		steps = append(steps, at.step)
	}
	for n := at.node; n > 0; n = nodes[n].parent {
		steps = append(steps, int(nodes[n].step))
	}
	slices.Reverse(steps)
	var trace []string
	state := system.Start
	for _, wanted := range steps {
		count := 0
		var next S
		system.Steps(state, func(after S, happened, _ string) {
			if count == wanted {
				next = after
				trace = append(trace, happened)
			}
			count++
		})
		state = next
	}
	return trace
}
