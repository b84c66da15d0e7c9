package identity

import (
	"errors"
	"fmt"
	"time"
)

// Errors of acts on members, matched with errors.Is.
var (
	// ErrNotMember means that the node is not in the roster.
	ErrNotMember = errors.New("no such node in this campus: `upprop nodes` lists them")
	// ErrRevoked means that the node has been revoked.
	ErrRevoked = errors.New("the node has been revoked: let it join again with a fresh data folder, or re-admit it with the campus root")
	// ErrNotIssuer means that the node may not issue.
	ErrNotIssuer = errors.New("this node may not issue: do it at an issuer, or have it appointed with `upprop issuer grant`")
)

// First describes the first node of a campus.
type First struct {
	Pub            []byte
	Name           string
	Role           Role
	Site, Entrance string
	Zone           string
	Web            []byte
}

// Found makes a campus: its root, and the root-signed certificate that makes
// the first node an issuer. web makes the certificate's Web part from the root;
// nil makes none. Nothing is stored yet.
func Found(campus string, f First, now time.Time, web func(*Root) ([]byte, error)) (*Root, []byte, error) {
	root, err := NewRoot(campus)
	if err != nil {
		return nil, nil, err
	}
	raw, err := CertifyFirst(root, f, now, web)
	return root, raw, err
}

// CertifyFirst makes the first node's certificate alone, for a campus whose
// root was saved by an attempt that did not come through.
func CertifyFirst(root *Root, f First, now time.Time, web func(*Root) ([]byte, error)) (raw []byte, err error) {
	if web != nil {
		if f.Web, err = web(root); err != nil {
			return nil, fmt.Errorf("certify first node: %w", err)
		}
	}
	raw, err = SignCert(root, Cert{
		Campus: root.Campus(), Pub: f.Pub, Name: f.Name, Role: f.Role, Site: f.Site, Entrance: f.Entrance, Zone: f.Zone,
		Serial: uint64(max(now.UnixMilli(), 1)), IssuedAt: millis(now), MayIssue: true, Web: f.Web,
	})
	if err != nil {
		return nil, fmt.Errorf("certify first node: %w", err)
	}
	return raw, nil
}

// Appoint makes a member an issuer (may true) or ends that (may false), and
// returns the record, which is in the roster already. Errors: ErrNotMember,
// ErrRevoked.
func (r *Roster) Appoint(root *Root, node NodeID, may bool, now time.Time) ([]byte, error) {
	m, ok := r.Member(node)
	if ok && m.Revoked != nil {
		return nil, fmt.Errorf("appoint %s: %w", m.Name, ErrRevoked)
	}
	return r.recertify("appoint", root, node, may, now)
}

// Readmit takes a revoked node back, as no issuer, and returns the record,
// which is in the roster already. Errors: ErrNotMember.
func (r *Roster) Readmit(root *Root, node NodeID, now time.Time) ([]byte, error) {
	return r.recertify("readmit", root, node, false, now)
}

func (r *Roster) recertify(act string, root *Root, node NodeID, may bool, now time.Time) ([]byte, error) {
	rec, ok := r.certInForce(node)
	if !ok {
		return nil, fmt.Errorf("%s %s: %w", act, node.Short(), ErrNotMember)
	}
	c := *rec.Cert
	c.MayIssue, c.Serial, c.IssuedAt = may, r.NextSerial(node, now), millis(now)
	raw, err := SignCert(root, c)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", act, node.Short(), err)
	}
	if _, err := r.Add(raw); err != nil {
		return nil, fmt.Errorf("%s %s: %w", act, node.Short(), err)
	}
	return raw, nil
}

// Ending is what goes on counting of a revoked node.
type Ending struct {
	// Last is, per document and actor of the node, the last sequence.
	Last []LastSeq
	// Disown picks what no longer counts among the certificates and
	// revocations that the node signed as an issuer and this roster knows; nil
	// keeps them all. What the roster does not know yet never counts.
	Disown func(Record) bool
}

// Revoke ends a node's membership in the name of s, and returns the records,
// which are in the roster already. Errors: ErrNotMember, ErrNotIssuer if s may
// not.
func (r *Roster) Revoke(s Signer, node NodeID, end Ending, now time.Time) ([][]byte, error) {
	if _, ok := r.Member(node); !ok {
		return nil, fmt.Errorf("revoke %s: %w", node.Short(), ErrNotMember)
	}
	if by := s.SignerID(); !by.IsZero() && !r.MayIssue(by) {
		return nil, fmt.Errorf("revoke %s: %w", node.Short(), ErrNotIssuer)
	}
	rev := Revocation{Node: node, Serial: r.NextSerial(node, now), At: millis(now), Last: end.Last}
	for _, rec := range r.view.Load().records {
		if rec.Signer == node && (rec.Cert != nil || rec.Revocation != nil) && (end.Disown == nil || !end.Disown(*rec)) {
			rev.Keeps = append(rev.Keeps, rec.ID)
		}
	}
	raws, err := SignRevocation(s, r.campus, rev)
	if err != nil {
		return nil, fmt.Errorf("revoke %s: %w", node.Short(), err)
	}
	if _, err := r.Merge(raws); err != nil {
		return nil, fmt.Errorf("revoke %s: %w", node.Short(), err)
	}
	return raws, nil
}

func (r *Roster) certInForce(node NodeID) (Record, bool) {
	m, ok := r.Member(node)
	if !ok {
		return Record{}, false
	}
	rec, err := ParseRecord(m.Record)
	return rec, err == nil
}
