package job

import "fmt"

// held is the record of the job that this attempt holds.
func (t *turn) held(letter Letter) Record {
	a := t.me()
	return Record{
		Letter: letter, Submission: a.Submission, Key: a.Key, ID: a.ID, Input: a.Basis.Input,
		Previous: a.Basis.Previous, Unresolved: a.Basis.Unresolved,
	}
}

// write sends a write of the record. If its reply is lost, it is sent again with the same write ID, or given up if mayGiveUp.
func (t *turn) write(record Record, mayGiveUp bool, then func(*State, *Attempt)) {
	before := t.state
	a := t.me()
	if record.Letter == Submitting && (!a.Resending || !t.holds("clock-from-first")) {
		me := &before.Attempts[t.i]
		if me.Expired && t.Bounded {
			me.Earlier = Request{}
		}
		me.Wrote, me.Expired = true, false
	}
	record.By = WriteID{a.Fence, uint8(t.i + 1), a.Sequence + 1}
	sent := before
	answer := t.Options.write(&sent.Redis, record, a.Basis)
	plain := record.Letter == Submitted && !(record.GivingUp && t.holds("mark-durable"))
	if answer == ok && t.Durable && sent.Follows && !plain && record.Letter != None {
		sent.Replica = sent.Redis
	}
	if answer == ok && record.Letter == Succeeded && sent.FinalID == 0 {
		sent.FinalID = record.ID
	}
	t.replied(sent, record, answer, then)
	what := described(record)
	if before.Left.ReplyLost > 0 && !a.Resending {
		lost := sent
		lost.Left.ReplyLost--
		lost.Attempts[t.i].Resending = true
		t.emit(lost, fmt.Sprintf("A%d %s: %s, but the reply is lost", t.i+1, what, answer), "")
		if mayGiveUp {
			me := &lost.Attempts[t.i]
			me.Sequence, me.Resending, me.At = record.By.Sequence, false, Threw
			if record.Letter == Submitting {
				me.At = Withdraw
			}
			t.emit(lost, fmt.Sprintf("A%d %s: %s, but the reply is lost, and it gives up", t.i+1, what, answer), "")
		}
	}
	if before.Left.LateCopy > 0 && !before.Copy.There && !a.Resending {
		before.Left.LateCopy--
		before.Copy = Copy{true, uint8(t.i), record, a.Fence, a.Basis}
		before.Attempts[t.i].Resending = true
		t.emit(before, fmt.Sprintf("A%d %s: the connection breaks, a copy is on its way", t.i+1, what), "")
	}
}

// replied goes on after an answer of the script.
func (t *turn) replied(next State, record Record, answer reply, then func(*State, *Attempt)) {
	before, me := t.state.Redis.Record, &next.Attempts[t.i]
	me.Sequence, me.Resending = record.By.Sequence, false
	broken := ""
	recorded := before.Letter.holdsID() && before.ID == me.ID
	switch answer {
	case ok:
		now := next.Redis.Record
		if before.Letter == Submitted && now.Letter != None && now.ID != before.ID && !now.Previous.has(before.ID) {
			broken = "id-dropped"
		}
		if before.Letter == Succeeded && now.Letter != Succeeded && !t.state.FailedOver && !t.state.Flushed {
			broken = "end-overwritten"
		}
		if me.At == WriteGivenUp {
			next.GivenUp.add(me.ID)
			if job := t.state.Jobs[me.ID-1]; job.Status == Success && !job.Cancelled {
				broken = "given-up-success"
			}
		}
		me.Basis = now
		then(&next, me)
	case stale, old:
		me.At = Threw
		if record.Letter.holdsID() && !recorded {
			me.At = ListOrphan
		}
	case changed:
		again := me.At == WriteAgain
		me.At = ReadAgain
		if record.Letter == Submitted && !recorded && !again {
			me.At = ListOrphan
		}
	case gone:
		me.At, me.BeganAgain = Begin, true
	}
	t.emit(next, fmt.Sprintf("A%d %s: %s", t.i+1, described(record), answer), broken)
}

func described(record Record) string {
	switch {
	case record.Letter == None:
		return "withdraws"
	case record.GivingUp:
		return fmt.Sprintf("marks J%d as given up", record.ID)
	case record.ID == 0:
		return fmt.Sprintf("writes %v (submission %d, key %d)", record.Letter, record.Submission, record.Key)
	default:
		return fmt.Sprintf("writes %v (submission %d, J%d)", record.Letter, record.Submission, record.ID)
	}
}
