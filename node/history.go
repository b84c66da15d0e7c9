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
	"github.com/upprop/upprop/node/look"
	"github.com/upprop/upprop/node/operators"
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
	// Back is the value that UndoSetting would write: what stood before, or, of an
	// edit that was overruled, its own; nil: it writes none.
	Back *string
}

// settingKind is a group of settings that people change.
type settingKind struct {
	key func(string) bool
	// open: the values may be shown.
	open bool
	// first is what stands before anybody has set it; empty: nothing does.
	first string
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
		{keys(settingCampusName), true, "", (*Node).EditSetting},
		{keys(settingDrillEvery), true, strconv.Itoa(defaultDrillEvery), (*Node).EditSetting},
		{keys(settingSignOutAfter), true, "0", (*Node).EditSetting},
		{keys(terms.Prefix), true, "", (*Node).putTerms},
		{keys("operators.factor/"), true, "false", (*Node).putFactorRule},
		{keys(look.ColourKey), true, look.None, (*Node).putLook},
		{keys(look.LogoKey), true, look.None, (*Node).putLook},
		{keys("operator/", "role"), true, "", (*Node).putRole},
		{keys("operator/", "disabled"), true, "false", (*Node).putDisabled},
		{keys("operator/", "removed"), true, "", nil},
		{keys("operator/", "alias", "password", "factor"), false, "", nil},
		{keys("type/"), true, "", nil},
		{keys("document/"), true, "", nil},
		{keys("point/"), true, "", nil},
		{keys("consent/"), true, "", nil},
		{keys("why/"), false, "", nil},
		{keys("privacy/"), false, "", nil},
		{keys("warden/"), false, "", nil},
	}
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
	if !one.Open {
		return one
	}
	if one.To = plainValue(e.Value); e.From != nil {
		one.From = plainValue(e.From.Value)
	} else {
		one.From = kind.first
	}
	back := one.From
	if e.Overruled {
		back = one.To
	}
	if kind.put != nil && e.Counts && (back != "" || e.From != nil) {
		one.Back = &back
	}
	return one
}

// UndoSetting writes anew what stood before an edit, or, of one that was
// overruled, what it wrote itself; by the rules of whom the setting belongs to.
// It returns the edit. Errors: ErrNoEdit, ErrNoUndo, ErrNoEarlier, ErrAsItIs, and
// those of that service.
func (n *Node) UndoSetting(ctx context.Context, by, id string) (SettingEdit, error) {
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
	switch {
	case kind.put == nil || !one.Counts:
		return one, ErrNoUndo
	case one.Back == nil:
		return one, ErrNoEarlier
	case slices.ContainsFunc(all, func(e SettingEdit) bool { return e.Key == one.Key && e.Stands && e.To == *one.Back }):
		return one, ErrAsItIs
	}
	return one, kind.put(n, Doing(ctx, cmp.Or(by, privacy.Operator)), by, one.Key, *one.Back)
}

func (n *Node) putTerms(ctx context.Context, by, key, value string) error {
	days, err := strconv.Atoi(value)
	if err != nil {
		return ErrNoEarlier
	}
	class, visitorType, _ := strings.Cut(strings.TrimPrefix(key, terms.Prefix), "/")
	s := n.rights.As(cmp.Or(by, privacy.Operator))
	means, err := s.SetTerms(ctx, terms.Class(class), visitorType, days, true)
	switch {
	case err != nil:
		return err
	case means.Destroyed+means.Shortened > 0:
		return ErrWouldDestroy
	}
	_, err = s.SetTerms(ctx, terms.Class(class), visitorType, days, false)
	return err
}

func (n *Node) putFactorRule(ctx context.Context, by, key, value string) error {
	return n.staff.SetRequired(ctx, by, operators.Role(strings.TrimPrefix(key, "operators.factor/")), value == "true")
}

func (n *Node) putRole(ctx context.Context, by, key, value string) error {
	return n.staff.SetRole(ctx, by, operatorOf(key), operators.Role(value))
}

func (n *Node) putDisabled(ctx context.Context, by, key, value string) error {
	id := operatorOf(key)
	if value == "true" && !n.staff.Keeps(id) {
		return operators.ErrLastAdmin
	}
	return n.staff.SetDisabled(ctx, by, id, value == "true")
}

func (n *Node) putLook(ctx context.Context, by, key, value string) error {
	return n.look.PutBack(ctx, by, key, value)
}

func operatorOf(key string) operators.ID {
	id, _, _ := strings.Cut(strings.TrimPrefix(key, "operator/"), "/")
	return operators.ID(id)
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
