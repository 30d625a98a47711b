package job

// Budget is how often each fault may still happen.
type Budget struct {
	Kill, Overlap, Timeout, RequestLost, Refuse, RefuseNewKey, FalseExists  uint8
	ReplyLost, LateCopy, Failover, Flush, CompletionLost                    uint8
	JobFails, JobGone, JobDeleted, KeyPasses, SearchPasses, CannotKnow      uint8
	Input, Clear, Answer, Repeat, GiveUp, CancelRefused, WriteAgain, Counts uint8
}

// Faults names every fault, as a run gives it. Three happen once unless a run says otherwise.
func (b *Budget) Faults() map[string]*uint8 {
	return map[string]*uint8{
		"kill":            &b.Kill,           // an attempt is killed
		"overlap":         &b.Overlap,        // an attempt begins while the last one still runs
		"timeout":         &b.Timeout,        // a submit ends by its timeout, its request still on its way
		"request-lost":    &b.RequestLost,    // a request, or the reply to it
		"refuse":          &b.Refuse,         // a submit is refused for good
		"refuse-new-key":  &b.RefuseNewKey,   // the same, and asks for a new key
		"false-exists":    &b.FalseExists,    // "exists already", of something else
		"reply-lost":      &b.ReplyLost,      // the reply to a write of the record
		"late-copy":       &b.LateCopy,       // a copy of a write arrives later
		"failover":        &b.Failover,       // Redis loses what its replica has not
		"flush":           &b.Flush,          // Redis loses everything
		"completion-lost": &b.CompletionLost, // the runtime does not hear of a result
		"job-fails":       &b.JobFails,       // the external job
		"job-gone":        &b.JobGone,        // the external system does not know it any more
		"job-deleted":     &b.JobDeleted,     // by a person, over there
		"key-passes":      &b.KeyPasses,      // idempotentFor passes for a key
		"search-passes":   &b.SearchPasses,   // findableFor passes for a key
		"cannot-know":     &b.CannotKnow,     // find answers that it cannot know
		"input":           &b.Input,          // a later attempt has another input
		"clear":           &b.Clear,          // a person clears the record
		"answer":          &b.Answer,         // a person answers an ambiguous record
		"repeat":          &b.Repeat,         // a submit is repeated inside the attempt
		"give-up":         &b.GiveUp,         // giveUpAfter passes
		"cancel-refused":  &b.CancelRefused,  // cancel throws
		"write-again":     &b.WriteAgain,     // a waiting attempt writes `submitted` again
		"counters-reset":  &b.Counts,         // the runtime calls a later attempt the first
	}
}

// Options is one run: an external system, what is assumed, the faults, and the rules that are taken away.
type Options struct {
	Keyed, Findable bool
	Refuses         bool // a known key is refused instead of answered with its job
	TellsID         bool // that refusal tells the ID, or the key is the ID
	Lag             bool // the search shows a job later
	Bounded         bool // no request is accepted after its deadline
	Durable         bool // acquiring, and all writes but a plain `submitted`, wait for the replica
	NoOlder         bool // after a flush no older attempt is alive
	DeletesSettled  bool // a person deletes a job only while no request is on its way, and the search shows the job
	Drawn           bool // fences are drawn and proven, not given by the runtime
	FirstDeploy     bool // the namespace is younger than the runtime's job
	InputResubmits  bool // onInputChange: 'resubmit'
	MissingResubmit bool // onMissing: 'resubmit'
	Order           string
	Faults          Budget
	Without         map[string]bool
}

// Rules has every rule that a run may take away, and what it says.
var Rules = map[string]string{
	"nonce":            "a write ID and a fence have the nonce of the attempt",
	"same-write":       "a write that is there already is answered as the first time",
	"sequence":         "a later write of the same attempt is not overwritten",
	"exception":        "`submitted` and a withdrawal are accepted while the record is the very `submitting` of this attempt",
	"compare":          "`submitting` and `ambiguous` are written only over the record that was decided on",
	"one-id":           "`submitted` and an end are refused if the record holds another ID",
	"own-fence":        "`submitting` is refused if the attempt's own fence is gone",
	"loss-noted":       "a lost state is noted in the scope",
	"previous":         "opening a submission keeps the old ID or key in the same write",
	"key-input":        "the key follows from the input too",
	"orphan-adopted":   "a write of an ID takes it off the list of orphans",
	"tombstone":        "clearing keeps the next submission and the write ID",
	"clear-fence":      "clearing takes over the fence",
	"clear-orphan":     "clearing lists an active job as an orphan",
	"deadline":         "an unresolved send is waited for before the search",
	"search":           "the search is asked before a key is sent",
	"search-of-first":  "a first attempt asks it too if an earlier send may exist",
	"clock":            "nothing is sent after the attempt's own submit timeout",
	"clock-from-first": "that timeout counts from the first sending of the write-ahead",
	"keep-unresolved":  "what an earlier send left unresolved is not withdrawn",
	"key-window":       "a key is sent again only while idempotentFor outlasts the deadline",
	"key-window-lost":  "after a loss, idempotentFor counts from the creation of the runtime's job",

	"search-window":        "an empty search counts only while findableFor has not passed",
	"search-window-answer": "that is looked at when the answer is there, not before",
	"search-window-lost":   "after a loss, findableFor counts from the creation of the runtime's job",
	"cannot-know":          "`find` that cannot know is no empty search",
	"search-keyed":         "a key that may have been sent is looked for before it is sent again",
	"exists":               "\"exists already\" is no refusal",
	"exists-verified":      "the ID of \"exists already\" is looked for where there is a search",
	"refused-repeat":       "a refusal of a repeated key leaves the record unresolved, unless the search finds the job",
	"refused-repeat-empty": "also if the search finds nothing",
	"repeat-unresolved":    "a submission that is repeated in an attempt is not withdrawn",
	"repeat-writes-ahead":  "a repeat in an attempt has a write-ahead of its own",
	"repeat-window":        "a repeat in an attempt needs the window of the key too",
	"look-after-cancel":    "the status is asked again after a cancel, before the failure is recorded",
	"mark-fenced":          "the exception to the fence is not for the mark of giving up",
	"mark-durable":         "the mark of giving up is waited for before the cancel",
}

func (o *Options) holds(rule string) bool { return !o.Without[rule] }

// keyOf derives the key of a submission.
func (o *Options) keyOf(submission, input uint8) uint8 {
	if o.holds("key-input") {
		return submission + input*4
	}
	return submission
}
