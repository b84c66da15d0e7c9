package terms

import (
	"errors"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

func set(t *testing.T, c Class, kind string, days int) crdt.Setting {
	t.Helper()
	s, err := Setting(c, kind, days)
	if err != nil {
		t.Fatal(err)
	}
	if !shape.SettingKey(s.Key) {
		t.Fatalf("%q is no key of a setting", s.Key)
	}
	return s
}

func TestTermsOfAVisit(t *testing.T) {
	if got := Of(nil).For("visitor"); got != (Days{Most, Most, Most}) {
		t.Errorf("without settings: %+v", got)
	}
	all := Of([]crdt.Setting{
		set(t, Card, "", 14), set(t, Contact, "", 7), set(t, Card, "delivery", 2), set(t, Contact, "contractor", 30),
		set(t, Card, "interview", 0), set(t, Photos, "", 10), set(t, Photos, "contractor", 30), set(t, Photos, "interview", 1),
		{Key: Prefix + "card/guest", Value: shape.Int(400)},
		{Key: Prefix + "card/a/b", Value: shape.Int(3)},
		{Key: Prefix + "fax", Value: shape.Int(3)},
		{Key: Prefix + "contact/x", Value: shape.String("3")},
		{Key: "other", Value: shape.Int(1)},
	})
	for kind, want := range map[string]Days{
		"visitor": {14, 7, 10}, "": {14, 7, 10}, "delivery": {2, 2, 2}, "contractor": {14, 14, 14}, "guest": {14, 7, 10}, "interview": {14, 7, 1}, "x": {14, 7, 10}, "a/b": {14, 7, 10},
	} {
		if got := all.For(kind); got != want {
			t.Errorf("%s: %+v, want %+v", kind, got, want)
		}
	}
	if got := all.Types(); len(got) != 3 || got[0] != "contractor" || got[1] != "delivery" || got[2] != "interview" {
		t.Error(got)
	}
}

func TestFiguresOutOfBounds(t *testing.T) {
	for _, c := range []struct {
		class Class
		kind  string
		days  int
		want  error
	}{
		{Card, "", 0, ErrDays},
		{Card, "", 31, ErrDays},
		{Contact, "delivery", -1, ErrDays},
		{Card, "Delivery", 3, ErrType},
		{Card, "-x", 3, ErrType},
		{Acts, "", 3, ErrFixed},
		{Events, "", 3, ErrFixed},
		{"fax", "", 3, ErrClass},
		{Documents, "", 0, ErrDocumentDays},
		{Documents, "nda", MostDocument + 1, ErrDocumentDays},
		{Documents, "NDA", 3, ErrDocument},
		{Deliveries, "", 31, ErrDays},
		{Deliveries, "", 0, ErrDays},
		{Deliveries, "visitor", 3, ErrDeliveryType},
	} {
		if _, err := Setting(c.class, c.kind, c.days); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if Note(Card, "", 7) != "card 7" || Note(Contact, "delivery", 2) != "contact/delivery 2" {
		t.Error("not as it is put on record")
	}
}

// A signed document has a time of its own, far longer than a visit's, and none of
// the figures of visits is one of documents.
func TestTermsOfADocument(t *testing.T) {
	if got := Of(nil); got.Document("nda") != DefaultDocument || len(got.Documents()) != 0 {
		t.Error(got.Document("nda"))
	}
	all := Of([]crdt.Setting{
		set(t, Documents, "", 365), set(t, Documents, "nda", 3650), set(t, Documents, "rules", 0), set(t, Card, "", 7),
		{Key: Prefix + "document/a/b", Value: shape.Int(3)},
		{Key: Prefix + "document/old", Value: shape.Int(3651)},
		{Key: Prefix + "card/nda", Value: shape.Int(365)},
	})
	for id, want := range map[string]record.Day{"nda": 3650, "rules": 365, "": 365, "old": 365} {
		if got := all.Document(id); got != want {
			t.Errorf("%s: %d days, want %d", id, got, want)
		}
	}
	if got := all.Documents(); len(got) != 1 || got[0] != "nda" || all.For("nda").Card != 7 || len(all.Types()) != 0 {
		t.Error(got, all.For("nda"), all.Types())
	}
}

// Deliveries are kept for one figure of their own, which is of no visit.
func TestTermsOfADelivery(t *testing.T) {
	if got := Of(nil).Delivery(); got != Most {
		t.Error(got)
	}
	all := Of([]crdt.Setting{set(t, Deliveries, "", 7), set(t, Card, "delivery", 2), {Key: Prefix + "delivery/x", Value: shape.Int(3)}})
	if all.Delivery() != 7 || all.For("visitor").Card != Most || all.For("delivery").Card != 2 || len(all.Types()) != 1 {
		t.Error(all.Delivery(), all.Types())
	}
	if got := Of([]crdt.Setting{{Key: Prefix + "delivery", Value: shape.Int(31)}}).Delivery(); got != Most {
		t.Error("out of bounds:", got)
	}
}
