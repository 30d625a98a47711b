package job

func ended(s State) bool {
	for _, a := range s.Attempts {
		if !a.At.ended() || a.Request.State == OnItsWay || a.Earlier.State == OnItsWay {
			return false
		}
	}
	return !s.Copy.There
}

// broken names the promise that a state breaks.
func (o *Options) broken(s State) string {
	record := s.Redis.Record
	if s.FinalID != 0 && record.Letter == Succeeded && record.ID != s.FinalID && !s.FailedOver && !s.Flushed {
		return "end-overwritten"
	}
	if record.Letter == Ambiguous && !s.Flushed && !s.FailedOver && !o.FirstDeploy && !someoneWrote(s) {
		return "needless-question"
	}
	if !ended(s) {
		return ""
	}
	for j := range s.Jobs {
		if broken := o.lost(s, uint8(j+1)); broken != "" {
			return broken
		}
	}
	return ""
}

func someoneWrote(s State) bool {
	for _, a := range s.Attempts {
		if a.Wrote {
			return true
		}
	}
	return false
}

// lost: once all is quiet, every running job is in the record, among its orphans, or found by its key.
func (o *Options) lost(s State, id uint8) string {
	record, job, listed := s.Redis.Record, s.Jobs[id-1], s.Redis.Orphans.has(id)
	if job.Status != Active {
		return ""
	}
	holds := record.Letter.holdsID() && record.ID == id
	earlier := record.Previous.has(id)
	switch {
	case s.GivenUp.has(id) && !job.Cancelled && !listed && (earlier || holds && record.Letter == Failed) && !s.FailedOver && !s.Flushed:
		return "given-up-and-forgotten"
	case listed && holds && record.Letter == Submitted:
		return "held-job-is-an-orphan"
	case listed, holds, earlier, record.Unresolved.has(job.Key):
	case (record.Letter == Submitting || record.Letter == Ambiguous) && record.Key == job.Key:
	case o.Keyed || o.Findable:
		next := record.Letter == None && job.Key == o.keyOf(max(1, record.Submission), job.Input)
		if !next && !s.Flushed && !s.FailedOver {
			return "lost-job"
		}
	case !s.Flushed && !(s.FailedOver && !o.Durable):
		return "lost-job"
	}
	return ""
}
