package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
)

// board is the page, laid out in the reader's language.
type board struct {
	At    time.Time
	Nodes []nodeView
	Links []linkView
	Tour  tourView
	// Meeting is how far the two handhelds have come.
	Meeting meetingView
	Story   []storyView
	Paused  bool
	Agree   bool
	// Inside is how many may be inside by every list, where they agree.
	Inside, Cut int
	// Evacuation is what runs by the handheld's list: "real", "drill" or empty.
	Evacuation string
}

var roleWords = map[identity.Role]string{
	identity.RoleDesk: "role.desk", identity.RoleEntrance: "role.entrance", identity.RoleWarden: "role.warden",
}

// nodeView is what one node knows.
type nodeView struct {
	Slot, Name, RoleWord, Zone, URL string
	Role                            identity.Role
	// Inside is how many may be inside by its list; Doubt says what it is not
	// sure of, empty when nothing.
	Inside, NotSure int
	Doubt           string
	News            []newsView
	Agrees          bool
	// Extra are on its list and not on all others; Missing the other way round.
	// The first few of each, and how many more.
	Extra, Missing         []codeView
	MoreExtra, MoreMissing int
	// Marks are those that stand on its list, by who made them, and Marked how
	// many these are. ExtraMarks are not on all other lists; MissingMarks are on
	// some other list and not here.
	Marks                            []marksView
	Marked, ExtraMarks, MissingMarks int
	// Readable is of how many its role may read the name.
	Readable int
	// PIN unlocks names here; empty where none is asked for. Locked: they are
	// locked.
	PIN    string
	Locked bool
	// Waits: its role may read them during an evacuation or drill.
	Waits bool
	Door  bool
}

// newsView is how old a node's news of another one is.
type newsView struct {
	Slot, Name, Age string
	News            evac.News
	AsOf            time.Time
	// Says is the whole sentence; Via who handed the news on.
	Says, Via string
}

// marksView is how many people one node has marked.
type marksView struct {
	By    string
	Count int
}

// codeView is a badge over which lists differ.
type codeView struct {
	Badge string
	// Out: this node has let its bearer out, and the others do not know yet.
	Out bool
}

// linkView is one line of the picture.
type linkView struct {
	Name, From, To string
	State          linkState
	// Its ends in the picture, in hundredths.
	X1, Y1, X2, Y2 int
}

// places are where nodes stand in the picture, in hundredths.
var places = map[string][2]int{"reception": {50, 9}, "east": {84, 42}, warden: {21, 88}, "west": {16, 42}, warden2: {79, 88}}

// storyView is one happening in words.
type storyView struct {
	ID   string
	At   time.Time
	Text string
	// Who is the name, company included, as the first node may read it; Held
	// that it may not, or has not heard.
	Who  string
	Held bool
	Sign string
}

// tourView is how far the reader has come.
type tourView struct {
	// Steps says of each step: done, now or later; Now is the one that is next.
	Steps       []string
	Now         int
	Star, Exit  string
	StarSlot    string
	ExitSlot    string
	Guest       string
	Observer    string
	StarKiosk   string
	ObserverURL string
}

// board reads all nodes.
func (d *Demo) board(r *webkit.Request) (*board, error) {
	all := d.lists()
	b := &board{At: time.Now(), Paused: d.crowd.isPaused(), Agree: all.agree(), Inside: len(all[0].open), Cut: d.severed()}
	if e, on := d.at(warden).app.Node().Alarm().Running(""); on {
		b.Evacuation = e.Kind()
	}
	for i, m := range d.nodes {
		v, err := d.nodeView(r, m)
		if err != nil {
			return nil, err
		}
		extra, missing := all.differ(i)
		v.ExtraMarks, v.MissingMarks = all.differMarks(i)
		v.Agrees = len(extra) == 0 && len(missing) == 0 && v.ExtraMarks+v.MissingMarks == 0
		v.Extra, v.MoreExtra = codes(m, extra)
		v.Missing, v.MoreMissing = codes(m, missing)
		b.Nodes = append(b.Nodes, v)
	}
	for _, l := range d.links {
		p, q := places[l.a.slot], places[l.b.slot]
		b.Links = append(b.Links, linkView{
			Name: l.name(), From: l.a.name, To: l.b.name, State: l.state(), X1: p[0], Y1: p[1], X2: q[0], Y2: q[1],
		})
	}
	b.Tour, b.Meeting = d.tourView(), d.meetingView()
	for _, h := range d.story.latest() {
		b.Story = append(b.Story, d.storyView(r, h))
	}
	return b, nil
}

func (d *Demo) nodeView(r *webkit.Request, m *member) (nodeView, error) {
	l, err := m.muster.Muster("")
	if err != nil {
		return nodeView{}, err
	}
	v := nodeView{
		Slot: m.slot, Name: m.name, Role: m.role, RoleWord: r.Text(roleWords[m.role], nil), Zone: m.zone,
		URL: strings.TrimSuffix(m.app.URL(), "/"), Inside: l.Counts.Total, NotSure: l.Counts.NotSure, Door: m.door(),
	}
	for _, p := range l.People {
		if p.Opened {
			v.Readable++
		}
	}
	for _, by := range d.nodes {
		n := 0
		for _, p := range l.People {
			if p.MarkedBy == by.name {
				n++
			}
		}
		if n > 0 {
			v.Marks = append(v.Marks, marksView{by.name, n})
			v.Marked += n
		}
	}
	v.Waits, v.Locked = l.Names == evac.NamesDuringEvacuation, l.Locked
	if m.role == identity.RoleWarden {
		v.PIN = handheldPIN
	}
	from := map[identity.NodeID]mesh.NodeNews{}
	for _, n := range m.app.Node().Mesh().Freshness() {
		from[n.Node] = n
	}
	for _, other := range d.nodes {
		i := slices.IndexFunc(l.Entrances, func(e evac.Door) bool { return e.Node == record.NodeID(other.id()) })
		if other == m || i < 0 {
			continue
		}
		n := d.newsView(r, other, l.Entrances[i], from[other.id()], l.AsOf)
		if !n.News.UpToDate() && v.Doubt == "" {
			v.Doubt = n.Says
		}
		v.News = append(v.News, n)
	}
	return v, nil
}

func (d *Demo) newsView(r *webkit.Request, of *member, e evac.Door, from mesh.NodeNews, now time.Time) newsView {
	v := newsView{Slot: of.slot, Name: of.name, News: e.News, AsOf: e.CompleteAsOf}
	heard := e.CompleteAsOf
	if heard.IsZero() {
		heard = e.LastHeard
	}
	args := map[string]any{"Node": of.name, "Time": r.Locale.ClockSeconds(heard.Local())}
	switch {
	case heard.IsZero():
		v.Says, v.Age = r.Text("news.never", args), "–"
		return v
	case e.News.UpToDate():
		v.Says = r.Text("news.complete", args)
	default:
		v.Says = r.Text("news.heard", args)
	}
	v.Age = age(now.Sub(heard))
	if from.State == mesh.ReachableVia && e.News.UpToDate() {
		v.Via = r.Text("news.via_others", nil)
		if via := d.byID(record.NodeID(from.Via)); via != nil && via != of {
			v.Via = r.Text("news.via", map[string]any{"Node": via.name})
		}
	}
	return v
}

// age is a time in the fewest characters: "2 s", "4 min".
func age(d time.Duration) string {
	if d < 100*time.Second {
		return fmt.Sprintf("%d s", int(max(0, d).Seconds()))
	}
	return fmt.Sprintf("%d min", int(d.Minutes()))
}

// fewCodes is how many badges are named where lists differ.
const fewCodes = 6

func codes(m *member, of []record.BadgeCode) (few []codeView, more int) {
	for _, b := range of[:min(len(of), fewCodes)] {
		few = append(few, codeView{Badge: b.String(), Out: m.letOut(b)})
	}
	return few, len(of) - len(few)
}

func (d *Demo) tourView() tourView {
	in, out, observer := d.at(star), d.at(exit), d.nodes[0]
	v := tourView{
		Star: in.name, StarSlot: in.slot, Exit: out.name, ExitSlot: out.slot, Observer: observer.name,
		StarKiosk: in.app.URL() + "kiosk", ObserverURL: observer.app.URL() + "warden",
	}
	done, guest := d.tour.look()
	v.Steps, v.Now = walk(done[:])
	if guest != 0 {
		v.Guest = guest.String()
	}
	return v
}

// walk says of each step whether it is done, and which is next.
func walk(done []bool) (is []string, now int) {
	now = len(done)
	for i, d := range done {
		switch {
		case d:
			is = append(is, "done")
		case now == len(done):
			now = i
			is = append(is, "now")
		default:
			is = append(is, "later")
		}
	}
	return is, now
}

// meetingView is how far the two handhelds have come.
type meetingView struct {
	Steps      []string
	Now        int
	A, B       string
	PartA      string
	PartB      string
	AtA, AtB   string
	URLA, URLB string
}

func (d *Demo) meetingView() meetingView {
	a, b := d.handhelds()
	done := d.meeting.look()
	v := meetingView{
		A: a.name, B: b.name, PartA: a.part, PartB: b.part, AtA: a.zone, AtB: b.zone,
		URLA: a.app.URL() + "warden", URLB: b.app.URL() + "warden",
	}
	v.Steps, v.Now = walk(done[:])
	return v
}

// storyView puts a happening into words. Names are read with the rights, and
// the knowledge, of the first node: the reception.
func (d *Demo) storyView(r *webkit.Request, h happening) storyView {
	args := map[string]any{"Badge": h.Badge.String(), "Seconds": fmt.Sprintf("%.1f", h.Took.Seconds()), "Count": h.Count}
	for i, key := range []string{"Node", "Other"} {
		if i < len(h.Nodes) {
			args[key] = h.Nodes[i].name
		}
	}
	v := storyView{ID: fmt.Sprintf("s-%d", h.N), At: h.At, Text: r.Text(h.Key, args), Sign: signs[h.Key]}
	if v.Sign == "" {
		v.Sign = "info"
	}
	if h.Badge == 0 {
		return v
	}
	v.Held = true
	visit := h.Visit
	if visit.IsZero() {
		known, err := d.nodes[0].app.Node().Replica().ByBadge(h.Badge)
		if err != nil || len(known) != 1 {
			return v
		}
		visit = known[0].Visit
	}
	if c, err := d.nodes[0].app.Node().Visits().Card(visit); err == nil {
		v.Held, v.Who = false, c.Name.Reveal()
		if c.Company != "" {
			v.Who += ", " + c.Company.Reveal()
		}
	}
	return v
}

// signs are the drawings beside what happened.
var signs = map[string]string{
	"log.came": "arrive", "log.left": "leave", "log.left_elsewhere": "leave", "log.left_unheard": "tag", "log.closed": "check",
	"log.link_cut": "cross", "log.cut_off": "cross", "log.split": "cross",
	"log.handhelds_off": "cross", "log.handhelds_on": "live", "log.marked": "check", "log.met": "live",
	"log.drill_started": "muster", "log.real_started": "alert", "log.evac_ended": "check",
	"log.link_healed": "live", "log.healed": "live", "log.agree": "check", "log.paused": "clock", "log.resumed": "person",
}
