package node

import (
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/badges"
	"github.com/upprop/upprop/node/documents"
	"github.com/upprop/upprop/node/invitations"
	"github.com/upprop/upprop/node/kinds"
	"github.com/upprop/upprop/node/languages"
	"github.com/upprop/upprop/node/look"
	"github.com/upprop/upprop/node/notify"
	"github.com/upprop/upprop/node/visits"
)

// openReception makes what those who come meet: the types of
// visitors, and what they sign.
func (n *Node) openReception() {
	self := record.NodeID(n.key.ID())
	mayEdit := func() bool { return members{n.roster}.mayEdit(self) }
	record := func(by, what, note string) {
		if err := n.ActBy(by, what, nil, note); err != nil {
			n.log.Error("an act could not be put on record", "what", what, "err", err)
		}
	}
	n.documents = documents.New(documents.Config{
		Settings: register{n.replica}, MayEdit: mayEdit, Barred: n.Barred, Record: record, Now: n.cfg.Now,
	})
	n.kinds = kinds.New(kinds.Config{
		Settings: register{n.replica}, MayEdit: mayEdit, Barred: n.Barred, Record: record,
		Document: n.documents.Known,
	})
	n.languages = languages.New(languages.Config{
		Settings: register{n.replica}, Built: n.cfg.Languages, Check: n.cfg.Language, Usable: n.cfg.LanguageKept, MayEdit: mayEdit, Barred: n.Barred, Record: record,
	})
	n.look = look.New(look.Config{Settings: register{n.replica}, MayEdit: mayEdit, Barred: n.Barred, Record: record})
	n.badges = badges.New(badges.Config{Settings: register{n.replica}, MayEdit: mayEdit, Barred: n.Barred, Record: record})
}

// Badges is what stands on the campus's badges.
func (n *Node) Badges() *badges.Book { return n.badges }

// Look is how the campus's screens look.
func (n *Node) Look() *look.Book { return n.look }

// Languages are those in which visitors are spoken to.
func (n *Node) Languages() *languages.Book { return n.languages }

// Kinds are the campus's types of visitors.
func (n *Node) Kinds() *kinds.Book { return n.kinds }

// openInvitations makes what keeps who is expected.
func (n *Node) openInvitations() {
	n.invitations = invitations.New(invitations.Config{
		Replica: n.replica, Vault: n.vault, Draw: n.visits.Draw, SignQR: n.signQR, Judge: n.visits.Invited,
		Desk: func() bool { return n.access().Dossiers }, Barred: n.Barred, Place: func() record.Place { return place(n.Self()) },
		Type: func(id string) bool {
			k, ok := n.kinds.Get(id)
			return ok && !k.Off
		},
		House:    n.houseNote,
		Look:     n.mailLook,
		SignLink: n.signInviteLink, Link: n.inviteLink, Web: func() string { return n.notices.Settings().Link },
		SignApproval: n.signApproval, Approval: n.approvalLink,
		HostMail: n.hostMail, Changed: n.replica.Changed, Needs: n.needs, Withheld: n.withheld, Today: n.KeptFrom, Date: n.date, Now: n.cfg.Now, Campus: n.CampusName, Logger: n.log,
		Mine: func(id record.VisitID) bool { return id.OwnedBy(record.NodeID(n.key.ID())) },
		Act:  func(by, what string, ids []record.VisitID) error { return n.ActBy(by, what, ids, "") },
		Tell: func(l invitations.Letter) error {
			return n.notices.Mail(notify.Letter{
				Visit: l.Visit, To: l.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML, Calendar: l.Calendar, Method: l.Method,
				Picture: l.QR, Logo: l.Logo, Until: l.Until, Once: l.Once,
			})
		},
	})
}

// mailLook is how mails look.
func (n *Node) mailLook() (out invitations.Look) {
	now := n.look.Now()
	if l := now.Logo; l != nil {
		out.Logo, out.Width, out.Height = l.FlatPNG(), l.Width, l.Height
	}
	if now.Colour != nil {
		out.Colour = look.Light.For(*now.Colour).Accent.String()
	}
	return out
}

// needs is what visitors of a type need to be welcome.
func (n *Node) needs(kind string) record.Needs {
	k, _ := n.kinds.Get(kind)
	switch k.Approval {
	case kinds.ByOne:
		return record.OneWord
	case kinds.ByAnother:
		return record.AnotherWord
	}
	return ""
}

// wifiWords are what a network and its password are called in mails.
var wifiWords = map[string][2]string{
	"sv": {"Wi-Fi", "Lösenord till Wi-Fi"}, "en": {"Wi-Fi", "Wi-Fi password"}, "sv-simple": {"Wi-Fi", "Lösenord till Wi-Fi"},
	"fi": {"Wi-Fi", "Wi-Fi-salasana"}, "nb": {"Wi-Fi", "Wi-Fi-passord"}, "da": {"Wi-Fi", "Adgangskode til Wi-Fi"},
	"de": {"WLAN", "WLAN-Passwort"}, "ar": {"واي فاي", "كلمة مرور الواي فاي"},
}

// houseNote is what visitors of a type should know, for a mail.
func (n *Node) houseNote(kind, lang string) (text string, rows [][2]string) {
	k, ok := n.kinds.Get(kind)
	if !ok || k.Off {
		return "", nil
	}
	words, ok := wifiWords[lang]
	if !ok {
		words = wifiWords["en"]
	}
	if k.Wifi.Network != "" {
		rows = append(rows, [2]string{words[0], k.Wifi.Network})
	}
	if k.Wifi.Password != "" {
		rows = append(rows, [2]string{words[1], k.Wifi.Password})
	}
	text, _ = k.NoteIn(lang)
	return text, rows
}

// Invitations are who is expected.
func (n *Node) Invitations() *invitations.Service { return n.invitations }

// Documents are what visitors read and sign.
func (n *Node) Documents() *documents.Book { return n.documents }

// Papers are the documents that a type signs and that have a text, in order.
func (n *Node) Papers(k kinds.Kind) (out []documents.Document) {
	for _, id := range k.Documents {
		if d, ok := n.documents.Get(id); ok && !d.Off && len(d.Text) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// rules are what a type of visitor asks at a door's screen.
func (n *Node) rules(kind string) (visits.Rules, bool) {
	k, ok := n.kinds.Get(kind)
	if !ok || k.Off {
		return visits.Rules{}, false
	}
	r := visits.Rules{Unattended: k.Unattended}
	for _, d := range n.Papers(k) {
		p := visits.Paper{ID: d.ID}
		for _, t := range d.Text {
			p.Hashes = append(p.Hashes, t.Hash)
		}
		r.Papers = append(r.Papers, p)
	}
	for f, asked := range k.Ask {
		switch asked {
		case kinds.Must:
			r.Must = append(r.Must, f)
		case kinds.No:
			r.No = append(r.No, f)
		}
	}
	return r, true
}
