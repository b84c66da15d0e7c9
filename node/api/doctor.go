package api

import (
	"net/http"
	"os"
	"time"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/doctor"
	"github.com/upprop/upprop/node/feed"
	"github.com/upprop/upprop/node/points"
	"github.com/upprop/upprop/node/rights"
	"github.com/upprop/upprop/node/trigger"
)

func (a *API) doctor(*http.Request) (any, error) { return a.Diagnose(), nil }

// Diagnose says what is wrong with the running node.
func (a *API) Diagnose() doctor.Report {
	f := a.facts()
	return doctor.NewReport(f.Name, true, doctor.Examine(f))
}

func (a *API) facts() doctor.Facts {
	n := a.cfg.Node
	self := n.Self()
	disk, failure := n.Condition()
	f := doctor.Facts{
		Now: a.cfg.Now(), Name: self.Name, Role: string(self.Role), Site: self.Site,
		Started: a.cfg.Started, Barred: n.Barred() != nil, Ready: Ready(n), Listen: n.Network().Addrs(),
		Book: n.Mesh().Book(), Cloned: n.Mesh().Cloned(self.ID), Jumped: a.jumped(), Records: len(n.Roster().Records()),
		Disk: doctor.Disk{Fsyncs: disk.Fsyncs, FsyncP99: disk.FsyncP99, Free: disk.FreeBytes, Floor: disk.FloorBytes},
	}
	if failure != nil {
		f.Failed = failure.Error()
	}
	if web, err := n.Web(); err == nil {
		f.WebUntil = web.Until()
	}
	if info, err := os.Stat(n.Folder().LastCrash()); err == nil {
		f.Crashed = info.ModTime()
	}
	if x := n.Expiry(); x.Waiting > 0 {
		f.Expiry = doctor.Expiry{Waiting: x.Waiting, Since: x.Since.Start(), Why: string(x.Why)}
	}
	for _, c := range n.Rights().Cases() {
		if c.State != rights.Open {
			continue
		}
		f.Cases.Open++
		if c.Overdue {
			f.Cases.Overdue++
		}
		if f.Cases.Due.IsZero() || c.Due.Before(f.Cases.Due) {
			f.Cases.Due = c.Due
		}
	}
	f.Kept = keptFacts(n.Kept(), a.cfg.Now())
	_, f.Unknown = n.Names()
	f.Vault = n.VaultFacts()
	if d := n.KeysUntil(); d != 0 {
		f.KeysUntil = d.Start()
	}
	f.Bare, f.InClear = n.Bare()
	f.WatchBlind = self.Role == identity.RoleEntrance && n.Watch().Blind()
	for _, p := range n.Points().List() {
		if p.Kind == points.Muster && (p.Site == "" || self.Site == "" || string(p.Site) == self.Site) {
			f.Points++
		}
	}
	_, st := n.Printer().Settings()
	f.Printer = doctor.Printer{Damaged: st.Damaged, Failed: st.Failed, Why: st.Why}
	_, lst := n.Labels().Settings()
	f.Labels = doctor.Printer{Damaged: lst.Damaged, Failed: lst.Failed, Why: lst.Why}
	f.DrillEvery, f.Founded = n.DrillEvery(), n.Founded()
	if d, known := n.LastDrill(); known {
		f.LastDrill = d.Start()
	}
	f.Copied = len(n.Operators().Behind())
	f.Triggers, f.Feeds = triggers(n.Trigger()), feeds(n.Feeds())
	f.Members, f.Notices = a.members(), a.noticeFacts()
	for _, x := range n.Mesh().Freshness() {
		if x.State == mesh.Self && !f.Cloned { // two machines' positions differ without any loss
			f.LostFrom, f.LostTo, f.Gone = x.Regressed.From, x.Regressed.To, x.Covered
		}
	}
	for _, m := range n.Roster().Members() {
		if m.MayIssue && m.Revoked == nil {
			f.Issuers++
		}
	}
	for _, q := range n.Replica().Quarantined() {
		f.Poison = append(f.Poison, doctor.Poison{Author: a.nameOf(q.Author), Doc: string(q.Doc)})
	}
	return f
}

// triggers are the machines that may start an evacuation here.
func triggers(s *trigger.Service) doctor.Triggers {
	out := doctor.Triggers{Damaged: s.Damaged() != nil, LastRefused: s.LastRefused()}
	out.Refused, _ = s.Counts()
	for _, x := range s.Sources() {
		out.Sources = append(out.Sources, doctor.Source{
			Name: x.Name, Tested: x.State.Tested, MadeAt: x.MadeAt, Off: x.State.Off, Timed: x.State.Timed,
			ClockOff: x.ClockOff(), Reused: x.State.Reused,
		})
	}
	return out
}

// feeds are the systems that tell this node of staff.
func feeds(s *feed.Service) doctor.Feeds {
	out := doctor.Feeds{Damaged: s.Damaged() != nil, Counts: s.Counts(), Last: s.LastOf()}
	for _, x := range s.Sources() {
		out.Sources = append(out.Sources, doctor.FeedSource{
			Name: x.Name, MadeAt: x.MadeAt, Heard: x.State.Heard, Quiet: x.Quiet, Off: x.State.Off, ClockOff: x.ClockOff(),
			Broker: x.MQTT != nil, Connected: x.Line.Connected, Fault: x.Line.Fault, Disconnected: x.Line.Since,
		})
	}
	return out
}

// jumped is how far the wall clock has gone otherwise than time has passed
// since the start.
func (a *API) jumped() time.Duration {
	now := a.cfg.Now()
	return now.Round(0).Sub(a.cfg.Started.Round(0)) - now.Sub(a.cfg.Started)
}

// members are the other nodes, as this one sees them.
func (a *API) members() (out []doctor.Member) {
	n := a.cfg.Node
	news := map[identity.NodeID]mesh.NodeNews{}
	for _, x := range n.Mesh().Freshness() {
		news[x.Node] = x
	}
	cuts := map[record.NodeID]time.Time{}
	for _, l := range n.Cables().Cut() {
		cuts[l.Peer] = l.Until
	}
	backlogs, refused, lacks := n.Mesh().Backlogs(), n.Replica().Refused(), n.Mesh().Lacks()
	for _, m := range n.Roster().Members() {
		if m.ID == n.Self().ID {
			continue
		}
		x := news[m.ID]
		d := doctor.Member{
			ID: record.NodeID(m.ID).String(), Name: m.Name, Role: string(m.Role), Site: m.Site, Revoked: m.Revoked != nil,
			Connected: x.State == mesh.Connected, LastHeard: x.LastHeard, AsOf: x.AsOf,
			Offset: x.ClockOffset, Measured: !x.LastHeard.IsZero(), Cloned: n.Mesh().Cloned(m.ID),
			Waiting: backlogs[m.ID].Bytes, Limit: backlogs[m.ID].Limit, Refused: refused[record.NodeID(m.ID)],
			Lacks: lacks[m.ID].Entries, LacksSince: lacks[m.ID].Since, CutUntil: cuts[record.NodeID(m.ID)],
		}
		if !d.Cloned { // two machines' positions differ without any loss
			d.LostFrom, d.LostTo = x.Regressed.From, x.Regressed.To
		}
		if pos, ok := n.Mesh().Announced(m.ID); ok {
			d.Behind, d.Older = n.Replica().Behind(record.NodeID(m.ID), pos)
		}
		out = append(out, d)
	}
	return out
}

// nameOf is a member's name, or its id where it is none any more; empty for
// nobody.
func (a *API) nameOf(id record.NodeID) string {
	if m, ok := a.cfg.Node.Roster().Member(identity.NodeID(id)); ok {
		return m.Name
	}
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// troubles are the codes of what is wrong with each node, by name.
func (a *API) troubles() map[string][]string {
	out := map[string][]string{}
	for _, f := range a.Diagnose().Findings {
		if f.Node != "" && f.Severity != doctor.Notice {
			out[f.Node] = append(out[f.Node], f.Code)
		}
	}
	return out
}
