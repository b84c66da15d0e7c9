package visits

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/codec"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/consent"
)

// Arrival is what a person tells when coming in.
type Arrival struct {
	Name, Company, Host, Assist record.Private
	Email, Phone, Purpose       record.Private
	// Type is the visitor type; "visitor" when empty.
	Type string
	// Lang is the language that the person chose.
	Lang string
	// How says where it was told: "kiosk", "desk", "command".
	How string
	// Notify: the person has agreed to be told at Phone or Email when the alarm
	// goes.
	Notify bool
	// Invitation is the one that the person came by; zero: none. HostMail is
	// where it says that the host is told, and is kept nowhere.
	Invitation record.VisitID
	HostMail   record.Private
	// Signed are documents that the person has read and signed.
	Signed []record.Signature
	// Photo is a picture as it was taken, which the person has agreed to: a JPEG.
	Photo record.Picture
	// matches are those of the watch list; waits says that the person is asked to
	// wait for the reception.
	matches []record.Match
	waits   bool
	// Under16: the person is under 16. Nothing is kept by which they could be
	// reached, and only a guardian consents for them: Guardian says that one has.
	Under16, Guardian bool
}

// Receipt is the house's word that a visit is on record. Its QR opens the
// bearer's name: it goes to the bearer, and into no log.
type Receipt struct {
	Visit record.VisitID
	Badge record.BadgeCode
	QR    string
	At    time.Time
	// Wait: the person is inside and on every list, and is asked to wait for the
	// reception.
	Wait bool
	// Waits: the person is inside, and not approved yet.
	Waits bool
	// Photo is the picture that is kept; NoPhoto: one was handed in, and is not.
	Photo   record.Picture
	NoPhoto bool
}

// Format prints the visit only, through every verb.
func (r Receipt) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("visit " + r.Visit.String())) }

// CheckIn records a visit and returns when arrival, sealed particulars and key
// records are durable. Errors: *Problem for what a person can mend.
func (s *Service) CheckIn(ctx context.Context, a Arrival) (Receipt, error) {
	got, err := s.checkIn(ctx, a, nil)
	if err != nil {
		return Receipt{}, err
	}
	return got[0], nil
}

// checkIn records somebody and those who come with them, all or nobody.
func (s *Service) checkIn(ctx context.Context, a Arrival, with []record.Private) ([]Receipt, error) {
	if err := s.barred(); err != nil {
		return nil, err
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	if err := s.byRules(&a); err != nil {
		return nil, err
	}
	if !a.Invitation.IsZero() && s.cfg.Admits != nil {
		if err := s.cfg.Admits(a.Invitation); err != nil {
			return nil, err
		}
	}
	noPhoto := !s.picture(&a)
	var all []prepared
	everybody := append([]Arrival{a}, a.companions(with)...)
	wait := s.watch(everybody)
	a.waits = wait
	for n, one := range everybody {
		one.Invitation = a.Invitation // whoever comes along is as welcome
		p, err := s.prepare(one, all)
		if err != nil {
			return nil, fmt.Errorf("check in: %w", err)
		}
		if n == 0 && !a.Invitation.IsZero() {
			p.drafts = append(p.drafts, crdt.Draft{Event: &record.Event{
				Kind: record.Welcomed, Visit: a.Invitation, Other: p.receipt.Visit, Place: s.cfg.Place(), How: a.How,
			}})
		}
		all = append(all, p)
	}
	if a.HostMail == "" && a.Host != "" && s.cfg.HostMail != nil {
		a.HostMail = s.cfg.HostMail(ctx, a.Host)
	}
	settled := func(bool) {}
	if s.cfg.Announce != nil {
		settled = s.cfg.Announce(all[0].receipt.Visit, a)
	}
	var drafts []crdt.Draft
	for _, p := range all {
		drafts = append(drafts, p.drafts...)
	}
	_, err := s.cfg.Replica.Commit(ctx, drafts...)
	settled(err == nil)
	if err != nil {
		return nil, fmt.Errorf("check in: %w", cause(err))
	}
	var out []Receipt
	for _, p := range all {
		p.stored()
		p.receipt.At, p.receipt.Wait = s.cfg.Now().UTC(), wait
		out = append(out, p.receipt)
	}
	out[0].Photo = s.keepPhoto(ctx, out[0].Visit, a)
	out[0].NoPhoto = noPhoto || len(a.Photo) > 0 && out[0].Photo == nil
	return out, nil
}

// prepared is a visit that is about to be committed.
type prepared struct {
	receipt Receipt
	drafts  []crdt.Draft
	stored  func()
}

// prepare draws and seals a visit; others are in the same commit.
func (s *Service) prepare(a Arrival, others []prepared) (prepared, error) {
	visit, err := s.Draw()
	for err == nil && slices.ContainsFunc(others, func(o prepared) bool { return o.receipt.Badge == visit.Badge() }) {
		visit, err = s.Draw()
	}
	if err != nil {
		return prepared{}, cause(err)
	}
	sealed, stored, ends, err := s.particulars(visit, a)
	if err != nil {
		return prepared{}, err
	}
	qr, forBearer, err := s.badge(visit, ends, a.Name)
	if err != nil {
		return prepared{}, cause(err)
	}
	event := record.Event{Kind: record.Arrived, Visit: visit, Place: s.cfg.Place(), Type: a.Type, How: a.How, Ends: ends}
	if s.cfg.Needs != nil {
		event.Needs = s.cfg.Needs(a.Type, a.Invitation)
	}
	return prepared{
		receipt: Receipt{Visit: visit, Badge: visit.Badge(), QR: qr, Waits: event.Needs != ""}, stored: stored,
		drafts: []crdt.Draft{{Event: &event}, {Sealed: append(sealed, forBearer...), Fresh: true}},
	}, nil
}

func (s *Service) particulars(visit record.VisitID, a Arrival) (entries []record.SealedEntry, stored func(), until record.Day, err error) {
	return s.seal(
		visit, a.Type, record.Card{Name: a.Name, Company: a.Company, Host: a.Host, Assist: a.Assist},
		record.Dossier{Email: a.Email, Phone: a.Phone, Purpose: a.Purpose, Lang: a.Lang, Notify: a.Notify, Signed: a.Signed, Consents: s.consents(a), Matches: a.matches})
}

// check trims and judges what the person wrote.
func (a *Arrival) check() error {
	for _, f := range a.fields() {
		t, err := line(f.name, *f.text, f.limit)
		if err != nil {
			return err
		}
		*f.text = t
	}
	if a.Name == "" {
		return &Problem{Key: "name.empty", Field: "name", Hint: "a visit needs a name: write the name of the person who arrives"}
	}
	if a.Notify && a.Email == "" && a.Phone == "" {
		return &Problem{Key: "notify.no_address", Field: "phone", Hint: "nobody can be told of an alarm without an address: give a telephone number or an e-mail address, or leave the consent out"}
	}
	if a.Under16 {
		if err := a.minor(); err != nil {
			return err
		}
	}
	for name, text := range map[string]*string{"type": &a.Type, "lang": &a.Lang} {
		t, err := line(name, record.Private(*text), MaxLabel)
		if err != nil {
			return err
		}
		*text = t.Reveal()
	}
	if a.Type == "" {
		a.Type = "visitor"
	}
	return a.checkSigned()
}

// minor judges what is told of somebody under 16 (Article 8): the law knows no
// consent of theirs, and nothing is kept by which they could be reached.
func (a *Arrival) minor() error {
	switch {
	case a.Email != "":
		return &Problem{Key: "minor.contact", Field: "email", Hint: "of somebody under 16 no contact details are kept: leave the address out, or check in the guardian or the group"}
	case a.Phone != "":
		return &Problem{Key: "minor.contact", Field: "phone", Hint: "of somebody under 16 no contact details are kept: leave the number out, or check in the guardian or the group"}
	case a.Assist != "" && !a.Guardian:
		return &Problem{Key: "minor.guardian", Field: "assist", Hint: "somebody under 16 cannot agree to that alone: ask a guardian, and say that one has agreed"}
	}
	return nil
}

// consents are what the person agreed to by telling it.
func (s *Service) consents(a Arrival) (out []record.Consent) {
	for purpose, given := range map[string]bool{string(consent.Assist): a.Assist != "", string(consent.Notify): a.Notify, string(consent.Photo): len(a.Photo) > 0} {
		if !given {
			continue
		}
		w := s.cfg.Words(consent.Purpose(purpose), a.Lang)
		out = append(out, record.Consent{
			Purpose: purpose, Version: w.Version, Hash: w.Hash(), Lang: w.Lang, At: s.cfg.Now().UTC().Truncate(time.Millisecond),
			How: a.How, Guardian: a.Under16 && a.Guardian,
		})
	}
	slices.SortFunc(out, func(a, b record.Consent) int { return strings.Compare(a.Purpose, b.Purpose) })
	return out
}

// Describe makes the entries that keep a text as the name of somebody who has
// not checked in, for the same audiences and as long as a check-in does; stored
// must be called when they are durable. The text is the caller's to judge.
func (s *Service) Describe(visit record.VisitID, text record.Private) (entries []record.SealedEntry, stored func(), until record.Day, err error) {
	return s.seal(visit, "", record.Card{Name: text}, record.Dossier{})
}

// seal seals both parts for as long as the terms of the visitor type say; until
// is the date of the card, which is the later one.
func (s *Service) seal(visit record.VisitID, kind string, c record.Card, d record.Dossier) (entries []record.SealedEntry, stored func(), until record.Day, err error) {
	keep := s.cfg.Keep(kind)
	today := s.cfg.Today()
	card, dossier := codec.EncodeCard(c), codec.EncodeDossier(d)
	if keep.Card == keep.Contact {
		entries, stored, err = s.cfg.Vault.Seal(visit, 1, today+keep.Card, map[record.Audience][]byte{
			record.CardAudience: card, record.DossierAudience: dossier,
		})
		return entries, stored, today + keep.Card, cause(err)
	}
	entries, first, err := s.cfg.Vault.Seal(visit, 1, today+keep.Card, map[record.Audience][]byte{record.CardAudience: card})
	if err != nil {
		return nil, nil, 0, cause(err)
	}
	more, second, err := s.cfg.Vault.Seal(visit, 1, today+keep.Contact, map[record.Audience][]byte{record.DossierAudience: dossier})
	if err != nil {
		return nil, nil, 0, cause(err)
	}
	return append(entries, more...), func() { first(); second() }, today + keep.Card, nil
}

// Draw draws a visit whose badge code no retained event is about, not even a
// departure of a visit nobody has told of.
func (s *Service) Draw() (record.VisitID, error) {
	for range 100 {
		var v record.VisitID
		if _, err := io.ReadFull(s.cfg.Rand, v[:]); err != nil {
			return v, fmt.Errorf("draw a visit id: %w", err)
		}
		if !s.cfg.Node.IsZero() {
			v.Own(s.cfg.Node)
		}
		taken, err := s.cfg.Replica.Evidence(v.Badge())
		if err != nil {
			return v, err
		}
		if len(taken) == 0 && v.Badge() != 0 {
			return v, nil
		}
	}
	return record.VisitID{}, fmt.Errorf("draw a visit id: no free badge code in 100 tries")
}
