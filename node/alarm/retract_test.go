package alarm

import (
	"testing"

	"github.com/upprop/upprop/crdt/record"
)

// A phone's marks stand instead of what it had seen, and of its own, and of
// nothing else.
func TestOverWhatTheDeviceSaw(t *testing.T) {
	w := newHouse(t).warden("Alfa")
	w.arrives(visitOf(1), "North")
	w.starts(false, "")
	seen := w.says(bare(visitOf(1)), record.Inside)
	w.says(bare(visitOf(1)), record.Refuge, func(r *MarkRequest) { r.Blind, r.Once, r.Over = true, record.OnceID{1}, []record.EventID{seen.ID} })
	if v := w.stands(bare(visitOf(1))); v.Mark != record.Refuge || v.Disputed {
		t.Errorf("over what it saw: %+v", v)
	}
	w.says(bare(visitOf(1)), record.Safe, func(r *MarkRequest) { r.Blind, r.Once, r.OverActs = true, record.OnceID{2}, []record.OnceID{{1}, {9}} })
	if v := w.stands(bare(visitOf(1))); v.Mark != record.Safe || v.Disputed {
		t.Errorf("over its own: %+v", v)
	}
	w.says(bare(visitOf(1)), record.Inside, func(r *MarkRequest) { r.Blind = true })
	if v := w.stands(bare(visitOf(1))); v.Mark != record.Inside || !v.Disputed {
		t.Errorf("over nothing: %+v", v)
	}
}

// An act is taken back wherever it was told, also when the taking back comes to
// another node than the act.
func TestRetract(t *testing.T) {
	h := newHouse(t)
	a, b := h.warden("Alfa"), h.warden("Bravo")
	v := visitOf(1)
	a.arrives(v, "North")
	a.starts(false, "")
	meet(a, b)
	act := func(r *MarkRequest) { r.Blind, r.Once = true, record.OnceID{1} }
	a.says(bare(v), record.Safe, act)
	_, err := b.Retract(t.Context(), bare(v), record.OnceID{1}, record.OnceID{2})
	problem(t, err, "evacuation.nothing_to_undo")
	b.says(bare(v), record.Safe, act)
	for i := range 2 {
		if u, err := b.Retract(t.Context(), bare(v), record.OnceID{1}, record.OnceID{2}); err != nil || u.Now != "" || u.Already != (i == 1) {
			t.Errorf("%+v %v", u, err)
		}
	}
	meet(a, b)
	if v := a.stands(bare(v)); v.Mark != "" {
		t.Errorf("%+v", v)
	}
	if _, err := a.Retract(t.Context(), bare(v), record.OnceID{1}, record.OnceID{2}); err != nil {
		t.Error(err)
	}
}
