// Command model explores runs of the resumable job. Each argument is a word of a run; README.md lists them.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"mooring.test/model/job"
	"mooring.test/model/search"
)

const most = 6_000_000

func main() {
	options, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	result := search.Run(options.System(), most)
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// parse reads the words of a run: kind of system, assumptions, faults as name or name=times, and rules that are taken away as -rule.
func parse(words []string) (*job.Options, error) {
	o := &job.Options{Order: job.Mark, Without: map[string]bool{}}
	o.Faults.Kill, o.Faults.Overlap, o.Faults.Timeout = 1, 1, 1
	switches := map[string]*bool{
		"keyed": &o.Keyed, "findable": &o.Findable, "refuses": &o.Refuses, "tells-id": &o.TellsID, "lag": &o.Lag,
		"bounded": &o.Bounded, "durable": &o.Durable, "no-older": &o.NoOlder, "deletes-settled": &o.DeletesSettled,
		"drawn": &o.Drawn, "first-deploy": &o.FirstDeploy, "input-resubmits": &o.InputResubmits, "missing-resubmits": &o.MissingResubmit,
	}
	faults := o.Faults.Faults()
	for _, word := range words {
		name, value, counted := strings.Cut(word, "=")
		switch rule, removed := strings.CutPrefix(word, "-"); {
		case removed && job.Rules[rule] != "":
			o.Without[rule] = true
		case switches[word] != nil:
			*switches[word] = true
		case name == "order":
			o.Order = value
		case faults[name] != nil:
			times := 1
			if counted {
				var err error
				if times, err = strconv.Atoi(value); err != nil || times < 0 || times > 9 {
					return nil, fmt.Errorf("%q: a fault happens 0 to 9 times", word)
				}
			}
			*faults[name] = uint8(times)
		case word != "plain":
			return nil, fmt.Errorf("%q is no kind of system, assumption, fault or rule", word)
		}
	}
	return o, nil
}
