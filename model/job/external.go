package job

// request: what becomes of the last request of an attempt.
func (w *world) request(i int) {
	s := w.state
	a := s.Attempts[i]
	reply := func(state Reply, id uint8) func(*State) {
		return func(s *State) {
			a := &s.Attempts[i]
			a.Request.State, a.Request.ID = state, id
			if a.At >= Returned {
				forget(a)
			}
		}
	}
	pay := func(left func(*Budget) *uint8, then func(*State)) func(*State) {
		return func(s *State) { *left(&s.Left)--; then(s) }
	}
	if !(w.Bounded && a.Expired && !a.Request.Late) {
		w.accept(i, a.Request, reply)
	}
	if s.Left.FalseExists > 0 && w.Refuses {
		w.happens(pay(func(b *Budget) *uint8 { return &b.FalseExists }, reply(Exists, 0)), "", "the external system says to A%d 'exists already', of something else", i+1)
	}
	if s.Left.Refuse > 0 {
		w.happens(pay(func(b *Budget) *uint8 { return &b.Refuse }, reply(Refused, 0)), "", "the external system refuses A%d's request", i+1)
	}
	if s.Left.RefuseNewKey > 0 {
		w.happens(pay(func(b *Budget) *uint8 { return &b.RefuseNewKey }, reply(RefusedNewKey, 0)), "", "the external system refuses A%d's request, and wants a new key", i+1)
	}
	if s.Left.RequestLost > 0 {
		w.happens(pay(func(b *Budget) *uint8 { return &b.RequestLost }, reply(Dropped, 0)), "", "A%d's request is lost", i+1)
	}
	if w.Bounded && a.Expired {
		w.happens(reply(Dropped, 0), "", "A%d's request is too late", i+1)
	}
}

// accept: the external system makes a job, or knows the key.
func (w *world) accept(i int, request Request, reply func(Reply, uint8) func(*State)) {
	s := w.state
	if holder := s.holder(request.Key); w.Keyed && holder != 0 {
		broken := ""
		if s.Jobs[holder-1].Input != s.Attempts[i].Input {
			broken = "job-of-another-input"
		}
		if w.Refuses {
			w.happens(reply(Exists, holder), broken, "the external system says to A%d: J%d of key %d exists already", i+1, holder, request.Key)
		} else {
			w.happens(reply(Accepted, holder), broken, "the external system answers A%d: key %d is J%d", i+1, request.Key, holder)
		}
		return
	}
	for j := range s.Jobs {
		if s.Jobs[j].Status != NoJob {
			continue
		}
		id := uint8(j + 1)
		w.happens(func(s *State) {
			s.Jobs[j] = Job{Key: request.Key, Status: Active, Input: s.Attempts[i].Input, Hidden: w.Lag}
			reply(Accepted, id)(s)
		}, w.second(i, request), "the external system accepts A%d's request: J%d of key %d", i+1, id, request.Key)
		return
	}
}

// second names the promise that one more job breaks.
func (w *world) second(i int, request Request) string {
	s, input := w.state, w.state.Attempts[i].Input
	broken := ""
	for _, job := range s.Jobs {
		switch {
		case job.Status == NoJob, job.Cancelled && job.Key != request.Key:
		case job.Deleted:
			if request.AfterDelete && job.Key == request.Key && !job.Forgotten {
				return "deleted-job-made-again"
			}
		case job.Key == request.Key && job.Input == input && job.Status != Missing && (!s.Cleared || w.Keyed || w.Findable):
			broken = "second-job"
		case broken == "" && (job.Status == Active || job.Status == Success) && !s.Cleared && !(w.Faults.Input > 0 && (w.InputResubmits || input != job.Input && s.Flushed)):
			broken = "job-beside-a-living-one"
		}
	}
	return broken
}

// earlierRequest: a request that its attempt repeated meanwhile. Nobody hears its reply.
func (w *world) earlierRequest(i int) {
	a := w.state.Attempts[i]
	drop := func(_ Reply, _ uint8) func(*State) {
		return func(s *State) { s.Attempts[i].Earlier = Request{} }
	}
	if !(w.Bounded && a.Expired) {
		w.accept(i, a.Earlier, drop)
	}
	w.happens(drop(Dropped, 0), "", "A%d's earlier request is lost", i+1)
}

// externalSystem: what becomes of jobs, keys and the search.
func (w *world) externalSystem() {
	s := w.state
	for key := uint8(1); key < 8; key++ {
		w.windows(key)
	}
	for j, job := range s.Jobs {
		id := j + 1
		become := func(status Status) func(*State) { return func(s *State) { s.Jobs[j].Status = status } }
		if job.Status == Active {
			w.happens(become(Success), "", "J%d succeeds", id)
			if job.Cancelled {
				w.happens(become(Failure), "", "J%d ends as cancelled", id)
			}
			if s.Left.JobFails > 0 {
				w.happens(func(s *State) { s.Left.JobFails--; become(Failure)(s) }, "", "J%d fails", id)
			}
		}
		if job.Status != NoJob && job.Status != Missing {
			if s.Left.JobGone > 0 {
				w.happens(func(s *State) { s.Left.JobGone--; become(Missing)(s) }, "", "J%d is gone", id)
			}
			if s.Left.JobDeleted > 0 && !(w.DeletesSettled && (sending(s) || job.Hidden)) {
				w.happens(func(s *State) {
					s.Left.JobDeleted--
					s.Jobs[j].Status, s.Jobs[j].Deleted, s.Jobs[j].KeyFree = Missing, true, true
				}, "", "a person deletes J%d over there", id)
			}
		}
		if job.Hidden {
			w.happens(func(s *State) { s.Jobs[j].Hidden = false }, "", "the search begins to show J%d", id)
		}
		if job.Status != NoJob && !job.KeyFree && s.KeyOver.has(job.Key) {
			w.happens(func(s *State) { s.Jobs[j].KeyFree = true }, "", "the external system forgets the key of J%d", id)
		}
		if job.Status != NoJob && !job.Forgotten && !job.Hidden && s.SearchOver.has(job.Key) {
			w.happens(func(s *State) { s.Jobs[j].Forgotten = true }, "", "the search forgets J%d", id)
		}
	}
}

// windows: idempotentFor and findableFor pass, counted from the first send of a key.
func (w *world) windows(key uint8) {
	s := w.state
	if s.Redis.Record.Letter != Submitting || s.Redis.Record.Key != key {
		if known(s, key) == 0 {
			return
		}
	}
	if s.Left.SearchPasses > 0 && !s.SearchOver.has(key) {
		w.happens(func(s *State) { s.Left.SearchPasses--; s.SearchOver.add(key) }, "", "time: findableFor passes for key %d", key)
	}
	if s.Left.KeyPasses > 0 && !s.KeyOver.has(key) && !relied(s, key) {
		w.happens(func(s *State) { s.Left.KeyPasses--; s.KeyOver.add(key) }, "", "time: idempotentFor passes for key %d", key)
	}
}

// relied: an attempt made sure that idempotentFor outlasts the deadline of its send.
func relied(s State, key uint8) bool {
	for _, a := range s.Attempts {
		near := !a.Search && (a.At == AskSearch || a.At == HearSearch || a.At == Send || a.At == Await)
		onItsWay := a.Request.State == OnItsWay && a.Request.Key == key || a.Earlier.State == OnItsWay && a.Earlier.Key == key
		if !a.Expired && (near && a.Key == key || onItsWay) {
			return true
		}
	}
	return false
}

func sending(s State) bool {
	for _, a := range s.Attempts {
		if a.Request.State == OnItsWay || a.Earlier.State == OnItsWay || a.At == Send {
			return true
		}
	}
	return false
}
