package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

// musterList is what a person needs of the list.
type musterList struct {
	AsOf      api.Stamp `json:"as_of"`
	Entrances []struct {
		Name         string    `json:"name"`
		CompleteAsOf api.Stamp `json:"complete_as_of"`
		State        string    `json:"state"`
		LastHeard    api.Stamp `json:"last_heard"`
		Doubt        int       `json:"doubt"`
	} `json:"entrances"`
	People []struct {
		Badge   record.BadgeCode `json:"badge"`
		Name    *api.Text        `json:"name"`
		Company *api.Text        `json:"company"`
		Host    *api.Text        `json:"host"`
		Zone    string           `json:"zone"`
		State   string           `json:"state"`
	} `json:"people"`
}

func (c *command) muster() *cobra.Command {
	var site string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "muster", Short: "Who may be inside, and how sure are we?",
		Long: `List who may be inside, by what this node knows. The first line says how sure
that is: from which entrances the news are late, and since when.`,
		Example: "  upprop muster\n  upprop muster --site North --json",
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := "/api/v1/muster"
			if site != "" {
				path += "?" + url.Values{"site": {site}}.Encode()
			}
			raw, err := newClient(c.data).raw(cmd.Context(), "GET", path, nil)
			if err != nil {
				return err
			}
			if asJSON {
				return c.say("%s", strings.TrimSpace(string(raw)))
			}
			var l musterList
			if err := json.Unmarshal(raw, &l); err != nil {
				return errors.New("the node's answer could not be read: check that both are the same release with `upprop version`")
			}
			if err := c.say("%s", l.truth()); err != nil || len(l.People) == 0 {
				return err
			}
			return c.table("BADGE\tSTATE\tNAME\tCOMPANY\tHOST\tPLACE", func(w io.Writer) error {
				for _, p := range l.People {
					if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", p.Badge, strings.ReplaceAll(p.State, "_", " "), reveal(p.Name), reveal(p.Company), reveal(p.Host), orDash(p.Zone)); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&site, "site", "", "only this site")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// truth says in one line how many are on the list and how sure that is.
func (l musterList) truth() string {
	states := map[string]int{}
	for _, p := range l.People {
		states[p.State]++
	}
	counts := fmt.Sprintf("%d inside", states["inside"])
	for _, s := range []string{"unconfirmed", "missing", "refuge", "safe", "probably_left"} {
		if n := states[s]; n > 0 {
			counts += fmt.Sprintf(", %d %s", n, strings.ReplaceAll(s, "_", " "))
		}
	}
	var late []string
	for _, e := range l.Entrances {
		if e.State == "here" || e.State == "fresh" {
			continue
		}
		what := e.Name + " never heard of"
		switch {
		case e.State == "stale" && !e.CompleteAsOf.IsZero():
			what = fmt.Sprintf("%s complete as of %s", e.Name, moment(e.CompleteAsOf.Time, l.AsOf.Time))
		case e.State == "stale":
			what = e.Name + " lives, but not all of its news are here"
		case !e.LastHeard.IsZero():
			what = fmt.Sprintf("%s not heard since %s", e.Name, moment(e.LastHeard.Time, l.AsOf.Time))
		}
		if e.Doubt > 0 {
			what += fmt.Sprintf(" (%d in doubt)", e.Doubt)
		}
		late = append(late, what)
	}
	now := moment(l.AsOf.Time, time.Now())
	if len(late) > 0 {
		return fmt.Sprintf("%s, as far as known at %s. NOT SURE: %s.", counts, now, strings.Join(late, "; "))
	}
	return fmt.Sprintf("%s at %s. News from all %d entrances are up to date.", counts, now, len(l.Entrances))
}
