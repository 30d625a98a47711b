package job

import (
	"fmt"

	"mooring.test/model/search"
)

// System is what the checker explores.
func (o *Options) System() search.System[State] {
	return search.System[State]{
		Start:  State{Left: o.Faults, Young: o.FirstDeploy},
		Steps:  o.steps,
		Broken: o.broken,
		Ended:  ended,
	}
}

// steps takes every step that can be next.
func (o *Options) steps(s State, emit search.Emit[State]) {
	tidy := func(next State, happened, broken string) {
		for i := range next.Attempts {
			if after := &next.Attempts[i]; after.At >= Returned && s.Attempts[i].At != after.At {
				forget(after)
			}
		}
		emit(next, happened, broken)
	}
	w := world{o, s, tidy}
	w.startAttempt()
	for i := range s.Attempts {
		a := s.Attempts[i]
		if !a.At.ended() {
			t := turn{Options: o, state: s, i: i, emit: tidy}
			t.take()
			if s.Left.Kill > 0 && a.At > DrawFence {
				w.happens(func(s *State) { s.Left.Kill--; s.Attempts[i].At = Killed }, "", "A%d is killed before it would %v", i+1, a.At)
			}
		}
		if a.Wrote && !a.Expired {
			w.happens(func(s *State) { s.Attempts[i].Expired = true }, "", "time: the deadline of A%d passes", i+1)
		}
		if a.Request.State == OnItsWay {
			w.request(i)
		}
		if a.Earlier.State == OnItsWay {
			w.earlierRequest(i)
		}
	}
	w.externalSystem()
	w.redis()
	w.people()
}

// forget drops what an ended attempt does not need, so that equal futures are one state.
func forget(a *Attempt) {
	kept := Attempt{At: a.At, Fence: a.Fence, Input: a.Input, Wrote: a.Wrote, Expired: a.Expired, Earlier: a.Earlier}
	if a.Request.State == OnItsWay {
		kept.Request = a.Request
	}
	*a = kept
}

// world is what happens outside of the attempts.
type world struct {
	*Options
	state State
	emit  search.Emit[State]
}

func (w *world) happens(change func(*State), broken, format string, args ...any) {
	next := w.state
	change(&next)
	w.emit(next, fmt.Sprintf(format, args...), broken)
}

// startAttempt: the runtime starts the next attempt.
func (w *world) startAttempt() {
	s := w.state
	k := int(s.Started)
	if k >= Attempts || s.Completed {
		return
	}
	overlaps := k > 0 && s.Attempts[k-1].At < Returned
	if overlaps && s.Left.Overlap == 0 {
		return
	}
	start := func(s *State) {
		s.Attempts[k].At, s.Attempts[k].First = DrawFence, k == 0
		s.Started++
		if overlaps {
			s.Left.Overlap--
		}
	}
	if k > 0 && s.Left.Input > 0 {
		w.happens(func(s *State) { start(s); s.Left.Input--; s.Attempts[k].Input = 1 }, "", "the runtime starts A%d with another input", k+1)
	}
	if k > 0 && s.Left.Counts > 0 {
		w.happens(func(s *State) { start(s); s.Left.Counts--; s.Attempts[k].First = true }, "", "the runtime starts A%d, and calls it the first", k+1)
	}
	w.happens(start, "", "the runtime starts A%d", k+1)
}

// redis loses, and delivers late.
func (w *world) redis() {
	s := w.state
	if s.Copy.There {
		next := s
		copied := s.Copy
		next.Copy = Copy{}
		answer := w.write(&next.Redis, copied.Record, copied.Basis)
		before, now := s.Redis.Record, next.Redis.Record
		broken := ""
		if before.Letter == Succeeded && now.Letter != Succeeded {
			broken = "late-copy-overwrites-an-end"
		}
		if s.Cleared && before.Letter == None && before.Submission > copied.Record.Submission && now.Letter != None {
			broken = "late-copy-brings-back-a-cleared-record"
		}
		w.emit(next, fmt.Sprintf("Redis: the late copy of A%d's write arrives: %s", copied.Attempt+1, answer), broken)
	}
	if s.Left.Failover > 0 {
		if !s.Follows && s.Started > 0 {
			w.happens(func(s *State) { s.Follows, s.Replica = true, s.Redis }, "", "Redis: its replica stops following")
		} else if s.Follows && s.Replica != s.Redis {
			w.happens(func(s *State) {
				s.Left.Failover--
				s.FailedOver, s.Follows = true, false
				s.Redis, s.Replica = s.Replica, Scope{}
			}, "", "Redis: fails over, back to what the replica has")
		}
	}
	if s.Left.Flush > 0 && s.Redis != (Scope{}) && !(w.NoOlder && someoneLives(s)) {
		w.happens(func(s *State) {
			s.Left.Flush--
			s.Flushed, s.Young, s.Follows = true, true, false
			s.Redis, s.Replica = Scope{}, Scope{}
		}, "", "Redis: flushed, and born again")
	}
}

func someoneLives(s State) bool {
	for _, a := range s.Attempts {
		if !a.At.ended() {
			return true
		}
	}
	return s.Copy.There
}

// people answer an ambiguous record, and clear a record.
func (w *world) people() {
	s := w.state
	record := s.Redis.Record
	if s.Left.Answer > 0 && record.Letter == Ambiguous && s.allSettled(-1) {
		answer := record
		answer.By.Sequence, answer.By.Nonce = record.By.Sequence+1, Person
		if job := known(s, record.Key); job != 0 {
			answer.Letter, answer.ID = Submitted, job
			w.happens(func(s *State) { s.Left.Answer--; s.Redis.Record = answer; s.Redis.Orphans.drop(job) }, "", "a person adopts J%d", job)
		} else {
			answer.Letter, answer.ID, answer.Submission = None, 0, record.Submission+1
			answer.Unresolved.add(record.Key)
			w.happens(func(s *State) { s.Left.Answer--; s.Redis.Record = answer }, "", "a person answers: not submitted")
		}
	}
	if s.Left.Clear > 0 && record.Letter.holdsID() {
		w.happens(func(s *State) {
			s.Left.Clear--
			s.Cleared, s.FinalID = true, 0
			s.Redis.Record = Record{}
			if w.holds("tombstone") {
				s.Redis.Record = Record{Submission: record.Submission + 1, By: record.By}
				s.Redis.Record.By.Sequence++
			}
			if w.holds("clear-fence") {
				s.Redis.Holder, s.Redis.Record.By.Nonce = Person, Person
			}
			if w.holds("clear-orphan") && record.Letter == Submitted {
				s.Redis.Orphans.add(record.ID)
			}
		}, "", "a person clears the record")
	}
}

// known is the first job of a key, whatever became of it: a person sees more than the search.
func known(s State, key uint8) uint8 {
	for j, job := range s.Jobs {
		if job.Status != NoJob && job.Key == key {
			return uint8(j + 1)
		}
	}
	return 0
}
