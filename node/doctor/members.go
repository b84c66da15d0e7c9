package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// members judges each other node.
func members(f Facts) (out []Finding) {
	for _, m := range f.Members {
		if m.Revoked {
			continue
		}
		if m.Cloned {
			out = append(out, Finding{
				"cloned", Fault, m.Name,
				fmt.Sprintf("Two machines run with the identity of %s.", m.Name),
				"Nothing is lost, but how fresh its news is cannot be said while both run.",
				"Stop one of the two. If both are needed, give that one an empty data folder and let it join anew with a token.",
			})
		}
		if !m.LostTo.IsZero() {
			out = append(out, Finding{
				"lost", Fault, m.Name,
				fmt.Sprintf("%s lost what it acknowledged between %s.", m.Name, hours(m.LostFrom, m.LostTo)),
				"It was put back to an old copy or its disk lost writes. Visitors who came or left there in that time may be missing, unless another node still has them.",
				"Leave the nodes connected: what others hold comes back by itself. Then ask at that door who came and left in that time.",
			})
		}
		if !m.CutUntil.IsZero() {
			out = append(out, Finding{
				"drill-cut", Notice, m.Name,
				fmt.Sprintf("The link to %s is cut by a drill.", m.Name),
				"What is recorded there does not come here directly; that is what the drill is for. A real alarm restores it within seconds.",
				fmt.Sprintf("Nothing: it is restored when the drill ends, and at %s at the latest. To restore it now, end the drill.", Stamp(m.CutUntil)),
			})
			continue // its silence is the drill's
		}
		out = append(out, silence(f, m)...)
		out = append(out, lacking(f, m)...)
		if m.Limit > 0 && m.Waiting > m.Limit/2 {
			out = append(out, Finding{
				"queue-nearly-full", Notice, m.Name,
				fmt.Sprintf("%s waits to be sent to %s.", size(uint64(m.Waiting)), m.Name),
				"Its network is slower than what is recorded here. When the queue is full it is dropped and that node fetches what it lacks.",
				"Nothing, unless it lasts: then look at the network between the two.",
			})
		}
	}
	return out
}

// hours are the times of a loss in words; from is zero where it reaches back
// before all that is known.
func hours(from, to time.Time) string {
	if from.IsZero() {
		return "its beginning and " + Stamp(to)
	}
	return Stamp(from) + " and " + Stamp(to)
}

// silence judges how fresh a node's news is.
func silence(f Facts, m Member) []Finding {
	if f.Now.Sub(f.Started) < settling {
		return nil
	}
	switch quiet := f.Now.Sub(m.LastHeard); {
	case m.LastHeard.IsZero():
		return []Finding{{
			"never-heard", Warning, m.Name,
			fmt.Sprintf("Nothing has ever been heard of %s.", m.Name),
			"What is recorded there is not on this node's lists.",
			"Start it, and check the network between the two; or revoke it if it is not there any more.",
		}}
	case quiet > absent:
		severity, do := Warning, "Check that it has power and network."
		if quiet > longAbsent {
			do = fmt.Sprintf("Check that it has power and network; if it is gone for good, revoke it: `upprop node revoke %q`.", m.Name)
		}
		return []Finding{{
			"absent", severity, m.Name,
			fmt.Sprintf("Nothing has been heard of %s since %s.", m.Name, Stamp(m.LastHeard)),
			"It goes on working alone. " + asOf(m) + " When it is back both agree by themselves.", do,
		}}
	case m.Behind > 0 || m.Older:
		n := "Some entries"
		if m.Behind > 0 {
			n = fmt.Sprintf("%d entries", m.Behind)
		}
		return []Finding{{
			"behind", Notice, m.Name,
			fmt.Sprintf("%s of %s are missing here still.", n, m.Name),
			asOf(m),
			"Nothing: they are being fetched. If it lasts for minutes, look at the network, and for refused entries above.",
		}}
	case f.Now.Sub(m.AsOf) > absent:
		return []Finding{{
			"stale", Warning, m.Name,
			fmt.Sprintf("%s is heard, but the list for it is not up to date.", m.Name),
			asOf(m),
			"If it lasts, look for refused entries or a cloned node above, and at this node's log.",
		}}
	}
	return nil
}

// lacking judges whether a node takes what it is told.
func lacking(f Facts, m Member) []Finding {
	if m.Lacks == 0 || m.LacksSince.IsZero() || f.Now.Sub(m.LacksSince) < standstill {
		return nil
	}
	n := fmt.Sprintf("%d entries", m.Lacks)
	if m.Lacks == 1 {
		n = "an entry"
	}
	return []Finding{{
		"peer-behind", Warning, m.Name,
		fmt.Sprintf("%s lacks %s held here, and has got no further with that since %s.", m.Name, n, Stamp(m.LacksSince)),
		"Who came or left may be wrong on its lists.",
		"Run `upprop doctor` there: its disk may be full, or it refuses what it is sent. If all is well there, look at the network between the two.",
	}}
}

func asOf(m Member) string {
	if m.AsOf.IsZero() {
		return fmt.Sprintf("Nothing recorded at %s is known to be complete here.", m.Name)
	}
	return fmt.Sprintf("The list for %s is complete as of %s.", m.Name, Stamp(m.AsOf))
}

// membership judges who is in the campus.
func membership(f Facts) (out []Finding) {
	type place struct{ site, role string }
	have := map[place]int{}
	sites := map[string]bool{}
	for _, m := range f.Members {
		if !m.Revoked {
			have[place{m.Site, m.Role}]++
			sites[m.Site] = true
		}
	}
	if len(sites) == 0 {
		return nil
	}
	have[place{f.Site, f.Role}]++
	sites[f.Site] = true
	var few []string
	for site := range sites {
		for _, x := range []struct{ role, word string }{{"warden", "warden's handheld"}, {"desk", "desk"}} {
			if n := have[place{site, x.role}]; n < 2 {
				few = append(few, fmt.Sprintf("%s has %s", site, [...]string{"no " + x.word, "one " + x.word}[n]))
			}
		}
	}
	slices.Sort(few)
	if len(few) > 0 {
		out = append(out, Finding{
			"few-keepers", Notice, "",
			"Few nodes can read names: " + strings.Join(few, "; ") + ".",
			"If the last one of its kind is lost or cut off, muster lists there show codes without names.",
			"Let another in: `upprop token create --role desk --site SITE`, or `--role warden`.",
		})
	}
	if f.Issuers == 1 {
		out = append(out, Finding{
			"one-issuer", Notice, "",
			"Only one node may let others in.",
			"If it is lost nobody can join or be revoked until the campus root is restored elsewhere.",
			"Appoint a second: `upprop issuer grant NODE`, and keep a copy of the root: `upprop root export FILE`.",
		})
	}
	if f.Records > rosterFull {
		out = append(out, Finding{
			"roster-nearly-full", Warning, "",
			fmt.Sprintf("The campus has written %d records of members; 50,000 are the most.", f.Records),
			"Beyond that nobody can join or be revoked.",
			"Look who makes so many tokens; ask who maintains the program for help in good time.",
		})
	}
	return out
}

// Stamp is a time as findings say it.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func way(d time.Duration) string {
	if d < 0 {
		return d.Abs().Round(time.Second).String() + " back"
	}
	return d.Round(time.Second).String() + " ahead"
}

func relation(d time.Duration) string {
	word := "ahead of"
	if d < 0 {
		word = "behind"
	}
	return d.Abs().Round(time.Second).String() + " " + word
}

func size(n uint64) string {
	if n >= 10<<30 {
		return fmt.Sprintf("%d GB", n>>30)
	}
	if n >= 1<<20 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d kB", n>>10)
}
