package privacy

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
)

// register is a Register, Settings and Roster in memory.
type register struct {
	mu       sync.Mutex
	self     record.NodeID
	clock    record.HLC
	known    map[record.VisitID]record.Day
	acts     []record.Act
	by       []record.NodeID
	receipts map[record.VisitID]map[record.NodeID]record.HLC
	settings map[string]crdt.Setting
	members  []identity.Member
	fail     error
}

func newRegister() *register {
	return &register{
		clock: record.HLCOf(time.Unix(1_800_000_000, 0)), known: map[record.VisitID]record.Day{},
		receipts: map[record.VisitID]map[record.NodeID]record.HLC{}, settings: map[string]crdt.Setting{},
	}
}

func (r *register) member(name string, role identity.Role) identity.NodeID {
	id := identity.NodeID{byte(len(r.members) + 1), 0xee}
	r.members = append(r.members, identity.Member{ID: id, Name: name, Role: role})
	return id
}

func (r *register) revoke(id identity.NodeID, at time.Time) {
	for i := range r.members {
		if r.members[i].ID == id {
			r.members[i].Revoked = &identity.Revocation{Node: id, At: at.UnixMilli()}
		}
	}
}

func (r *register) Act(_ context.Context, acts []record.Act) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	for _, a := range acts {
		r.clock++
		a.At = r.clock
		r.acts, r.by = append(r.acts, a), append(r.by, r.self)
	}
	return nil
}

func (r *register) Known(v record.VisitID) (bool, error) { _, ok := r.known[v]; return ok, nil }

func (r *register) Shreds() (out []Shred, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, a := range r.acts {
		for _, v := range a.Visits {
			if a.Kind != record.ActShred {
				continue
			}
			at := slices.IndexFunc(out, func(s Shred) bool { return s.Visit == v })
			if at < 0 {
				at, out = len(out), append(out, Shred{Visit: v, Until: r.known[v]})
			}
			out[at].Erasures = append(out[at].Erasures, ErasureBy{a.Erasure, a.At, r.by[i]})
		}
	}
	return out, nil
}

func (r *register) Erasure(id record.ErasureID) (vs []record.VisitID, at record.HLC, by record.NodeID, ok bool, _ error) {
	for i, a := range r.acts {
		if a.Kind == record.ActShred && a.Erasure == id {
			vs, at, by, ok = append(vs, a.Visits...), a.At, r.by[i], true
		}
	}
	return vs, at, by, ok, nil
}

func (r *register) Receipts(v record.VisitID) (map[record.NodeID]record.HLC, error) {
	return r.receipts[v], nil
}

func (r *register) confirm(n identity.NodeID, v record.VisitID, at time.Time) {
	if r.receipts[v] == nil {
		r.receipts[v] = map[record.NodeID]record.HLC{}
	}
	r.receipts[v][record.NodeID(n)] = record.HLCOf(at)
}

func (r *register) Settings(prefix string) (out []crdt.Setting) {
	for k, s := range r.settings {
		if strings.HasPrefix(k, prefix) {
			out = append(out, s)
		}
	}
	return out
}

func (r *register) Set(_ context.Context, all ...crdt.Setting) error {
	for _, s := range all {
		r.settings[s.Key] = s
	}
	return nil
}

func (r *register) Members() []identity.Member { return r.members }

func (r *register) Member(id identity.NodeID) (identity.Member, bool) {
	for _, m := range r.members {
		if m.ID == id {
			return m, true
		}
	}
	return identity.Member{}, false
}

func (r *register) ByName(name string) (identity.Member, bool) {
	for _, m := range r.members {
		if m.Name == name {
			return m, true
		}
	}
	return identity.Member{}, false
}

var t0 = time.Unix(1_800_000_000, 0).UTC()

func visit(n byte) record.VisitID { return record.VisitID{n, 1} }

// desk is a campus of a desk, a gate and a warden, with five visits.
func desk(t *testing.T) (*register, *Service, *Config) {
	t.Helper()
	r := newRegister()
	self := r.member("Reception", identity.RoleDesk)
	r.self = record.NodeID(self)
	r.member("East gate", identity.RoleEntrance)
	r.member("Alfa", identity.RoleWarden)
	for n := range byte(5) {
		r.known[visit(n)] = record.DayOf(t0) + 30
	}
	cfg := &Config{
		Register: r, Settings: r, Roster: r, Self: self, Now: func() time.Time { return t0 },
		Since: func(record.VisitID) time.Time { return t0.Add(-time.Hour) },
	}
	return r, New(*cfg), cfg
}
