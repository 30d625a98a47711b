package job

// reply is the answer of the record script.
type reply string

const (
	ok      reply = "ok"
	stale   reply = "stale"
	old     reply = "old"
	changed reply = "changed"
	gone    reply = "gone"
)

// write is the record script: one write of a record, or the withdrawal of one, in the order of its checks.
func (o *Options) write(scope *Scope, record, basis Record) reply {
	id, current := record.By, scope.Record
	withdraws := record.Letter == None
	own := current.By.Fence == id.Fence && (current.By.Nonce == id.Nonce || !o.holds("nonce"))
	if o.holds("same-write") && own && current.By.Sequence == id.Sequence {
		return ok
	}
	fenceGone := scope.Fence < id.Fence
	mine := current.Letter == Submitting && own && current.By.Sequence < id.Sequence
	excepted := mine && o.holds("exception") && (record.Letter == Submitted || withdraws)
	if record.GivingUp && o.holds("mark-fenced") {
		excepted = false
	}
	if !excepted {
		if withdraws && !mine {
			return stale // nothing of its own is there to withdraw
		}
		if scope.Fence > id.Fence || scope.Fence == id.Fence && scope.Holder != id.Nonce && o.holds("nonce") {
			return stale
		}
		if current.By.Nonce != Person && (current.By.Fence > id.Fence || current.By.Fence == id.Fence && !own) {
			return stale
		}
		if o.holds("sequence") && own && current.By.Sequence > id.Sequence {
			return old
		}
		if record.Letter.holdsID() {
			if o.holds("one-id") && current.Letter.holdsID() && (current.ID != record.ID || current.Letter != Submitted && record.Letter == Submitted) {
				return changed
			}
		} else if o.holds("compare") && current.By != basis.By {
			return changed
		}
		if record.Letter == Submitting && fenceGone && o.holds("own-fence") {
			return gone
		}
	}
	scope.Record = record
	if record.Letter.holdsID() && o.holds("orphan-adopted") {
		scope.Orphans.drop(record.ID)
	}
	if fenceGone {
		scope.Fence, scope.Holder = id.Fence, id.Nonce
	}
	return ok
}
