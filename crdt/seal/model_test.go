package seal

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/seal/sealtest"
)

// model is what a vault should be, without any cryptography: which records
// unlock, which keys are held, and what opens names.
type model struct {
	records []modelRecord
	gens    map[record.Day][]int // generations of each date, the last current
	gen     int
	keys    map[KeyID]PrivateKey
	pin     string
	locked  bool
	pass    string
}

type modelRecord struct {
	day    record.Day
	gen    int
	locked []byte
	plain  string
}

func (m *model) unlocks(r modelRecord) bool { return slices.Contains(m.gens[r.day], r.gen) }

// TestVaultModel does to a vault and to the model what a node may do, in any
// order, with starts and power cuts in between.
func TestVaultModel(t *testing.T) {
	var pool []PrivateKey
	for i := range 6 {
		pool = append(pool, mustKey(t, card, DateOf(until+record.Day(i/2))))
	}
	pool = append(pool, mustKey(t, dossier, ""))
	rapid.Check(t, func(t *rapid.T) {
		d := sealtest.NewDisk()
		open := func(pass string) *Vault {
			v, err := OpenVault(file, VaultOptions{FS: d, KDF: cheap, Passphrase: []byte(pass)})
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		v := open("")
		m := &model{gens: map[record.Day][]int{}, keys: map[KeyID]PrivateKey{}}
		day := rapid.Custom(func(t *rapid.T) record.Day { return until + record.Day(rapid.IntRange(0, 3).Draw(t, "day")) })
		must := func(t *rapid.T, err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"lock": func(t *rapid.T) {
				day := day.Draw(t, "day")
				plain := rapid.StringN(0, 8, -1).Draw(t, "plain")
				l, err := v.Lock(day, []byte("ad"), []byte(plain))
				must(t, err)
				for d := day; d < day+keysAhead; d++ {
					if len(m.gens[d]) == 0 {
						m.gen++
						m.gens[d] = []int{m.gen}
					}
				}
				gens := m.gens[day]
				m.records = append(m.records, modelRecord{day, gens[len(gens)-1], l, plain})
			},
			"renew": func(t *rapid.T) {
				day := day.Draw(t, "day")
				before := len(v.cur.Load().buckets[day])
				must(t, v.Renew(day))
				// Whether a renewal is needed again is for TestRenewAgain.
				if len(v.cur.Load().buckets[day]) > before {
					m.gen++
					m.gens[day] = append(m.gens[day], m.gen)
				} else if before == 1 {
					t.Fatal("a renewal made no key")
				}
			},
			"retire": func(t *rapid.T) {
				day := day.Draw(t, "day")
				must(t, v.Retire(day))
				if n := len(m.gens[day]); n > 1 {
					m.gens[day] = m.gens[day][n-1:]
				}
			},
			"expire": func(t *rapid.T) {
				day := day.Draw(t, "day") - 1
				must(t, v.Expire(day))
				for d := range m.gens {
					if d <= day {
						delete(m.gens, d)
					}
				}
				for id, k := range m.keys {
					if d, dated := k.pub.Day(); dated && d <= day {
						delete(m.keys, id)
					}
				}
			},
			"add": func(t *rapid.T) {
				k := rapid.SampledFrom(pool).Draw(t, "key")
				must(t, v.Add(k))
				m.keys[k.pub.ID] = k
			},
			"import": func(t *rapid.T) {
				raw, err := encodeGrant(pool[:2])
				must(t, err)
				_, err = v.Import(raw)
				must(t, err)
				m.keys[pool[0].pub.ID], m.keys[pool[1].pub.ID] = pool[0], pool[1]
			},
			"drop": func(t *rapid.T) {
				id := rapid.SampledFrom(pool).Draw(t, "key").pub.ID
				must(t, v.Drop(id))
				delete(m.keys, id)
			},
			"set PIN": func(t *rapid.T) {
				pin := rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "pin")
				err := v.SetPIN([]byte(pin))
				if m.locked {
					if !errors.Is(err, ErrLocked) {
						t.Fatalf("set PIN while locked: %v", err)
					}
					return
				}
				must(t, err)
				m.pin = pin
			},
			"unlock names": func(t *rapid.T) {
				pin := rapid.SampledFrom([]string{"1", "2"}).Draw(t, "pin")
				err := v.UnlockNames([]byte(pin))
				if m.pin != "" && pin != m.pin {
					if !errors.Is(err, ErrPIN) {
						t.Fatalf("wrong PIN: %v", err)
					}
					return
				}
				must(t, err)
				m.locked = false
			},
			"lock names": func(*rapid.T) {
				v.LockNames()
				m.locked = m.pin != ""
			},
			"set passphrase": func(t *rapid.T) {
				m.pass = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "passphrase")
				must(t, v.SetPassphrase([]byte(m.pass)))
			},
			"start": func(t *rapid.T) {
				v = open(m.pass)
				m.locked = m.pin != ""
			},
			"cut and start": func(t *rapid.T) {
				found := d.Aftermaths()
				d = found[rapid.IntRange(0, len(found)-1).Draw(t, "disk")]
				v = open(m.pass)
				m.locked = m.pin != ""
			},
			"": func(t *rapid.T) { m.compare(t, v, pool) },
		})
	})
}

func (m *model) compare(t *rapid.T, v *Vault, pool []PrivateKey) {
	if v.HasPIN() != (m.pin != "") || v.NamesLocked() != m.locked || v.HasPassphrase() != (m.pass != "") {
		t.Fatalf("PIN %v, locked %v, passphrase %v; want %+v", v.HasPIN(), v.NamesLocked(), v.HasPassphrase(), m)
	}
	for _, r := range m.records {
		got, err := v.Unlock(r.day, []byte("ad"), r.locked)
		switch {
		case m.unlocks(r) && (err != nil || string(got) != r.plain):
			t.Fatalf("record of %v: %q, %v; want %q", r.day, got, err, r.plain)
		case !m.unlocks(r) && !errors.Is(err, ErrShredded):
			t.Fatalf("shredded record of %v: %v, want ErrShredded", r.day, err)
		}
	}
	for _, k := range pool {
		_, held := m.keys[k.pub.ID]
		want := error(nil)
		switch {
		case !held:
			want = ErrNotForUs
		case m.locked:
			want = ErrLocked
		}
		_, err := v.Export(k.pub.ID)
		if v.Has(k.pub.ID) != held || !errors.Is(err, want) || want == nil && err != nil {
			t.Fatalf("key of %s: held %v, %v; want %v, %v", k.pub.Date, v.Has(k.pub.ID), err, held, want)
		}
	}
	var unfinished []record.Day
	for d, g := range m.gens {
		if len(g) > 1 {
			unfinished = append(unfinished, d)
		}
	}
	slices.Sort(unfinished)
	if got := v.Unfinished(); !slices.Equal(got, unfinished) {
		t.Fatalf("unfinished %v, want %v", got, unfinished)
	}
}
