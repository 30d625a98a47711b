package job

// Orders of giving a job up. Only Mark keeps every promise.
const (
	Mark         = "mark"          // mark, cancel, look again, write the failure
	CancelFirst  = "cancel-first"  // cancel, look again, write the failure
	FailureFirst = "failure-first" // write the failure, cancel
	OrphanFirst  = "orphan-first"  // write the failure and list the job as an orphan, cancel, take it off the list
)

// waiting is one step of an attempt that waits for a job.
func (t *turn) waiting(a Attempt) {
	switch a.At {
	case Poll:
		t.poll(a)
	case WriteAgain:
		t.write(t.held(Submitted), true, goTo(Poll))
	case MarkGivingUp:
		record := t.held(Submitted)
		record.GivingUp = true
		t.write(record, true, goTo(Cancel))
	case Cancel:
		t.cancel(a)
	case LookAgain:
		t.lookAgain(a)
	case WriteGivenUp:
		t.write(t.held(Failed), true, func(s *State, a *Attempt) {
			a.At = Threw
			if t.Order == FailureFirst || t.Order == OrphanFirst {
				a.At = Cancel
			}
			if t.Order == OrphanFirst {
				s.Redis.Orphans.add(a.ID)
			}
		})
	}
}

func (t *turn) poll(a Attempt) {
	switch t.state.Jobs[a.ID-1].Status {
	case Active:
		if t.state.Left.WriteAgain > 0 {
			t.to(func(s *State, a *Attempt) { s.Left.WriteAgain--; a.At = WriteAgain }, "", "will write submitted again")
		}
		if t.state.Left.GiveUp > 0 {
			at := map[string]Place{Mark: MarkGivingUp, CancelFirst: Cancel, FailureFirst: WriteGivenUp, OrphanFirst: WriteGivenUp}[t.Order]
			t.to(func(s *State, a *Attempt) { s.Left.GiveUp--; a.At = at }, "", "gives J%d up", a.ID)
		}
	case Success:
		t.to(func(_ *State, a *Attempt) { a.Outcome, a.At = Succeeded, WriteEnd }, "", "polls: J%d succeeded", a.ID)
	case Failure:
		t.to(func(_ *State, a *Attempt) { a.Outcome, a.At = Failed, WriteEnd }, "", "polls: J%d failed", a.ID)
	case Missing:
		t.to(func(_ *State, a *Attempt) {
			a.At = Threw
			if t.MissingResubmit {
				a.At = ReadAgain
			}
		}, "", "polls: J%d is missing", a.ID)
	}
}

// cancel asks the external system to stop the job that is given up.
func (t *turn) cancel(a Attempt) {
	then := LookAgain
	switch {
	case t.Order == FailureFirst || t.Order == OrphanFirst:
		then = Threw
	case !t.holds("look-after-cancel"):
		then = WriteGivenUp
	}
	if t.state.Left.CancelRefused > 0 {
		t.to(func(s *State, a *Attempt) { s.Left.CancelRefused--; a.At = Threw }, "", "cancels J%d: refused", a.ID)
	}
	t.to(func(s *State, a *Attempt) {
		job := &s.Jobs[a.ID-1]
		job.Cancelled = job.Cancelled || job.Status == Active
		a.At, a.CancelAccepted = then, true
		if t.Order == OrphanFirst {
			s.Redis.Orphans.drop(a.ID)
		}
	}, t.cancelledUnderANewerOne(a), "cancels J%d: accepted", a.ID)
}

func (t *turn) cancelledUnderANewerOne(a Attempt) string {
	if t.state.Flushed || t.state.FailedOver && !t.Durable {
		return ""
	}
	for _, newer := range t.state.Attempts[t.i+1:] {
		if newer.At == Poll && newer.ID == a.ID {
			return "cancelled-under-a-newer-attempt"
		}
	}
	return ""
}

// lookAgain asks for the status after a cancel, or of a job that was read with the mark.
func (t *turn) lookAgain(a Attempt) {
	switch job := t.state.Jobs[a.ID-1]; job.Status {
	case Active:
		at := WriteGivenUp
		if !a.CancelAccepted {
			at = Cancel
		}
		t.to(goTo(at), "", "looks again: J%d is active", a.ID)
	case Success:
		t.to(func(_ *State, a *Attempt) { a.Outcome, a.At = Succeeded, WriteEnd }, "", "looks again: J%d succeeded", a.ID)
	case Failure:
		t.to(func(_ *State, a *Attempt) { a.Outcome, a.At = Failed, WriteEnd }, "", "looks again: J%d failed", a.ID)
	case Missing:
		t.to(goTo(Threw), "", "looks again: J%d is missing", a.ID)
	}
}
