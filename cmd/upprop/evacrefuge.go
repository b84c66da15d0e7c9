package main

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// refugeTold is what was said to those who wait, or by them.
type refugeTold struct {
	Help  *record.Help `json:"help"`
	Count *int         `json:"count"`
	At    time.Time    `json:"at"`
	By    string       `json:"by"`
	Role  string       `json:"role"`
}

// refugeState is one line of who waits where.
type refugeState struct {
	Point    *string      `json:"point"`
	Site     *string      `json:"site"`
	Known    bool         `json:"known"`
	Waiting  int          `json:"waiting"`
	New      int          `json:"waiting_since"`
	Told     *refugeTold  `json:"told"`
	Beside   []refugeTold `json:"beside"`
	Before   []refugeTold `json:"before"`
	Heard    *refugeTold  `json:"heard"`
	Read     bool         `json:"read"`
	Answered bool         `json:"answered"`
	Still    bool         `json:"still"`
}

// helpFlags are what those who wait can be told, of which one is.
type helpFlags struct{ told, coming, stay, fetched bool }

func (h *helpFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&h.told, "told", false, "it is known that they wait, and help has been asked for")
	f.BoolVar(&h.coming, "coming", false, "help is on its way")
	f.BoolVar(&h.stay, "stay", false, "they are to stay where they are")
	f.BoolVar(&h.fetched, "fetched", false, "all have been fetched")
}

// given are those that were given.
func (h helpFlags) given() (out []record.Help) {
	for _, of := range []struct {
		given bool
		help  record.Help
	}{{h.told, record.HelpTold}, {h.coming, record.HelpComing}, {h.stay, record.HelpStay}, {h.fetched, record.HelpFetched}} {
		if of.given {
			out = append(out, of.help)
		}
	}
	return out
}

func (c *command) evacRefuge() *cobra.Command {
	var flags helpFlags
	var site string
	var here int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "refuge [PLACE]", Short: "Say who waits at refuges, and answer them",
		Long: `Without a flag, list who waits at refuges, what they are told and what was heard
from there. With one, answer those who wait at PLACE: it is shown on the screen
there and behind the links in their messages. Without PLACE it is for those at
the site of whom nobody has said where they wait. Nothing that was said before is
taken away. --here takes down how many they say they are; 0, that they have read
what they were told.`,
		Example: "  upprop evac refuge\n  upprop evac refuge 'Stair B, floor 3' --coming\n  upprop evac refuge 'Stair B, floor 3' --here 3",
		Args:    usage(cobra.MaximumNArgs(1)), ValidArgsFunction: c.completePoint,
		RunE: func(cmd *cobra.Command, args []string) error {
			var point record.PointName
			if len(args) > 0 {
				point = record.PointName(args[0])
			}
			help, heard := flags.given(), cmd.Flags().Changed("here")
			if n := len(help); n > 1 || n == 1 && heard {
				return wrongUsage("say one of --told, --coming, --stay, --fetched and --here")
			}
			client := newClient(c.data)
			if len(help) == 0 && !heard {
				return c.refuges(cmd, client, string(point), site, asJSON)
			}
			var out api.Called
			var err error
			if heard {
				err = client.ask(cmd.Context(), "POST", "/api/v1/evacuation/refuges/heard", api.Hearing{Point: point, Site: record.SiteID(site), Count: &here}, &out)
			} else {
				err = client.ask(cmd.Context(), "POST", "/api/v1/evacuation/refuges", api.Telling{Point: point, Site: record.SiteID(site), Help: help[0]}, &out)
			}
			switch {
			case err != nil:
				return err
			case asJSON:
				return c.json(out)
			}
			return c.say("%s", calledLine(out))
		},
	}
	flags.bind(cmd)
	cmd.Flags().IntVar(&here, "here", 0, "how `many` wait there, as they say")
	cmd.Flags().StringVar(&site, "site", "", "only this site; without PLACE, of whose people it is said (default this node's)")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// helpWords say in a few words what those who wait are told.
var helpWords = map[record.Help]string{
	record.HelpTold: "known, help asked for", record.HelpComing: "help is on its way", record.HelpStay: "stay where you are", record.HelpFetched: "all fetched",
}

func calledLine(out api.Called) string {
	at := "Place not said"
	if out.Point != nil {
		at = string(*out.Point)
	}
	line := at + ": told nothing yet."
	if out.Help != nil {
		line = at + ": told “" + helpWords[*out.Help] + "”."
	}
	if out.Heard != nil && *out.Heard > 0 {
		line += fmt.Sprintf(" %d were heard there.", *out.Heard)
	}
	if out.Doubt {
		line += " Somebody who had not heard of that says something else."
	}
	if out.Still {
		line += " They were told that all are fetched, and somebody may still be there."
	}
	return line
}

func (c *command) refuges(cmd *cobra.Command, client *client, point, site string, asJSON bool) error {
	path := "/api/v1/evacuation/refuges"
	if site != "" {
		path += "?" + url.Values{"site": {site}}.Encode()
	}
	all := []refugeState{}
	if err := client.ask(cmd.Context(), "GET", path, nil, &all); err != nil {
		return err
	}
	shown := []refugeState{}
	for _, r := range all {
		if point == "" || r.Point != nil && *r.Point == point {
			shown = append(shown, r)
		}
	}
	if asJSON {
		return c.json(shown)
	}
	if len(shown) == 0 {
		return c.say("No refuge is set up, and nobody is marked as waiting in one.")
	}
	return c.table("REFUGE\tWAITING\tTOLD\tHEARD\tDOUBT", func(w io.Writer) error {
		for _, r := range shown {
			at := "(place not said)"
			switch {
			case r.Point != nil:
				at = *r.Point
			case r.Site != nil:
				at = *r.Site + " " + at
			}
			told, heard, doubt := "nothing", "-", "-"
			if r.Told != nil && r.Told.Help != nil {
				told = fmt.Sprintf("%s (%s, %s)", helpWords[*r.Told.Help], r.Told.By, moment(r.Told.At, time.Now()))
			}
			if r.Heard != nil && r.Heard.Count != nil {
				heard = fmt.Sprintf("%d (%s)", *r.Heard.Count, moment(r.Heard.At, time.Now()))
			}
			switch {
			case r.Still:
				doubt = "somebody may still be there"
			case len(r.Beside) > 0:
				doubt = "others say something else"
			case r.New > 0:
				doubt = fmt.Sprintf("%d came since", r.New)
			}
			if _, err := fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", at, r.Waiting, told, heard, doubt); err != nil {
				return err
			}
		}
		return nil
	})
}
