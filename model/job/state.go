// Package job models one resumable job: attempts of a runtime, the record in the metastore, and an external system.
package job

// Limits of the model.
const (
	Attempts    = 3
	Jobs        = 5
	Submissions = 3
)

// Letter is the state of a record.
type Letter uint8

// The states of a record.
const (
	None Letter = iota
	Submitting
	Submitted
	Succeeded
	Failed
	Ambiguous
)

var letterNames = [...]string{"none", "submitting", "submitted", "succeeded", "failed", "ambiguous"}

func (l Letter) String() string { return letterNames[l] }

func (l Letter) holdsID() bool { return l == Submitted || l == Succeeded || l == Failed }

// Person is the nonce of writes that no attempt made.
const Person = 9

// WriteID tells writes apart. The nonce is the number of the attempt.
type WriteID struct{ Fence, Nonce, Sequence uint8 }

// Record is what is known of an external job. An ID is the number of a job, 0 for none.
type Record struct {
	Letter          Letter
	Submission, Key uint8
	ID              uint8
	By              WriteID
	Input           uint8
	Previous        set // IDs of earlier submissions
	Unresolved      set // keys of earlier submissions whose outcome is unknown
	GivingUp        bool
}

// Scope is what the metastore holds for the job.
type Scope struct {
	Fence, Holder uint8 // the fence, and the nonce that installed it
	Record        Record
	Orphans       set
	Lost          bool // an attempt noted that the state was lost
}

// Job is a job in the external system.
type Job struct {
	Status    Status
	Key       uint8
	Input     uint8
	Hidden    bool // the search does not show it yet
	Forgotten bool // the search does not show it any more
	KeyFree   bool // its key is not known any more
	Deleted   bool // a person deleted it; the search still shows that
	Cancelled bool // cancel was accepted; the job may go on for a while
}

// Status is the status of an external job.
type Status uint8

// The statuses of an external job.
const (
	NoJob Status = iota
	Active
	Success
	Failure
	Missing
)

// Request is a submit on its way.
type Request struct {
	State       Reply
	Key, ID     uint8
	Late        bool // sent after the deadline, so that no promise covers it
	AfterDelete bool // a person had deleted the job of this key before the write-ahead
}

// Reply is what became of a request.
type Reply uint8

// What can become of a request.
const (
	NoRequest Reply = iota
	OnItsWay
	Accepted
	Dropped
	Refused       // certainly nothing was accepted
	RefusedNewKey // the same, and the next submit must have another key
	Exists        // a job of this key exists already
)

// Attempt is one attempt of the runtime. Basis is the record as it last read or wrote it.
type Attempt struct {
	At                         Place
	Fence, Sequence, Drawn     uint8
	Basis                      Record
	Submission, Key, ID, Input uint8
	Outcome                    Letter
	First                      bool // the runtime says that it is the first attempt
	Lost                       bool // the state was lost
	BeganAgain                 bool
	Opened                     bool // it opened the submission, and has sent nothing of it
	Took                       bool // an earlier send of the submission may exist
	Search                     bool // the key is looked for instead of sent again
	Repeats                    bool // it sends a key again that it sent itself
	Resending                  bool // the reply to its last write was lost
	CancelAccepted             bool
	Wrote, Expired             bool // it wrote `submitting`; the deadline of that has passed
	Request, Earlier           Request
}

// Place is the next thing that an attempt does.
type Place uint8

// The places of an attempt. From Returned on it has ended.
const (
	Idle Place = iota
	DrawFence
	Begin
	ReadAgain
	AwaitDeadline
	AwaitLoss
	SearchOldInput
	WriteAhead
	AskSearch
	HearSearch
	Send
	Await
	SearchAfterRefusal
	WriteSubmitted
	Poll
	WriteAgain
	MarkGivingUp
	Cancel
	LookAgain
	WriteGivenUp
	WriteEnd
	Return
	Withdraw
	ListOrphan
	AwaitAnswer
	WriteAmbiguous
	Returned
	Threw
	ThrewAmbiguous
	Killed
)

var placeNames = [...]string{
	"idle", "draw a fence", "begin", "read again", "wait for the deadline", "wait after the loss", "search for the old input",
	"write submitting", "ask the search", "hear the search", "send", "await the reply", "search after the refusal",
	"write submitted", "poll", "write submitted again", "mark as given up", "cancel", "look again", "write given up",
	"write the end", "return", "withdraw", "list as orphan", "wait for a late record", "write ambiguous",
	"returned", "threw", "threw AmbiguousSubmitError", "killed",
}

func (p Place) String() string { return placeNames[p] }

func (p Place) ended() bool { return p == Idle || p >= Returned }

// State is one state of everything.
type State struct {
	Redis, Replica      Scope
	Follows             bool // the replica has stopped following
	FailedOver, Flushed bool
	Young               bool // the namespace was born after the runtime's job
	Attempts            [Attempts]Attempt
	Jobs                [Jobs]Job
	Copy                Copy
	Started             uint8 // attempts that the runtime has started
	Completed           bool
	FinalID             uint8 // of the first recorded success
	GivenUp             set   // jobs that were recorded as given up
	Clock               uint8
	CountersReset       bool
	Cleared             bool
	KeyOver, SearchOver set // keys whose idempotentFor or findableFor has passed since the first send
	Left                Budget
}

// Copy is a copy of a write that arrives late.
type Copy struct {
	There   bool
	Attempt uint8
	Record  Record
	Fence   uint8
	Basis   Record
}

type set uint8

func (s set) has(n uint8) bool { return s&(1<<(n&7)) != 0 }
func (s *set) add(n uint8)     { *s |= 1 << (n & 7) }
func (s *set) drop(n uint8)    { *s &^= 1 << (n & 7) }

// settled: no request of this attempt is accepted any more, and the search shows every job.
func (s *State) settled(attempt int) bool {
	if !s.Attempts[attempt].Wrote {
		return true
	}
	for _, job := range s.Jobs {
		if job.Hidden {
			return false
		}
	}
	return s.Attempts[attempt].Expired
}

func (s *State) allSettled(except int) bool {
	for i := range s.Attempts {
		if i != except && !s.settled(i) {
			return false
		}
	}
	return true
}

// find is the answer of the search: the newest job of a key.
func (s *State) find(key uint8) uint8 {
	found := uint8(0)
	for j, job := range s.Jobs {
		shown := job.Status != NoJob && (job.Status != Missing || job.Deleted) && !job.Hidden && !job.Forgotten
		if shown && job.Key == key {
			found = uint8(j + 1)
		}
	}
	return found
}

// holder is the job that a key is known for, whatever the search shows.
func (s *State) holder(key uint8) uint8 {
	found := uint8(0)
	for j, job := range s.Jobs {
		if job.Status != NoJob && job.Key == key && !job.KeyFree {
			found = uint8(j + 1)
		}
	}
	return found
}
