package main

import "github.com/anishathalye/porcupine"

// State is one key of one scope: its value, 0 for none, and the attempt that holds the fence, 0 for none.
type State struct {
	Value, Fence int
}

// Operation is a call and what became of it. From is what a compare-and-set expects, To what a write writes, 0 for none. Attempt is 0 for people
// and tools.
type Operation struct {
	Client, Attempt int
	Kind, Outcome   string
	From, To, Value int
	Call, Return    int64
}

// Register is a register with a fence: the writes of an attempt count only while no newer attempt has begun.
var Register = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{State{}} },
	Step: func(state, call, _ any) []any {
		next := []any{}
		for _, one := range step(state.(State), call.(Operation)) {
			next = append(next, one)
		}
		return next
	},
}).ToModel()

// step gives every state that an operation may leave; none, if it cannot have had its outcome in this one.
func step(state State, call Operation) []State {
	switch call.Outcome {
	case "ok":
		return applied(state, call)
	case "stale":
		if state.Fence > call.Attempt {
			return []State{state}
		}
	case "conflict":
		if state.Value != call.From {
			return []State{state}
		}
	case "unknown":
		return append(applied(state, call), state)
	}
	return nil
}

func applied(state State, call Operation) []State {
	if value, reads := onlyRead(call); reads {
		return when(state.Value == value, state)
	}
	if call.Attempt > 0 && state.Fence != call.Attempt && !(call.Kind == "begin" && state.Fence < call.Attempt) {
		return nil
	}
	after := State{Value: call.To, Fence: state.Fence}
	switch call.Kind {
	case "begin":
		return []State{{Value: state.Value, Fence: call.Attempt}}
	case "set", "delete":
		return []State{after}
	case "compare-and-set":
		return when(state.Value == call.From, after)
	case "get-or-set":
		return when(state.Value == 0, after)
	}
	return nil
}

// onlyRead gives what a call read that wrote nothing: a get-or-set that found a value, or an update that left an absent one absent.
// The fence is not asked then.
func onlyRead(call Operation) (value int, reads bool) {
	switch call.Kind {
	case "get":
		return call.Value, true
	case "get-or-set":
		return call.Value, call.Outcome == "ok" && call.Value != call.To
	case "compare-and-set":
		return call.From, call.From == 0 && call.To == 0
	}
	return 0, false
}

func when(holds bool, state State) []State {
	if holds {
		return []State{state}
	}
	return nil
}
