package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/consent"
	"github.com/upprop/upprop/node/look"
	"github.com/upprop/upprop/node/plans"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/terms"
)

// Errors of UndoSetting.
var (
	ErrNoEdit    = errors.New("there is no such change of a setting here: look at `upprop settings history`")
	ErrNoUndo    = errors.New("this setting is not put back from its history: change it on the page that it belongs to")
	ErrNoEarlier = errors.New("nothing is known of this setting before that change: set it to what it should be")
	// ErrWouldDestroy: putting a shorter time back is asked for where it is said
	// what it destroys.
	ErrWouldDestroy = errors.New("that keeps data for a shorter time and would destroy some of it: set it with `upprop retention set`, which says what")
	ErrAsItIs       = errors.New("the setting has that value already: nothing was changed")
	// ErrChangedSince: what is put back would take the place of a later change,
	// which is to be named.
	ErrChangedSince = errors.New("the setting was changed again since, and nothing was changed now: look at the last change with `upprop settings history`, and name it with --over ID if it is to go")
)

// MaxSettingEdits is how many changes are looked back on at a time.
const MaxSettingEdits = 200

// SettingEdit is one change of a setting, as people look at it.
type SettingEdit struct {
	// ID names it, the same on every node.
	ID, Key string
	Node    record.NodeID
	// At and By are when, and who did it, for as long as the record of acts is
	// kept, and for what people changed; else zero.
	At time.Time
	By string
	// Open: From and To are its values; else they are empty, since a value may be
	// secret or personal. First: there was no value before.
	Open, First bool
	From, To    string
	// Counts, Stands and Overruled are as in crdt.Edit.
	Counts, Stands, Overruled bool
	// Undo: UndoSetting would write something: what stood before, or, of an edit
	// that was overruled, its own. Back is that, nil where it is not told. Why is why
	// it writes nothing.
	Undo bool
	Back *string
	Why  WhyNot
	// back is Back, told or not.
	back string
}

// WhyNot is why a change is not put back.
type WhyNot string

// The reasons.
const (
	// NotSecret: names and secrets of accounts are set anew, never put back.
	NotSecret WhyNot = "secret"
	// NotRemoved: who was removed has lost what they had, and is made anew.
	NotRemoved WhyNot = "removed"
	// NotMade: it says that something exists, or what stands under a hash.
	NotMade WhyNot = "made"
	// NotCounted: it never counted.
	NotCounted WhyNot = "counted"
	// NotKnown: nothing is known from before.
	NotKnown WhyNot = "known"
)

// settingKind is a group of settings that people change.
type settingKind struct {
	key func(string) bool
	// open: the values may be shown.
	open bool
	// first is what stands before anybody has set one; false: nothing does that is
	// known.
	first func(key string) (string, bool)
	// fixed is why one is never put back; empty where it is.
	fixed func(key string) WhyNot
	// put writes a value, by the rules of whom it belongs to; nil: not from here.
	put func(n *Node, ctx context.Context, by, key, value string) error
}

func keys(prefix string, fields ...string) func(string) bool {
	return func(key string) bool {
		rest, ok := strings.CutPrefix(key, prefix)
		_, field, _ := strings.Cut(rest, "/")
		return ok && (len(fields) == 0 || slices.Contains(fields, field))
	}
}

// settingKinds are the groups, the first that has a key has it. What nobody has
// decided is in none: boxes sealed anew, keys, which device is a screen.
func settingKinds() []settingKind {
	return []settingKind{
		{keys(settingCampusName), true, unknown, free, (*Node).EditSetting},
		{keys(settingDomain), true, was(""), free, (*Node).EditSetting},
		{keys(settingDrillEvery), true, was(strconv.Itoa(defaultDrillEvery)), free, (*Node).EditSetting},
		{keys(settingSignOutAfter), true, was("0"), free, (*Node).EditSetting},
		{keys(settingReceptionPhone), true, was(""), free, (*Node).EditSetting},
		{keys(settingRemindDelivery), true, was(strconv.Itoa(defaultRemindDelivery)), free, (*Node).EditSetting},
		{keys(terms.Prefix), true, unknown, free, (*Node).putTerms},
		{keys("operators.factor/"), true, was("false"), free, (*Node).putFactorRule},
		{keys(look.ColourKey), true, was(look.None), free, (*Node).putLook},
		{keys(look.LogoKey), true, was(look.None), free, (*Node).putLook},
		{keys(badges.Prefix), true, firstOfBadge, free, (*Node).putBadges},
		{keys("operator/", "role"), true, unknown, free, (*Node).putRole},
		{keys("operator/", "disabled"), true, was("false"), free, (*Node).putDisabled},
		{keys("operator/", "removed"), true, unknown, never(NotRemoved), nil},
		{keys("operator/", "alias", "password", "factor"), false, unknown, never(NotSecret), nil},
		// Visitors' Wi-Fi is told to who has come, not to who reads a history.
		{isWifiPassword, false, firstOfType, free, (*Node).putType},
		{keys("type/"), true, firstOfType, fixedUnless("name", "badge", "note", "wifi", "ask", "approval", "document", "unattended", "group", "mark", "escort", "off"), (*Node).putType},
		{keys("document/"), true, firstOfDocument, fixedUnless("name", "text", "off"), (*Node).putDocument},
		{keys("point/"), true, firstOfPoint, fixedUnless("kind", "site", "position", "at", "x", "y", "capacity", "text"), (*Node).putPoint},
		{keys(plans.Prefix, "picture"), true, was(plans.None), free, (*Node).putPlan},
		{keys(consent.Prefix), true, was(""), free, (*Node).putWords},
		{keys("why/"), false, firstReason, free, (*Node).putReason},
		{keys("privacy/"), false, was(""), free, (*Node).putHouse},
		{keys("warden/"), false, was(""), fixedUnless("point", "zone"), (*Node).putDuty},
	}
}

func isWifiPassword(key string) bool {
	return strings.HasPrefix(key, "type/") && strings.HasSuffix(key, "/wifi/password")
}

func kindOf(key string) (settingKind, bool) {
	for _, k := range settingKinds() {
		if k.key(key) {
			return k, true
		}
	}
	return settingKind{}, false
}

// SettingHistory are the last changes that people made of settings whose key
// begins with prefix, the newest first.
func (n *Node) SettingHistory(prefix string) ([]SettingEdit, error) {
	edits := n.replica.Edits(prefix, MaxSettingEdits, func(s crdt.Setting) bool {
		_, ok := kindOf(s.Key)
		return ok && s.Value.Kind() != shape.KindBytes
	})
	when, err := n.editActs()
	if err != nil {
		return nil, err
	}
	out := make([]SettingEdit, 0, len(edits))
	// Both are in the order in which a node wrote them, so that the last of one
	// belongs to the last of the other, whatever has been dropped of the record.
	for _, e := range slices.Backward(edits) {
		one := n.settingEdit(e)
		at := editAct{e.By, editNote(e.Setting)}
		if all := when[at]; len(all) > 0 {
			last := all[len(all)-1]
			one.At, one.By = last.At.Time(), last.By
			when[at] = all[:len(all)-1]
		}
		out = append(out, one)
	}
	return out, nil
}

func (n *Node) settingEdit(e crdt.Edit) SettingEdit {
	kind, _ := kindOf(e.Key)
	one := SettingEdit{
		ID: editID(e.ID), Key: e.Key, Node: e.By, Open: kind.open && e.Value.Kind() != shape.KindBytes, First: e.From == nil,
		Counts: e.Counts, Stands: e.Stands, Overruled: e.Overruled,
	}
	from, known := "", e.From != nil
	if known {
		from = plainValue(e.From.Value)
	} else {
		from, known = kind.first(e.Key)
	}
	if one.Open {
		one.From, one.To = from, plainValue(e.Value)
	}
	if one.back = from; e.Overruled {
		one.back, known = plainValue(e.Value), true
	}
	switch fixed := kind.fixed(e.Key); {
	case fixed != "":
		one.Why = fixed
	case !e.Counts:
		one.Why = NotCounted
	case !known:
		one.Why = NotKnown
	default:
		one.Undo = true
		if one.Open {
			one.Back = &one.back
		}
	}
	return one
}

// UndoSetting writes anew what stood before an edit, or, of one that was
// overruled, what it wrote itself; by the rules of whom the setting belongs to.
// Where the setting was changed again since, over is to be the id of the change
// that stands, so that nobody's later word goes unseen. It returns the edit.
// Errors: ErrNoEdit, ErrNoUndo, ErrNoEarlier, ErrAsItIs, ErrChangedSince, and those
// of that service.
func (n *Node) UndoSetting(ctx context.Context, by, id, over string) (SettingEdit, error) {
	all, err := n.SettingHistory("")
	if err != nil {
		return SettingEdit{}, err
	}
	i := slices.IndexFunc(all, func(e SettingEdit) bool { return e.ID == strings.ToLower(id) })
	if i < 0 {
		return SettingEdit{}, ErrNoEdit
	}
	one := all[i]
	kind, _ := kindOf(one.Key)
	now, set := n.replica.Setting(one.Key)
	last := slices.IndexFunc(all, func(e SettingEdit) bool { return e.Key == one.Key && e.Stands })
	switch {
	case one.Why == NotKnown:
		return one, ErrNoEarlier
	case !one.Undo:
		return one, ErrNoUndo
	case set && plainValue(now.Value) == one.back:
		return one, ErrAsItIs
	case !one.Stands && !one.Overruled && last >= 0 && all[last].ID != strings.ToLower(over):
		return one, ErrChangedSince
	}
	return one, kind.put(n, Doing(ctx, cmp.Or(by, privacy.Operator)), by, one.Key, one.back)
}

func plainValue(v shape.Value) string {
	switch v.Kind() {
	case shape.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case shape.KindBool:
		return strconv.FormatBool(v.Bool())
	}
	return v.String()
}

// editID is short enough to be typed.
func editID(id record.EventID) string {
	b := append([]byte(id.Doc+"\x00"), id.Actor[:]...)
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(b, id.Seq))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

// doing is by whom something is done, within a context.
type doing struct{}

// Doing says by whom settings are changed under this context: it goes on record
// beside each, in the same commit.
func Doing(ctx context.Context, by string) context.Context {
	return context.WithValue(ctx, doing{}, by)
}

// actEdit is what a changed setting is on record as; the note is editNote's.
const actEdit = "setting.edit"

// Commit writes drafts, and of settings that somebody changes, that they did. It
// is crdt.Replica's otherwise.
func (r register) Commit(ctx context.Context, drafts ...crdt.Draft) ([]record.EventID, error) {
	by, _ := ctx.Value(doing{}).(string)
	var acts []record.Act
	for _, d := range drafts {
		if by == "" || d.Setting == nil || d.Setting.Value.Kind() == shape.KindBytes {
			continue
		}
		now, set := r.Setting(d.Setting.Key)
		if _, ok := kindOf(d.Setting.Key); ok && (!set || now.Value.Kind() != d.Setting.Value.Kind() || plainValue(now.Value) != plainValue(d.Setting.Value)) {
			acts = append(acts, record.Act{Kind: record.ActAudit, What: actEdit, By: by, Note: editNote(*d.Setting)})
		}
	}
	all := slices.Clone(drafts)
	for some := range slices.Chunk(acts, 16) {
		all = append(all, crdt.Draft{Acts: some})
	}
	ids, err := r.Replica.Commit(ctx, all...)
	return ids[:min(len(ids), len(drafts))], err
}

// editNote names a setting and, without telling it, a value.
func editNote(s crdt.Setting) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%d\x00%s\x00%s", s.Value.Kind(), s.Key, plainValue(s.Value))))
	return s.Key + " " + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

type editAct struct {
	node record.NodeID
	note string
}

// editActs are the acts on record of changed settings, in the order in which
// each node did them.
func (n *Node) editActs() (map[editAct][]record.Act, error) {
	out := map[editAct][]record.Act{}
	err := n.replica.ReadActs(func(s crdt.StoredActs) error {
		for _, a := range s.Acts.Acts {
			if a.Kind == record.ActAudit && a.What == actEdit {
				at := editAct{s.ID.Actor.Node(), a.Note}
				out[at] = append(out[at], a)
			}
		}
		return nil
	})
	for _, all := range out {
		slices.SortStableFunc(all, func(a, b record.Act) int { return int(min(max(int64(a.At)-int64(b.At), -1), 1)) })
	}
	return out, err
}
