package job

// decide is the decision table: from the record that an attempt has read to the next place.
func (o *Options) decide(s *State, a *Attempt) {
	record := a.Basis
	a.Submission, a.Key, a.ID = record.Submission, record.Key, 0
	a.Opened, a.Took, a.Repeats, a.CancelAccepted = false, false, false, false
	a.Search = !o.Keyed
	if (record.Letter == Submitting || record.Letter == Submitted) && record.Input != a.Input {
		switch {
		case record.Letter == Submitting && o.Findable && !o.remembers(s, record.Key):
			a.Search, a.At = true, AwaitDeadline
		default:
			o.inputChanged(a)
		}
		return
	}
	switch record.Letter {
	case None:
		o.openRecorded(s, a)
	case Submitting:
		a.Took = true
		o.again(s, a, AwaitDeadline)
	case Submitted:
		a.ID = record.ID
		o.look(s, a)
	case Succeeded:
		a.ID, a.At = record.ID, Return
	case Failed:
		o.openNext(a)
	case Ambiguous:
		a.At = ThrewAmbiguous
	}
}

// openRecorded opens the first submission, or the one after a withdrawal or an answer.
func (o *Options) openRecorded(s *State, a *Attempt) {
	a.Submission = max(1, a.Basis.Submission)
	a.Key = o.keyOf(a.Submission, a.Input)
	a.Opened, a.Took, a.At = true, a.Lost, WriteAhead
	if !a.Lost {
		return
	}
	if o.Keyed && !o.holds("key-window-lost") {
		return
	}
	o.again(s, a, AwaitLoss)
}

// again is the way to send a key that may have been sent before.
func (o *Options) again(s *State, a *Attempt, wait Place) {
	switch {
	case o.remembers(s, a.Key):
		a.Search, a.At = false, WriteAhead
	case o.Findable:
		a.Search, a.At = true, WriteAhead
		if o.holds("deadline") {
			a.At = wait
		}
	default:
		a.At = AwaitAnswer
	}
}

// remembers says whether the external system still knows a key, as far as its idempotentFor tells.
func (o *Options) remembers(s *State, key uint8) bool {
	return o.Keyed && !(o.holds("key-window") && s.KeyOver.has(key))
}

func (o *Options) look(s *State, a *Attempt) {
	switch s.Jobs[a.ID-1].Status {
	case Failure:
		a.At, a.Outcome = WriteEnd, Failed
	case Missing:
		a.At = Threw
		if o.MissingResubmit {
			a.At, a.Outcome = WriteEnd, Failed
		}
	default:
		a.At = Poll
		if a.Basis.GivingUp {
			a.At = LookAgain
		}
	}
}

func (o *Options) inputChanged(a *Attempt) {
	if o.InputResubmits {
		o.openNext(a)
	} else {
		a.At = Threw
	}
}

func (o *Options) openNext(a *Attempt) {
	a.Submission = a.Basis.Submission + 1
	a.Key = o.keyOf(a.Submission, a.Input)
	a.Opened, a.Took, a.Repeats, a.Search, a.At = true, a.Lost, false, !o.Keyed, WriteAhead
	if a.Submission > Submissions {
		a.At = Threw
	}
}
