package job

// submission is one step from the write-ahead to the recorded ID.
func (t *turn) submission(a Attempt) {
	switch a.At {
	case SearchOldInput:
		t.searchOldInput(a)
	case WriteAhead:
		t.writeAhead(a)
	case AskSearch:
		over := t.holds("search-window") && !t.holds("search-window-answer") && a.Took && a.Search && t.state.SearchOver.has(a.Key)
		at := HearSearch
		if over {
			at = WriteAmbiguous
		}
		t.to(goTo(at), "", "asks the search")
	case HearSearch:
		t.hearSearch(a)
	case Send:
		t.send(a)
	case Await:
		t.await(a)
	case SearchAfterRefusal:
		t.searchAfterRefusal(a)
	case WriteSubmitted:
		t.write(t.held(Submitted), false, func(_ *State, a *Attempt) {
			a.At = Poll
			if a.Basis.Input != a.Input {
				a.At = ReadAgain
			}
		})
	case Withdraw:
		t.withdraw(a)
	}
}

// searchOldInput looks for the unresolved job of an older input.
func (t *turn) searchOldInput(a Attempt) {
	if t.state.Left.CannotKnow > 0 {
		t.to(func(s *State, a *Attempt) {
			s.Left.CannotKnow--
			a.At = WriteAmbiguous
			if !t.holds("cannot-know") {
				t.inputChanged(a)
			}
		}, "", "searches for the old input: it cannot know")
	}
	switch found := t.state.find(a.Key); {
	case found != 0:
		t.to(func(_ *State, a *Attempt) { a.ID, a.At = found, WriteSubmitted }, "", "finds J%d of the old input", found)
	case t.holds("search-window") && t.state.SearchOver.has(a.Key):
		t.to(goTo(WriteAmbiguous), "", "finds nothing of the old input, after findableFor")
	default:
		t.to(func(_ *State, a *Attempt) { t.inputChanged(a) }, "", "finds nothing of the old input")
	}
}

// writeAhead records that a submit is about to be sent.
func (t *turn) writeAhead(a Attempt) {
	checked := a.Basis.Letter == Submitting && (t.holds("repeat-window") || !a.Repeats) || t.holds("key-window-lost") && a.Basis.Letter != Submitting
	if t.Keyed && !a.Search && a.Took && checked && !t.remembers(&t.state, a.Key) {
		at := AwaitAnswer
		if t.Findable {
			at = ReadAgain
		}
		t.to(goTo(at), "", "does not send its key: idempotentFor ends too early")
		return
	}
	record := Record{Letter: Submitting, Submission: a.Submission, Key: a.Key, Input: a.Input, Previous: a.Basis.Previous, Unresolved: a.Basis.Unresolved}
	t.keepEarlier(&record, a)
	t.write(record, true, func(s *State, a *Attempt) {
		searches := a.Search && t.holds("search") && (!a.First || a.Took && t.holds("search-of-first")) ||
			!a.Search && a.Took && t.holds("search-keyed")
		a.At = Send
		if t.Findable && searches {
			a.At = AskSearch
		}
		a.Request.AfterDelete = false
		for _, job := range s.Jobs {
			if job.Deleted && job.Key == a.Key && !job.Forgotten && !job.Hidden {
				a.Request.AfterDelete = true
			}
		}
	})
}

// keepEarlier moves what the record held of earlier submissions.
func (t *turn) keepEarlier(record *Record, a Attempt) {
	if !t.holds("previous") {
		return
	}
	if a.Basis.Letter.holdsID() {
		record.Previous.add(a.Basis.ID)
	}
	if a.Basis.Letter == Submitting && a.Basis.Key != a.Key {
		record.Unresolved.add(a.Basis.Key)
	}
}

func (t *turn) hearSearch(a Attempt) {
	unresolved := a.Took && a.Search
	if t.state.Left.CannotKnow > 0 {
		t.to(func(s *State, a *Attempt) {
			s.Left.CannotKnow--
			a.At = Send
			if unresolved && t.holds("cannot-know") {
				a.At = WriteAmbiguous
			}
		}, "", "hears: it cannot know")
	}
	if found := t.state.find(a.Key); found != 0 {
		t.to(func(_ *State, a *Attempt) { a.ID, a.At = found, WriteSubmitted }, "", "finds J%d", found)
		return
	}
	over := t.holds("search-window") && t.holds("search-window-answer") && t.state.SearchOver.has(a.Key)
	if unresolved && over && (!a.Lost || t.holds("search-window-lost")) {
		t.to(goTo(WriteAmbiguous), "", "finds nothing, after findableFor")
		return
	}
	t.to(goTo(Send), "", "finds nothing")
}

func (t *turn) send(a Attempt) {
	if a.Expired && t.holds("clock") {
		t.to(goTo(Withdraw), "", "is past its submit timeout")
		return
	}
	t.to(func(_ *State, a *Attempt) {
		a.Request = Request{State: OnItsWay, Key: a.Key, Late: a.Expired, AfterDelete: a.Request.AfterDelete}
		a.At = Await
	}, "", "sends key %d", a.Key)
}

func (t *turn) await(a Attempt) {
	switch a.Request.State {
	case OnItsWay:
		if t.state.Left.Timeout > 0 {
			t.perhaps("hears nothing in time", func(s *State) { s.Left.Timeout-- })
		}
	case Dropped:
		t.perhaps("hears of an error", func(*State) {})
	case Accepted:
		t.to(func(_ *State, a *Attempt) { a.ID, a.At = a.Request.ID, WriteSubmitted }, "", "is answered J%d", a.Request.ID)
		if t.state.Left.RequestLost > 0 {
			t.perhaps("never gets the answer", func(s *State) { s.Left.RequestLost-- })
		}
	case Exists:
		t.exists(a)
	case Refused, RefusedNewKey:
		t.to(func(_ *State, a *Attempt) {
			a.At = Withdraw
			if a.Took && t.holds("refused-repeat") {
				a.At = t.lookOrLeave()
			}
		}, "", "is refused")
	}
}

func (t *turn) lookOrLeave() Place {
	if t.Findable {
		return SearchAfterRefusal
	}
	return Threw
}

// perhaps: the submit failed, and nobody knows whether the job exists. A keyed one may be repeated.
func (t *turn) perhaps(what string, pay func(*State)) {
	t.to(func(s *State, a *Attempt) { pay(s); a.At = Threw }, "", "%s", what)
	a := t.me()
	if t.state.Left.Repeat == 0 || !t.Keyed || a.Request.State == OnItsWay && a.Earlier.State == OnItsWay {
		return
	}
	t.to(func(s *State, a *Attempt) {
		pay(s)
		s.Left.Repeat--
		if a.Request.State == OnItsWay {
			a.Earlier = a.Request
		}
		a.Request = Request{}
		a.Took, a.Repeats = true, true
		a.Opened = a.Opened && !t.holds("repeat-unresolved")
		a.At = WriteAhead
		if !t.holds("repeat-writes-ahead") {
			a.At = Send
		}
	}, "", "%s, and repeats its key", what)
}

// exists: the external system refused a key that it knows.
func (t *turn) exists(a Attempt) {
	verifies := t.Findable && t.holds("exists-verified")
	switch {
	case !t.holds("exists"):
		t.to(goTo(Withdraw), "", "hears 'exists already', and takes it for a refusal")
	case t.TellsID && !verifies && a.Request.ID != 0:
		t.to(func(_ *State, a *Attempt) { a.ID, a.At = a.Request.ID, WriteSubmitted }, "", "hears that J%d exists already", a.Request.ID)
	case t.TellsID && !verifies:
		t.to(goTo(Threw), "absent-job-adopted", "adopts its key as the ID of a job")
	default:
		t.to(goTo(t.lookOrLeave()), "", "hears 'exists already'")
	}
}

func (t *turn) searchAfterRefusal(a Attempt) {
	switch found := t.state.find(a.Key); {
	case found != 0:
		t.to(func(_ *State, a *Attempt) { a.ID, a.At = found, WriteSubmitted }, "", "finds J%d after the refusal", found)
	case a.Request.State != Exists && !t.holds("refused-repeat-empty"):
		t.to(func(_ *State, a *Attempt) { a.At, a.Opened = Withdraw, true }, "", "finds nothing after the refusal")
	default:
		t.to(goTo(Threw), "", "finds nothing after the refusal: unresolved")
	}
}

// withdraw restores what was there before the write-ahead.
func (t *turn) withdraw(a Attempt) {
	newKey := a.Request.State == RefusedNewKey
	if !a.Opened && t.holds("keep-unresolved") && !(newKey && !t.holds("refused-repeat")) {
		t.to(goTo(Threw), "", "leaves `submitting`: an earlier request is unresolved")
		return
	}
	record := Record{Letter: None, Submission: a.Submission, Previous: a.Basis.Previous, Unresolved: a.Basis.Unresolved}
	t.keepEarlier(&record, a)
	if newKey {
		record.Submission++
	}
	t.write(record, true, goTo(Threw))
}
