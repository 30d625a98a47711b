package job

import (
	"fmt"

	"mooring.test/model/search"
)

// turn is the next step of one attempt, with every outcome that it may have.
type turn struct {
	*Options
	state State
	i     int
	emit  search.Emit[State]
}

func (t *turn) me() Attempt { return t.state.Attempts[t.i] }

// newest says whether the runtime has started no later attempt.
func (t *turn) newest() bool { return t.i+1 == int(t.state.Started) }

// to emits one outcome.
func (t *turn) to(change func(s *State, a *Attempt), broken, format string, args ...any) {
	next := t.state
	change(&next, &next.Attempts[t.i])
	t.emit(next, fmt.Sprintf("A%d ", t.i+1)+fmt.Sprintf(format, args...), broken)
}

// go on to a place, and nothing else.
func goTo(at Place) func(*State, *Attempt) { return func(_ *State, a *Attempt) { a.At = at } }

func (t *turn) take() {
	a := t.me()
	switch a.At {
	case DrawFence:
		t.drawFence(a)
	case Begin:
		t.begin(a)
	case ReadAgain:
		t.readAgain(a)
	case AwaitDeadline:
		w := int(a.Basis.By.Nonce) - 1
		if a.Basis.By.Nonce == Person || w < 0 || t.state.settled(w) {
			at := WriteAhead
			if a.Basis.Input != a.Input {
				at = SearchOldInput
			}
			t.to(goTo(at), "", "has waited for the deadline and findLag")
		}
	case AwaitLoss:
		if t.state.allSettled(t.i) {
			t.to(goTo(WriteAhead), "", "has waited for one submit timeout and findLag after the loss")
		}
	case AwaitAnswer:
		t.awaitAnswer(a)
	case WriteAmbiguous:
		record := Record{Letter: Ambiguous, Submission: a.Submission, Key: a.Key, Input: a.Basis.Input, Previous: a.Basis.Previous, Unresolved: a.Basis.Unresolved}
		t.write(record, false, goTo(ThrewAmbiguous))
	case SearchOldInput, WriteAhead, AskSearch, HearSearch, Send, Await, SearchAfterRefusal, WriteSubmitted, Withdraw:
		t.submission(a)
	case Poll, WriteAgain, MarkGivingUp, Cancel, LookAgain, WriteGivenUp:
		t.waiting(a)
	case WriteEnd:
		record := t.held(a.Outcome)
		t.write(record, true, func(_ *State, a *Attempt) {
			a.At = Return
			if record.Letter == Failed {
				a.At = Threw
			}
		})
	case Return:
		t.returns(a)
	case ListOrphan:
		t.listOrphan(a)
	}
}

func (t *turn) drawFence(a Attempt) {
	switch {
	case !t.Drawn:
		t.to(func(_ *State, a *Attempt) { a.Fence, a.At = uint8(t.i+1), Begin }, "", "gets its fence from the runtime")
	case a.Drawn == 0:
		t.to(func(s *State, a *Attempt) { s.Clock++; a.Drawn = s.Clock }, "", "draws %d", t.state.Clock+1)
	case t.newest():
		t.to(func(_ *State, a *Attempt) { a.Fence, a.At = a.Drawn, Begin }, "", "proves that it holds the lock")
	default:
		t.to(goTo(Threw), "", "does not hold the lock")
	}
}

func (t *turn) replaced(a Attempt) bool {
	scope := t.state.Redis
	return scope.Fence > a.Fence || scope.Fence == a.Fence && scope.Holder != uint8(t.i+1) && t.holds("nonce")
}

// begin takes the fence and reads the record, in one script.
func (t *turn) begin(a Attempt) {
	if t.replaced(a) {
		broken := ""
		if t.newest() {
			broken = "rightful-attempt-refused"
		}
		t.to(goTo(Threw), broken, "begins: StaleAttemptError")
		return
	}
	next := t.state
	scope, me := &next.Redis, &next.Attempts[t.i]
	// An attempt that begins again is a later attempt.
	me.First = a.First && !a.BeganAgain
	me.Lost = !me.First && scope.Fence == 0 && t.state.Young
	if t.holds("loss-noted") {
		scope.Lost = scope.Lost || me.Lost
		me.Lost = scope.Lost
	}
	scope.Fence, scope.Holder = a.Fence, uint8(t.i+1)
	if t.Durable && next.Follows {
		next.Replica = next.Redis
	}
	me.Basis = scope.Record
	t.decide(&next, me)
	t.decided(next, "begins with fence %d", a.Fence)
}

func (t *turn) readAgain(a Attempt) {
	switch scope := t.state.Redis; {
	case t.replaced(a):
		t.to(goTo(Threw), "", "reads again: StaleAttemptError")
	case scope.Fence < a.Fence:
		t.to(func(_ *State, a *Attempt) { a.At, a.BeganAgain = Begin, true }, "", "reads again: its own fence is gone")
	default:
		next := t.state
		next.Attempts[t.i].Basis = scope.Record
		t.decide(&next, &next.Attempts[t.i])
		t.decided(next, "reads again")
	}
}

func (t *turn) decided(next State, format string, args ...any) {
	me, record := next.Attempts[t.i], t.state.Redis.Record
	broken, lost := "", ""
	if me.Lost {
		lost = ", the state was lost"
	}
	if me.At == Return && t.state.FinalID != 0 && me.ID != t.state.FinalID && !t.state.FailedOver && !t.state.Flushed {
		broken = "another-result"
	}
	t.emit(next, fmt.Sprintf("A%d ", t.i+1)+fmt.Sprintf(format, args...)+
		fmt.Sprintf("%s: %v, submission %d, J%d. Next: %v", lost, record.Letter, record.Submission, record.ID, me.At), broken)
}

// awaitAnswer waits as long as the attempt that sent may still record the outcome.
func (t *turn) awaitAnswer(a Attempt) {
	w := int(a.Basis.By.Nonce) - 1
	switch {
	case a.Basis.Letter == None:
		t.to(goTo(WriteAmbiguous), "", "lost state: nothing more to learn by waiting")
	case w >= 0 && w < Attempts && t.state.Attempts[w].Wrote && !t.state.Attempts[w].Expired:
	case t.state.Redis.Record.By != a.Basis.By:
		t.to(goTo(ReadAgain), "", "has waited for the deadline; the record changed")
	default:
		t.to(goTo(WriteAmbiguous), "", "has waited for the deadline; the record is the same")
	}
}

func (t *turn) returns(a Attempt) {
	broken := ""
	if t.state.FinalID != 0 && a.ID != t.state.FinalID && !t.state.FailedOver && !t.state.Flushed && t.newest() {
		broken = "another-result"
	}
	if !t.newest() {
		t.to(goTo(Returned), broken, "returns; the runtime does not listen to it any more")
		return
	}
	t.to(func(s *State, a *Attempt) { s.Completed = true; a.At = Returned }, broken, "returns the result of J%d", a.ID)
	if t.state.Left.CompletionLost > 0 {
		t.to(func(s *State, a *Attempt) { s.Left.CompletionLost--; a.At = Returned }, broken, "returns; the completion is lost")
	}
}

// listOrphan is one script: it refuses if the record holds the job.
func (t *turn) listOrphan(a Attempt) {
	if record := t.state.Redis.Record; record.Letter.holdsID() && record.ID == a.ID {
		t.to(goTo(Threw), "", "does not list J%d as an orphan: the record holds it", a.ID)
		return
	}
	t.to(func(s *State, a *Attempt) { s.Redis.Orphans.add(a.ID); a.At = Threw }, "", "lists J%d as an orphan", a.ID)
}
