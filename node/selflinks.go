package node

import (
	"fmt"
	"strings"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/privacy"
	"github.com/upprop/upprop/node/rights"
)

// selfLinks are the links to pages of people's own: what desks have put on record
// of them, and how this node makes and mails them. It implements rights.Links.
type selfLinks struct {
	actReader
	sent, corrected map[record.VisitID]time.Time
	opened          map[string]openedLink
}

type openedLink struct {
	by string
	at time.Time
}

// selfLinksFor is for how long what is on record of links matters.
const selfLinksFor = 26 * time.Hour

func newSelfLinks(n *Node) *selfLinks {
	return &selfLinks{
		actReader: actReader{node: n},
		sent:      map[record.VisitID]time.Time{}, corrected: map[record.VisitID]time.Time{}, opened: map[string]openedLink{},
	}
}

// take keeps what one entry says of links. Of two who opened one, the first has it.
func (s *selfLinks) take(id record.EventID, acts record.Acts) {
	for _, a := range acts.Acts {
		if a.Kind != record.ActAudit || a.What != rights.ActLink && a.What != rights.ActLinkOpened && a.What != privacy.ActRectify {
			continue
		}
		at := a.At.Time()
		if s.node.cfg.Now().Sub(at) > selfLinksFor || !s.desk(id.Actor.Node()) {
			continue
		}
		last := map[string]map[record.VisitID]time.Time{rights.ActLink: s.sent, privacy.ActRectify: s.corrected}[a.What]
		for _, v := range a.Visits {
			if last != nil && at.After(last[v]) {
				last[v] = at
			}
		}
		link, by, ok := strings.Cut(a.Note, " ")
		if was, known := s.opened[link]; ok && a.What == rights.ActLinkOpened && (!known || at.Before(was.at)) {
			s.opened[link] = openedLink{by, at}
		}
	}
}

// now reads what has come, and forgets what is over. Callers hold mu.
func (s *selfLinks) now() error {
	if err := s.catchUp(s.take); err != nil {
		return fmt.Errorf("read what became of links: %w", err)
	}
	over := s.node.cfg.Now().Add(-selfLinksFor)
	for _, all := range []map[record.VisitID]time.Time{s.sent, s.corrected} {
		for v, at := range all {
			if at.Before(over) {
				delete(all, v)
			}
		}
	}
	for link, o := range s.opened {
		if o.at.Before(over) {
			delete(s.opened, link)
		}
	}
	return nil
}

// Sent implements rights.Links.
func (s *selfLinks) Sent(v record.VisitID) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.now()
	return s.sent[v], err
}

// Corrected implements rights.Links.
func (s *selfLinks) Corrected(v record.VisitID) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.now()
	return s.corrected[v], err
}

// Opened implements rights.Links.
func (s *selfLinks) Opened(link string) (by string, at time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.now()
	o := s.opened[link]
	return o.by, o.at, err
}

// Ready implements rights.Links.
func (s *selfLinks) Ready() bool {
	if s.node.notices == nil {
		return false
	}
	set := s.node.notices.Settings()
	return set.SMTP != nil && set.Link != ""
}

// Sign implements rights.Links.
func (s *selfLinks) Sign(l record.Link) (string, error) {
	token, err := s.node.signLinkFor(record.OwnLinkDomain, l)
	return strings.TrimSuffix(s.node.notices.Settings().Link, "/") + "/o/" + token, err
}

// Read implements rights.Links.
func (s *selfLinks) Read(token string) (record.Link, error) {
	return s.node.linkFor(record.OwnLinkDomain, token)
}

// Mail implements rights.Links.
func (s *selfLinks) Mail(v record.VisitID, to record.Private, l rights.LinkMail, until time.Time, once string) error {
	return s.node.notices.Mail(notify.Letter{
		Kind: notify.OwnKind, Visit: v, To: to, Subject: l.Subject, Text: l.Text, HTML: l.HTML, Until: until, Once: once,
	})
}
