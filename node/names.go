package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/access"
	"github.com/upprop/upprop/node/alarm"
	"github.com/upprop/upprop/node/visits"
)

// Alarm starts and ends evacuations.
func (n *Node) Alarm() *alarm.Service { return n.alarm }

// alarmed puts on record what was done in an evacuation.
func (n *Node) alarmed(what string, visit record.VisitID, note string) {
	var of []record.VisitID
	if !visit.IsZero() {
		of = append(of, visit)
	}
	if err := n.audit.Act(what, of, note); err != nil {
		n.log.Error("an evacuation could not be put on record", "what", what, "err", err)
	}
}

// access is what this node may show now, by its role.
func (n *Node) access() visits.Access {
	if n.Barred() != nil {
		return visits.Access{} // who has been revoked is nobody's warden or desk
	}
	s := access.Sees(n.Self().Role, n.replica.Evacuations())
	a := visits.Access{Dossiers: s.Dossiers, Waits: s.Waits, Evacuation: s.Evacuation, Alarm: n.realAlarm}
	if s.Cards {
		a.Card = s.Card
	}
	return a
}

// realAlarm reports whether an evacuation that is no drill runs at a site.
func (n *Node) realAlarm(site record.SiteID) bool {
	e, on := n.replica.Evacuations().Running(site)
	return on && !e.Drill
}

// signQR makes a QR's payload in this node's name.
func (n *Node) signQR(q record.QR) (string, error) {
	q.Issuer = record.NodeID(n.key.ID()).Issuer()
	text, err := record.SignQR(q, func(b []byte) []byte { return n.key.Sign(record.QRDomain, b) })
	if err != nil {
		return "", fmt.Errorf("sign QR: %w", err)
	}
	return text, nil
}

// verify judges a QR. What a revoked node signed stays valid: the badges that
// it gave out are in people's pockets.
func (m members) verify(q record.QR) visits.Verdict {
	verdict := visits.UnknownIssuer
	for _, x := range m.Members() {
		if record.NodeID(x.ID).Issuer() != q.Issuer {
			continue
		}
		if identity.Verify(x.Pub, record.QRDomain, q.Signed(), q.Sig[:]) {
			return visits.Valid
		}
		verdict = visits.Forged
	}
	return verdict
}

// knowsSite reports whether any node or anybody inside is at a site.
func (n *Node) knowsSite(site record.SiteID) bool {
	return slices.ContainsFunc(n.roster.Members(), func(m identity.Member) bool { return m.Site == string(site) }) ||
		slices.ContainsFunc(n.replica.Open(), func(p record.Presence) bool { return p.Seen.Place.Site == site })
}

// recordWait is how long a paper waits for its record to be durable: nobody
// shall wait long for one in an alarm because a disk is slow.
const recordWait = 2 * time.Second

// Printed puts on record that a paper was made, and whose names are on it. On
// an error it is not on record, and must not be given out. It waits until the
// record is durable, but no longer than recordWait.
func (n *Node) Printed(named []record.VisitID, what string) error {
	if err := n.audit.Act("paper.print", named, what); err != nil {
		return fmt.Errorf("put on record: %w", err)
	}
	ctx, done := context.WithTimeout(context.Background(), recordWait)
	defer done()
	if n.audit.Sync(ctx) != nil {
		n.log.Warn("a paper was given out before its record was durable", "after", recordWait)
	}
	return nil
}

// opened puts on record whose cards were opened because an evacuation runs.
func (n *Node) opened(all []record.VisitID) {
	note := ""
	if e, on := n.replica.Evacuations().Running(""); on {
		note = e.ID.String()
	}
	if err := n.audit.Act("card.open", all, note); err != nil {
		n.log.Error("opened cards could not be put on record", "cards", len(all), "err", err)
	}
}
