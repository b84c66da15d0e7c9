package node

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/kept"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/terms"
	"github.com/upprop/upprop/node/visits"
)

// marker is in every name, address and text of the simulated years: it is looked
// for in the raw bytes of all disks.
const marker = "Qx7Marker"

// past is a visit of the simulated years, and the day by which it must be gone.
type past struct {
	visit record.VisitID
	until record.Day
}

// TestTwoYears lets two years pass (UPPROP_SOAK; else two months) at two desks,
// an entrance and a handheld: visits every day, and erasures, corrections,
// withdrawals, restrictions, cases, changes of the terms, signed documents, legal
// holds, photographs, deliveries, and a node that is off for days. Nothing personal outlives its date on any disk, which is read with
// its own keys and those of other disks; nor is any of it ever there in clear. And
// what must be kept is: cases, decisions, terms, reviews, who is inside, and what
// was signed or is held, to its end.
func TestTwoYears(t *testing.T) {
	days := 60
	if os.Getenv("UPPROP_SOAK") != "" {
		days = 730
	}
	inTheLongRunOnly(t)
	synctest.Test(t, func(t *testing.T) { twoYears(t, days) })
}

func twoYears(t *testing.T, days int) {
	w := newTown(t, "Reception", "East gate")
	defer w.close()
	south := w.join("South desk", identity.RoleDesk)
	w.join("Warden", identity.RoleWarden)
	desk, east := w.houses[0], w.houses[1]
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(5 * time.Minute)
	more := newBeside(w)
	arrive := func(h *house, i int) record.VisitID {
		t.Helper()
		name := func(s string) record.Private { return record.Private(fmt.Sprint(marker, " ", s, " ", i)) }
		in, err := h.Visits().CheckIn(ctx, visits.Arrival{
			Name: name("name"), Company: name("company"), Host: name("host"), Assist: name("assist"), Purpose: name("purpose"),
			Email: record.Private(fmt.Sprint(marker, i, "@example.org")), Phone: record.Private(fmt.Sprint("+4670", 1000000+i)), Notify: true,
			Type: []string{"visitor", "delivery"}[i%2], How: "kiosk", Photo: more.picture(i),
		})
		must(err)
		more.taken(in)
		return in.Visit
	}
	var all []past
	keep := map[string]int{"visitor": terms.Most, "delivery": terms.Most}
	stays := arrive(desk, 0) // never leaves
	var cases, decided []record.CaseID
	desk.papers(40)
	var papers []past // what is kept past its day: signatures and held visits
	var holds []kept.Hold
	was := south.seize() // lies in a drawer from the first day
	time.Sleep(time.Minute)

	for day := 1; day <= days; day++ {
		today := record.DayOf(desk.now())
		var in []record.VisitID
		for i := range 4 {
			h := []*house{desk, east, south, east}[i]
			if h.Node == nil {
				h = desk
			}
			in = append(in, arrive(h, day*10+i))
		}
		time.Sleep(30 * time.Second)
		for i, v := range in {
			desk.leave(v)
			all = append(all, past{v, today + record.Day(keep[[]string{"visitor", "delivery"}[i%2]])})
		}
		time.Sleep(30 * time.Second)
		switch day % 10 {
		case 0: // somebody signs and is erased, and somebody is held
			v := east.signs(marker+" signer", "nda")
			time.Sleep(30 * time.Second)
			east.leave(v)
			if day%20 == 0 {
				time.Sleep(30 * time.Second)
				_, err := desk.Erase(ctx, v)
				must(err)
			}
			papers = append(papers, past{record.KeptID(v, "document/nda"), today + 40})
			for _, h := range holds {
				if day%20 == 0 && h.Until > today+20 {
					_, err := desk.Kept().Lift(ctx, h.ID, "settled")
					must(err)
					papers = slices.DeleteFunc(papers, func(p past) bool { return p.visit == h.Key() })
					papers = append(papers, past{h.Key(), today})
				}
			}
			if day%20 == 0 {
				holds = nil
			}
			h, err := desk.Kept().Add(ctx, in[3], "a claim", today+45)
			must(err)
			holds = append(holds, h)
			papers = append(papers, past{h.Key(), today + 45})
		case 1:
			_, err := desk.Erase(ctx, in[0])
			must(err)
			all[len(all)-4].until = today // at once
			more.ends(record.PhotoID(in[0]), today)
		case 2:
			must(desk.Withdraw(ctx, in[1], consent.Assist, "desk", ""))
			must(desk.Withdraw(ctx, in[0], consent.Photo, "desk", ""))
			more.ends(record.PhotoID(in[0]), today)
		case 3:
			c, _, err := desk.Rights().OpenCase(ctx, in[2], rights.Objection, "protected identity")
			must(err)
			cases = append(cases, c.ID)
		case 4:
			if len(cases) > len(decided) {
				id := cases[len(decided)]
				_, err := south.Rights().Decide(ctx, id, rights.Refused, "a legal claim")
				must(err)
				decided = append(decided, id)
			}
		case 5:
			right := record.Private(marker + " corrected")
			must(desk.Rectify(ctx, in[3], privacy.Correction{Name: &right}, ""))
		case 6:
			b, err := desk.Rights().Prepare(ctx, rights.Query{NotSeenSince: desk.now().AddDate(0, 0, -25)}, "long gone")
			if err == nil {
				_, err = desk.Rights().As("operator b").Confirm(ctx, b.ID, len(b.Visits))
				must(err)
			}
		case 7:
			if day%30 == 7 { // shorter, and longer again
				figure := []int{20, 30, 12, 30}[day/30%4]
				_, err := desk.Rights().SetTerms(ctx, terms.Card, "", figure, false)
				must(err)
				keep["visitor"], keep["delivery"] = figure, figure
				desk.resealer.Wake()
				for i, p := range all { // what is stored follows a shorter time
					all[i].until = min(p.until, max(today, p.until-terms.Most+record.Day(figure)))
				}
			}
		case 8:
			south.shut()
		case 9:
			south.on()
			must(desk.Rights().Reviewed(ctx, rights.Reviews[day/10%len(rights.Reviews)]))
		}
		more.day(day, today)
		// Most days are short: what is looked after every ten minutes catches up.
		lasts := time.Minute
		if day%5 == 0 {
			lasts = awake
		}
		time.Sleep(lasts)
		w.leap.Add(int64(24*time.Hour - lasts))
		// The clocks leap, and running time is what dates are paid with: an operator
		// says that the day has come, as the doctor asks.
		for _, h := range w.houses {
			if h.Node != nil {
				must(h.AllowExpiry(ctx, record.DayOf(h.now())))
				h.resealer.Wake() // by running time it looks every hour
				h.kept.Wake()
				h.photos.Wake()
				must(h.deliveries.Renew(ctx))
			}
		}
		if day%30 == 0 || day == days {
			if south.Node == nil {
				south.on()
				time.Sleep(5 * time.Minute)
			}
			w.passed(t, day, all, more.all, was)
			w.papersPassed(t, day, papers, was)
			more.stands(t, day)
		}
	}

	// What must be kept is kept, on every desk.
	for _, h := range []*house{desk, south} {
		if c, _, err := h.Visits().ForSubject(stays); err != nil || c.Name == "" {
			t.Errorf("%s has lost the name of who has been inside all the time: %v", h.name, err)
		}
		got := h.Rights().Cases()
		if len(got) != len(cases) {
			t.Errorf("%s keeps %d cases of %d", h.name, len(got), len(cases))
		}
		refused := 0
		for _, c := range got {
			if c.State == rights.Refused {
				refused++
			}
		}
		if refused != len(decided) {
			t.Errorf("%s keeps %d decisions of %d", h.name, refused, len(decided))
		}
		if int(h.Keep("visitor").Card) != keep["visitor"] {
			t.Error(h.name, "keeps other terms")
		}
		if r, err := h.VerifyAudit(); err != nil || !r.OK {
			t.Errorf("%s: the record of acts is not whole: %+v %v", h.name, r.Faults, err)
		}
	}
	for _, h := range w.houses {
		if !h.lists(stays) {
			t.Error(h.name, "has lost who is inside")
		}
	}
}

// papersPassed looks for what is kept past its day: it opens at both desks until its
// end, and then on no disk, also not with an old copy.
func (w *town) papersPassed(t *testing.T, day int, papers []past, old disk) {
	t.Helper()
	desk, south := w.houses[0], w.houses[2]
	today := record.DayOf(desk.now())
	var over []record.VisitID
	there := 0
	for _, p := range papers {
		if p.until < today {
			over = append(over, p.visit)
		}
		if p.until <= today {
			continue
		}
		there++
		for _, h := range []*house{desk, south} {
			found := false
			must := func(r kept.Record) error { found = found || r.ID == p.visit; return nil }
			if err := h.Kept().Each(must); err != nil || !found {
				t.Errorf("day %d: %s has lost what must be kept until %v: %v", day, h.name, p.until, err)
			}
		}
	}
	if there == 0 || day > 50 && len(over) == 0 {
		t.Errorf("day %d: %d records are kept and %d over: nothing is proved", day, there, len(over))
	}
	over = over[max(0, len(over)-20):]
	for _, h := range []*house{desk, south} {
		now := h.seize()
		now.open(t, desk.now, over...).check(t, "what is kept past its end, at "+h.name, nil, nil)
		old.with(t, &now).open(t, desk.now, over...).check(t, "what is kept past its end, in a copy of the first day", nil, nil)
		time.Sleep(time.Minute)
		if lost, err := h.Kept().Lost(); err != nil || lost.Count > 0 {
			t.Errorf("day %d: %s says that %d records were lost: %v", day, h.name, lost.Count, err)
		}
	}
}

// passed looks into every disk for what should be gone by now, and for anything
// in clear.
func (w *town) passed(t *testing.T, day int, all, apart []past, old disk) {
	t.Helper()
	today := record.DayOf(w.houses[0].now())
	split := func(all []past) (gone, kept []record.VisitID) {
		for _, p := range all {
			switch {
			case p.until < today-1: // the day itself, and one for a desk to hear of it
				gone = append(gone, p.visit)
			case p.until > today+1:
				kept = append(kept, p.visit)
			}
		}
		// What was dropped long ago is nowhere: look for the latest alone.
		return gone[max(0, len(gone)-150):], kept
	}
	gone, kept := split(all)
	also, standing := split(apart)
	if day > 50 && (len(also) < 10 || len(standing) == 0) {
		t.Errorf("day %d: of photos and deliveries %d are over and %d stand: nothing is proved", day, len(also), len(standing))
	}
	gone = append(gone, also...)
	var disks []disk
	for _, h := range w.houses {
		h.plain(t)
		disks = append(disks, h.seize())
		time.Sleep(time.Minute)
	}
	for i, d := range disks {
		l := d.open(t, w.houses[0].now, gone...)
		if len(l.cards)+len(l.dossiers) > 0 {
			t.Errorf("day %d: the disk of %s opens %d names and %d addresses that are over", day, w.houses[i].name, len(l.cards), len(l.dossiers))
		}
		if d.role == identity.RoleDesk {
			old.with(t, &d).open(t, w.houses[0].now, gone...).check(t, "the copy of the first day with the keys of now", nil, nil)
		}
	}
	if len(kept) > 0 {
		l := disks[0].open(t, w.houses[0].now, kept[len(kept)-1])
		if len(l.cards) != 1 {
			t.Errorf("day %d: what is to be kept does not open: nothing is proved", day)
		}
	}
	if l := disks[0].open(t, w.houses[0].now, standing...); len(l.dossiers) != len(standing) {
		t.Errorf("day %d: of %d photos and deliveries that are to be kept %d open", day, len(standing), len(l.dossiers))
	}
}

// plain looks for the marker in the raw bytes of a house's disk and folder.
func (h *house) plain(t *testing.T) {
	t.Helper()
	h.shut()
	look := func(name string, b []byte) {
		if i := bytes.Index(b, []byte(marker)); i >= 0 {
			t.Errorf("%s: %s holds what somebody told in clear, at %d", h.name, name, i)
		}
	}
	names, err := h.fs.List("/db")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, name := range names {
		f, err := h.fs.Open(h.fs.PathJoin("/db", name))
		if err != nil {
			continue // a folder
		}
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		read += len(b)
		look(name, b)
	}
	err = filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		read += len(b)
		look(path, b)
		return err
	})
	if err != nil || read < 10_000 {
		t.Fatalf("%s: %d bytes were read, %v: nothing is proved", h.name, read, err)
	}
	h.on()
	time.Sleep(time.Minute)
}
