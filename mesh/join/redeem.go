package join

import (
	"bytes"
	"crypto/hmac"
	"fmt"
	"time"

	"github.com/upprop/upprop/mesh/identity"
)

// redeem judges one proof and, if it holds, makes the joiner a member, durably
// before it returns. Every error is a Refusal or a fault of this node.
//
// Nothing about the token is told to one who does not prove its secret.
func (d *Desk) redeem(t transcript, p proof, r request) (answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.cfg.Now()
	if !d.cfg.Roster.MayIssue(d.cfg.Key.ID()) {
		return answer{}, ErrNotIssuer
	}
	if err := d.purge(now); err != nil {
		return answer{}, err
	}
	tok, ok := d.tokens[r.Token]
	if !ok || r.Issuer != d.cfg.Key.ID() {
		return answer{}, ErrUnknownToken
	}
	secret := Secret(tok.Secret)
	if want := t.proves(secret); !hmac.Equal(want[:], p.MAC[:]) {
		return answer{}, ErrWrongSecret
	}
	records, err := d.settle(tok, r, now)
	if err != nil {
		return answer{}, err
	}
	// Also for a repeated answer: a crash may have come between the two stores.
	if _, err := d.cfg.Roster.Merge(records); err != nil {
		return answer{}, fmt.Errorf("redeem token: %w", err)
	}
	g := marshal(grant{Cert: records[0], Records: d.cfg.Roster.Brief(maxAnswer - maxFrame - len(records[0]))})
	return answer{Grant: g, MAC: t.seals(secret, g)}, nil
}

// settle finds or makes the records of a redemption.
func (d *Desk) settle(tok *issued, r request, now time.Time) ([][]byte, error) {
	node := identity.IDOf(r.Pub)
	member, known := d.cfg.Roster.Member(node)
	if known && member.Revoked != nil {
		return nil, ErrRevokedNode
	}
	for _, s := range tok.Spent {
		if bytes.Equal(s.Pub, r.Pub) {
			return s.Records, nil
		}
	}
	if !now.Before(time.UnixMilli(tok.Expires)) {
		return nil, ErrExpired
	}
	if err := d.unspent(tok); err != nil {
		return nil, err
	}
	if r.Role != tok.Role {
		return nil, ErrWrongRole
	}
	if known && member.Rooted {
		return nil, ErrAppointed
	}
	name, err := d.choose(tok, r, node)
	if err != nil {
		return nil, err
	}
	records, err := d.certify(tok, r, name, now)
	if err != nil {
		return nil, err
	}
	next := *tok
	next.Spent = append(next.Spent[:len(next.Spent):len(next.Spent)], redemption{Pub: r.Pub, At: now.UnixMilli(), Records: records})
	if err := d.cfg.Store.PutToken(tok.ID, marshal(next)); err != nil {
		return nil, fmt.Errorf("redeem token: %w", err)
	}
	*tok = next
	return records, nil
}

// unspent counts the desk's own memory and the roster's, which knows better
// where the desk's was restored from an older copy.
func (d *Desk) unspent(tok *issued) error {
	used := map[identity.NodeID]time.Time{}
	for _, s := range tok.Spent {
		used[identity.IDOf(s.Pub)] = time.UnixMilli(s.At)
	}
	if st, ok := d.cfg.Roster.Token(d.cfg.Key.ID(), tok.ID); ok {
		if !st.Voided.IsZero() {
			return ErrUnknownToken
		}
		for _, s := range st.Spent {
			used[s.Node] = time.UnixMilli(s.At)
		}
	}
	if uint(len(used)) < tok.Uses {
		return nil
	}
	out := &Refusal{Err: ErrSpent}
	for node, at := range used {
		if at.After(out.At) || out.At.IsZero() {
			out.At, out.Node = at, node.Short()
			if m, ok := d.cfg.Roster.Member(node); ok {
				out.Node = m.Name
			}
		}
	}
	return out
}

// choose is the token's name, else the joiner's, else one made of role and id.
func (d *Desk) choose(tok *issued, r request, node identity.NodeID) (string, error) {
	name := tok.Name
	if name == "" {
		name = r.Name
	}
	if name == "" {
		name = string(tok.Role) + "-" + node.Short()
	}
	return name, d.nameFree(name, node)
}

func (d *Desk) certify(tok *issued, r request, name string, now time.Time) ([][]byte, error) {
	campus, node := d.cfg.Roster.Campus(), identity.IDOf(r.Pub)
	c := identity.Cert{
		Campus: campus, Pub: r.Pub, Name: name, Role: tok.Role, Site: tok.Site, Entrance: tok.Entrance, Zone: tok.Zone,
		Serial: d.cfg.Roster.NextSerial(node, now), IssuedAt: now.UnixMilli(), TokenID: &tok.ID,
	}
	if d.cfg.Web != nil && len(r.Web) > 0 {
		web, err := d.cfg.Web(r.Web, c)
		if err != nil {
			return nil, fmt.Errorf("make web part: %w", err)
		}
		c.Web = web
	}
	cert, err := identity.SignCert(d.cfg.Key, c)
	if err != nil {
		return nil, err
	}
	spent, err := identity.SignTokenSpent(d.cfg.Key, campus, identity.TokenSpent{Token: tok.ID, Node: node, At: now.UnixMilli()})
	if err != nil {
		return nil, err
	}
	return [][]byte{cert, spent}, nil
}

// transcriptOf is a handshake as seen by who took the request.
func transcriptOf(campus identity.CampusID, member, joiner []byte, n nonce, p proof) transcript {
	return transcript{Campus: campus, Member: member, Joiner: joiner, Nonce: n, Request: p.Request}
}
