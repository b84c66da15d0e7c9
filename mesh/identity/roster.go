package identity

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxPending bounds the records that wait for their issuer's certificate.
	maxPending = 256
	// maxRecords bounds the roster: far more than a campus writes in decades,
	// few enough that a stolen issuer key cannot fill the disk.
	maxRecords = 50_000
)

// ErrRosterFull means that the roster holds as many records as it may.
var ErrRosterFull = errors.New("the roster is full: an issuer has signed far more records than a campus needs; find and revoke it")

// Roster is the set of signed records that says who is in the campus. What it
// answers depends on the set alone, not on the order of arrival. All methods
// are safe for concurrent use; the reading ones never block.
type Roster struct {
	root   ed25519.PublicKey
	campus CampusID
	keeper Keeper

	view atomic.Pointer[view]

	mu      sync.Mutex // guards what follows; held while the keeper writes
	records map[RecordID]*Record
	issuers map[NodeID]ed25519.PublicKey // ever appointed by the root
	pending []Record                     // signature not judged yet, oldest first
	fresh   []Record                     // added, not shown in view yet
	horizon time.Time                    // see Prune

	watch watchers
}

// NewRoster loads the roster of the campus with this root key. A record in the
// keeper that does not verify is an error: the keeper is our own.
func NewRoster(root ed25519.PublicKey, k Keeper) (*Roster, error) {
	if len(root) != ed25519.PublicKeySize {
		return nil, errors.New("open roster: root key has a wrong length")
	}
	r := &Roster{
		root: slices.Clone(root), campus: CampusOf(root), keeper: k,
		records: map[RecordID]*Record{}, issuers: map[NodeID]ed25519.PublicKey{},
	}
	raws, err := k.Load()
	if err != nil {
		return nil, fmt.Errorf("open roster: %w", err)
	}
	var rest []Record
	for _, raw := range raws {
		rec, err := ParseRecord(raw)
		if err != nil {
			return nil, fmt.Errorf("open roster: %w", err)
		}
		rest = append(rest, rec)
	}
	// Root-signed records first: they name the issuers of the others.
	slices.SortStableFunc(rest, func(a, b Record) int { return rankSigner(a) - rankSigner(b) })
	for _, rec := range rest {
		known, err := r.judge(rec)
		if err != nil || !known {
			return nil, fmt.Errorf("open roster: stored record %s does not verify: %w", rec.ID, errors.Join(err, ErrSignature))
		}
		r.insert(rec)
	}
	r.view.Store(newView(r.records))
	return r, nil
}

// RootKey is the root's public key; the caller must not change it.
func (r *Roster) RootKey() ed25519.PublicKey { return r.root }

// Campus is the campus that the roster is about.
func (r *Roster) Campus() CampusID { return r.campus }

// Add takes one record. added is false without an error for a record that is
// known already, that Prune would forget again, or whose issuer is not known
// yet; the last is held back and judged when the issuer's certificate arrives. An added record is durable.
// Errors: ErrRecord, ErrSignature, ErrForbidden, ErrRosterFull, the keeper's.
func (r *Roster) Add(raw []byte) (added bool, err error) {
	n, err := r.Merge([][]byte{raw})
	return n > 0, err
}

// Merge takes many records at the price of one. n counts what was added,
// including records that were held back before. One bad record does not keep
// out the others: err joins what was wrong with each.
func (r *Roster) Merge(raws [][]byte) (n int, err error) {
	n, err = r.merge(raws)
	if n > 0 {
		r.watch.deliver()
	}
	return n, err
}

func (r *Roster) merge(raws [][]byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	before := len(r.records)
	for _, raw := range raws {
		rec, err := ParseRecord(raw)
		if err == nil {
			err = r.take(rec)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("add to roster: %w", err))
		}
	}
	n := len(r.records) - before
	if n > 0 {
		r.view.Store(newView(r.records))
		if gone, err := r.prune(); err != nil {
			errs = append(errs, err)
		} else if gone > 0 {
			r.view.Store(newView(r.records))
		}
		r.watch.queue(r.fresh)
		r.fresh = nil
	}
	return n, errors.Join(errs...)
}

func (r *Roster) take(rec Record) error {
	if _, ok := r.records[rec.ID]; ok {
		return nil
	}
	known, err := r.judge(rec)
	if err != nil {
		return err
	}
	if !known {
		r.hold(rec)
		return nil
	}
	if r.pruned(&rec) {
		return nil
	}
	if len(r.records) >= maxRecords {
		return ErrRosterFull
	}
	if err := r.keeper.Append(rec.Raw); err != nil {
		return fmt.Errorf("keep record: %w", err)
	}
	r.insert(rec)
	r.fresh = append(r.fresh, rec)
	if rec.Cert != nil && rec.Cert.MayIssue {
		r.release(rec.Cert.Node())
	}
	return nil
}

// judge verifies rec; known is false when its issuer is not.
func (r *Roster) judge(rec Record) (known bool, err error) {
	pub := r.root
	if !rec.Signer.IsZero() {
		if pub, known = r.issuers[rec.Signer]; !known {
			return false, nil
		}
	}
	switch {
	case !rec.signedBy(pub, r.campus):
		return true, ErrSignature
	case rec.Cert == nil:
	case rec.Cert.Campus != r.campus:
		return true, fmt.Errorf("%w: certificate of another campus", ErrForbidden)
	case rec.Cert.MayIssue && !rec.Signer.IsZero():
		return true, fmt.Errorf("%w: only the root appoints issuers", ErrForbidden)
	}
	return true, nil
}

func (r *Roster) insert(rec Record) {
	r.records[rec.ID] = &rec
	if rec.Cert != nil && rec.Cert.MayIssue {
		r.issuers[rec.Cert.Node()] = rec.Cert.Pub
	}
}

func (r *Roster) hold(rec Record) {
	if slices.ContainsFunc(r.pending, func(p Record) bool { return p.ID == rec.ID }) {
		return
	}
	if len(r.pending) >= maxPending {
		r.pending = slices.Delete(r.pending, 0, 1)
	}
	r.pending = append(r.pending, rec)
}

// release judges the records that waited for issuer. Those that fail were
// forged, or come again with the next repair.
func (r *Roster) release(issuer NodeID) {
	var ready []Record
	r.pending = slices.DeleteFunc(r.pending, func(p Record) bool {
		if p.Signer == issuer {
			ready = append(ready, p)
			return true
		}
		return false
	})
	for _, rec := range ready {
		_ = r.take(rec)
	}
}

func rankSigner(r Record) int {
	if r.Signer.IsZero() {
		return 0
	}
	return 1
}

// NextSerial is the serial for a new certificate or revocation of node: Unix
// milliseconds, but above everything that was said of the node before, so that
// a clock set back does not make new words old ones.
func (r *Roster) NextSerial(node NodeID, now time.Time) uint64 {
	return max(uint64(max(now.UnixMilli(), 1)), r.view.Load().serials[node]+1)
}
