package rights

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/consent"
)

// own is a Self over a house: "code" is the visit's badge code, "qr" its QR.
func (h *house) own() (*Self, *[]string) {
	did := &[]string{}
	return NewSelf(h.Service, SelfConfig{
		Bears: func(code string) (record.VisitID, bool, error) {
			switch code {
			case "code", "qr":
				return aVis, code == "qr", nil
			case "forged":
				return record.VisitID{}, false, errors.New("forged")
			}
			return record.VisitID{}, false, nil
		},
		Rectify: func(_ context.Context, _ record.VisitID, right map[string]string, by string) error {
			*did = append(*did, fmt.Sprint("rectify ", right["name"], " ", by))
			return nil
		},
		Withdraw: func(_ context.Context, _ record.VisitID, p consent.Purpose, how, by string) error {
			*did = append(*did, fmt.Sprint("withdraw ", p, " ", how, " ", by))
			return nil
		},
		Data: func(Extract, []Given) ([]byte, error) { return []byte("{}"), nil },
	}), did
}

// A badge alone opens nothing: it takes what only its bearer knows.
func TestWhatProvesWhoAsks(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name, code, knows string
		dossier           record.Dossier
		want              bool
	}{
		{"telephone", "code", "070-123 45", record.Dossier{Phone: "070-123 45"}, true},
		{"telephone with the country", "code", "+46 70 123 45", record.Dossier{Phone: "070-123 45"}, true},
		{"another telephone", "code", "070-123 46", record.Dossier{Phone: "070-123 45"}, false},
		{"half a telephone", "qr", "123 45", record.Dossier{Phone: "070-123 45"}, false},
		{"mail", "code", " ASTRID@ek.test ", record.Dossier{Email: "astrid@ek.test"}, true},
		{"another mail", "qr", "astrid@ek.tes", record.Dossier{Email: "astrid@ek.test"}, false},
		{"the name where an address is known", "qr", "Astrid Ek", record.Dossier{Email: "astrid@ek.test"}, false},
		{"the name by code alone", "code", "Astrid Ek", record.Dossier{}, false},
		{"the name with the badge", "qr", " astrid  EK ", record.Dossier{}, true},
		{"another name with the badge", "qr", "Astrid", record.Dossier{}, false},
		{"nothing", "qr", "", record.Dossier{}, false},
		{"a short number", "qr", "112", record.Dossier{Phone: "112"}, false},
		{"a strange code", "nonsense", "070-123 45", record.Dossier{Phone: "070-123 45"}, false},
		{"a forged badge", "forged", "070-123 45", record.Dossier{Phone: "070-123 45"}, false},
	} {
		h := newHouse(t)
		h.dossier = c.dossier
		self, _ := h.own()
		got, err := self.Answer(ctx, SelfAsk{Code: c.code, Knows: c.knows, Do: AskSee, Lang: English})
		if c.want && (err != nil || got.Text == "" || len(got.Data) == 0) || !c.want && (!errors.Is(err, ErrSelf) || got.Text != "") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// Who has no badge at hand says their name and an address that they gave. A name alone
// is known to many, and of two who fit neither is found.
func TestFoundByName(t *testing.T) {
	ctx := context.Background()
	gave := record.Dossier{Email: "astrid@ek.test", Phone: "070-123 45"}
	for _, c := range []struct {
		what, name, knows string
		dossier           record.Dossier
		inside            []record.VisitID
		want              bool
	}{
		{"telephone", " astrid  EK ", "+46 70 123 45", gave, []record.VisitID{aVis}, true},
		{"mail", "Astrid Ek", "ASTRID@ek.test", gave, []record.VisitID{aVis}, true},
		{"a part of the name", "Astrid", "070-123 45", gave, []record.VisitID{aVis}, false},
		{"another's telephone", "Astrid Ek", "070-123 46", gave, []record.VisitID{aVis}, false},
		{"the name twice", "Astrid Ek", "Astrid Ek", record.Dossier{}, []record.VisitID{aVis}, false},
		{"no address was given", "Astrid Ek", "", record.Dossier{}, []record.VisitID{aVis}, false},
		{"nobody inside", "Astrid Ek", "070-123 45", gave, nil, false},
		{"two who fit", "Astrid Ek", "070-123 45", gave, []record.VisitID{aVis, {7}}, false},
		{"no name", " ", "070-123 45", gave, []record.VisitID{aVis}, false},
	} {
		h := newHouse(t)
		h.dossier = c.dossier
		self, _ := h.own()
		self.cfg.Inside = func(record.Private) []record.VisitID { return c.inside }
		got, err := self.Answer(ctx, SelfAsk{Name: c.name, Knows: c.knows, Do: AskFind})
		if c.want && (err != nil || got.Visit != aVis) || !c.want && (!errors.Is(err, ErrSelfFind) || !got.Visit.IsZero()) || got.Text != "" {
			t.Errorf("%s: %v %v", c.what, got.Visit, err)
		}
	}
	h := newHouse(t)
	self, _ := h.own()
	self.cfg.Inside = func(record.Private) []record.VisitID { return []record.VisitID{aVis} }
	for range selfTries {
		if _, err := self.Answer(ctx, SelfAsk{Name: "Astrid Ek", Knows: "070-123 46", Do: AskFind}); !errors.Is(err, ErrSelfFind) {
			t.Fatal(err)
		}
	}
	if _, err := self.Answer(ctx, SelfAsk{Name: "astrid ek", Knows: "070-123 45", Do: AskFind}); !errors.Is(err, ErrSelfWait) {
		t.Error("guessing goes on:", err)
	}
}

func TestGuessingEnds(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	self, _ := h.own()
	right := SelfAsk{Code: "code", Knows: "070-123 45", Do: AskSee, Lang: Swedish}
	for range selfTries {
		if _, err := self.Answer(ctx, SelfAsk{Code: "code", Knows: "1", Do: AskSee, Lang: Swedish}); !errors.Is(err, ErrSelf) {
			t.Fatal(err)
		}
	}
	if _, err := self.Answer(ctx, right); !errors.Is(err, ErrSelfWait) {
		t.Error("guessing goes on:", err)
	}
	h.clock = noon.Add(selfWithin)
	if _, err := self.Answer(ctx, right); err != nil {
		t.Error(err)
	}
	for i := range selfAll {
		if _, err := self.Answer(ctx, SelfAsk{Code: fmt.Sprint("nonsense ", i), Knows: "1", Do: AskSee, Lang: Swedish}); !errors.Is(err, ErrSelf) {
			t.Fatal(err)
		}
	}
	if _, err := self.Answer(ctx, right); !errors.Is(err, ErrSelfWait) {
		t.Error("trying all codes goes on:", err)
	}
}

func TestWhatAPersonDoesThemself(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	self, did := h.own()
	ask := func(do string) SelfAsk {
		return SelfAsk{Code: "code", Knows: "070-123 45", Do: do, Lang: English, Right: map[string]string{"name": "Astrid Al"}, Purpose: "assist", How: "kiosk"}
	}
	h.card.Assist = "a chair"
	h.dossier.Consents = []record.Consent{{Purpose: "notify", At: noon}, {Purpose: "assist", Withdrawn: noon}}
	got, err := self.Answer(ctx, ask(AskSee))
	if err != nil || len(got.Consents) != 2 || !got.Due.IsZero() || got.Erased {
		t.Errorf("%v %v", got.Consents, err)
	}
	for _, do := range []string{AskRectify, AskWithdraw} {
		if _, err := self.Answer(ctx, ask(do)); err != nil {
			t.Error(do, err)
		}
	}
	if len(*did) != 2 || (*did)[0] != "rectify Astrid Al the person themself" || (*did)[1] != "withdraw assist kiosk the person themself" {
		t.Error(*did)
	}
	if got, err = self.Answer(ctx, ask(AskErase)); err != nil || !got.Due.Equal(Months(noon, 1)) || len(h.Cases()) != 1 || h.Cases()[0].Kind != Erasure {
		t.Errorf("%v %v", got.Due, err)
	}
	if got, err = self.Answer(ctx, ask(AskErase)); err != nil || len(h.Cases()) != 1 {
		t.Error("asked twice is two cases", err)
	}
	if _, err := self.Answer(ctx, ask("poem")); !errors.Is(err, ErrBadKind) {
		t.Error(err)
	}
	if h.onRecord(ActExport) != 5 || fmt.Sprintf("%v %+v %#v", ask(AskSee), got, got) != "[withheld] [withheld] [withheld]" {
		t.Error(h.onRecord(ActExport), "extracts on record, or it prints what is personal")
	}
	h.members[0].Desk = false
	if _, err := self.Answer(ctx, ask(AskSee)); !errors.Is(err, ErrNotDesk) {
		t.Error(err)
	}
}

// The house's own words are not taken for the person's name.
func TestWhoIsCalledAsTheReasonAsksForErasure(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	self, _ := h.own()
	h.card.Name = "Own Page"
	ask := SelfAsk{Code: "code", Knows: "070-123 45", Do: AskErase, Lang: English}
	if got, err := self.Answer(ctx, ask); err != nil || got.Due.IsZero() || len(h.Cases()) != 1 {
		t.Error("refused:", err)
	}
	if _, _, err := h.OpenCase(ctx, aVis, Access, "asked on their own page"); !errors.Is(err, ErrReasonNames) {
		t.Error("an operator's reason names the person:", err)
	}
}

// A badge may have been photographed, and the picture opens the name: with no
// more than these nothing is changed but by a desk.
func TestABadgeAndANameChangeNothing(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	h.dossier, h.card.Assist = record.Dossier{}, "a chair"
	self, did := h.own()
	ask := SelfAsk{Code: "qr", Knows: "Astrid Ek", Lang: English, Right: map[string]string{"email": "thief@marker.test"}, Purpose: "assist"}
	for _, ask.Do = range []string{AskRectify, AskWithdraw} {
		if _, err := self.Answer(ctx, ask); !errors.Is(err, ErrSelfDesk) || len(*did) != 0 {
			t.Error(ask.Do, err, *did)
		}
	}
	for _, ask.Do = range []string{AskSee, AskErase} {
		if got, err := self.Answer(ctx, ask); err != nil || !got.AtDesk || got.Text == "" {
			t.Error(ask.Do, err)
		}
	}
	h.dossier.Email = "astrid@ek.test"
	ask.Do, ask.Knows = AskRectify, "astrid@ek.test"
	if got, err := self.Answer(ctx, ask); err != nil || got.AtDesk || len(*did) != 1 {
		t.Error("with the address:", err)
	}
}

// A code of no visit stops being answered as one of a visit does, by whichever
// form it was given; else guessing would tell which codes are of visits.
func TestGuessingTellsNoCodes(t *testing.T) {
	ctx := context.Background()
	badge := aVis.Badge().String()
	for name, known := range map[string]bool{"of a visit": true, "of none": false} {
		h := newHouse(t)
		self, _ := h.own()
		self.cfg.Bears = func(string) (v record.VisitID, shown bool, err error) {
			if known {
				v = aVis
			}
			return v, false, nil
		}
		for i := range selfTries + 2 {
			code, want := badge, ErrSelf
			if i%2 == 1 {
				code = strings.ToLower(" " + badge[:4] + badge[len(badge)-4:])
			}
			if i >= selfTries {
				want = ErrSelfWait
			}
			if _, err := self.Answer(ctx, SelfAsk{Code: code, Knows: "1", Do: AskSee, Lang: Swedish}); !errors.Is(err, want) {
				t.Errorf("a code %s, try %d: %v", name, i+1, err)
			}
		}
		if _, err := self.Answer(ctx, SelfAsk{Code: record.VisitID{9}.Badge().String(), Knows: "1", Do: AskSee, Lang: Swedish}); !errors.Is(err, ErrSelf) {
			t.Error("another code waits too:", err)
		}
	}
}

func TestAPersonDoesNotFillTheRecord(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	self, did := h.own()
	ask := SelfAsk{Code: "code", Knows: "070-123 45", Do: AskRectify, Lang: English, Right: map[string]string{"name": "x"}}
	for range selfActs {
		if _, err := self.Answer(ctx, ask); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := self.Answer(ctx, ask); !errors.Is(err, ErrSelfEnough) || len(*did) != selfActs || h.onRecord(ActExport) != selfActs {
		t.Error("done without end:", len(*did), err)
	}
	h.clock = noon.Add(selfWithin)
	if _, err := self.Answer(ctx, ask); err != nil {
		t.Error("an hour later:", err)
	}
}

// What has been done is not said to have failed: it would be done again.
func TestWhatIsDoneAndCannotBeShown(t *testing.T) {
	h, ctx := newHouse(t), context.Background()
	self, did := h.own()
	self.cfg.Data = func(Extract, []Given) ([]byte, error) { return nil, errDisk }
	ask := SelfAsk{Code: "code", Knows: "070-123 45", Do: AskRectify, Lang: English, Right: map[string]string{"name": "x"}}
	if got, err := self.Answer(ctx, ask); !errors.Is(err, ErrSelfMaybe) || len(*did) != 1 || got.Text != "" {
		t.Error(*did, err)
	}
	ask.Do = AskSee
	if got, err := self.Answer(ctx, ask); !errors.Is(err, errDisk) || got.Text != "" {
		t.Error(err)
	}
}
