package app

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/mesh"
	"github.com/upprop/upprop/mesh/identity"
	"github.com/upprop/upprop/node/feed"
	"github.com/upprop/upprop/node/trigger"
)

// metrics serves the node in numbers. Labels name nodes and reasons, never
// people or visits.
func (a *App) metrics() (http.Handler, error) {
	reg := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), gauges{a},
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{MaxRequestsInFlight: 4}), nil
}

// gauges reads the node when it is asked. The names of the mesh's counters
// are the mesh's own, so it describes nothing ahead.
type gauges struct{ *App }

// Describe implements prometheus.Collector.
func (gauges) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g gauges) Collect(out chan<- prometheus.Metric) {
	self := g.node.Self()
	m := meter{out}
	m.gauge("build_info", "Which release runs, in which role.", 1, "release", g.cfg.Node.Release, "role", string(self.Role))
	m.gauge("start_time_seconds", "When this run began, in Unix seconds.", float64(g.started.UnixMilli())/1000)
	m.gauge("visits_open", "Visits whose person may be inside.", float64(len(g.node.Replica().Open())))
	m.gauge("visits_present", "Visits whose person may be inside.", float64(len(g.node.Replica().Open())))
	m.gauge("quarantined_changes", "Changes that ended the process and are not tried again.", float64(len(g.node.Replica().Quarantined())))
	m.gauge("peers", "Connected members.", float64(len(g.node.Mesh().Peers())))
	held := map[record.DocKind]uint64{}
	for id := range g.node.Replica().Digests() {
		d, err := record.ParseDocID(string(id))
		if err != nil {
			continue
		}
		for _, h := range g.node.Replica().Vector(id) {
			held[d.Kind] += h.Seq
		}
	}
	m.gauge("events_held", "Events in the retained documents.", float64(held[record.DocDay]))
	m.gauge("sealed_entries_held", "Entries of sealed particulars and keys held.", float64(held[record.DocSealed]))
	m.gauge("acts_entries_held", "Entries of acts on record held: shreds, receipts, audit.", float64(held[record.DocActs]))
	m.gauge("settings_changes_held", "Changes of settings held.", float64(held[record.DocCampus]))
	m.gauge("cards_open", "Cards of visitors that are open in this node's memory.", float64(g.node.Visits().CardsOpen()))
	g.members(m)
	g.disk(m)
	g.notices(m)
	for name, n := range g.node.Mesh().Counts() {
		if family, reason, ok := reasoned(name); ok {
			m.counter("mesh_"+family+"_total", "What the mesh did not take, by reason.", n, "reason", reason)
			continue
		}
		m.counter("mesh_"+name+"_total", "A count of the mesh since the start.", n)
	}
	if l, ok := g.node.Network().(interface{ Counts() map[string]uint64 }); ok {
		for reason, n := range l.Counts() {
			m.counter("link_refused_total", "Connections and streams refused, by reason.", n, "reason", reason)
		}
	}
	wrong, acted := g.node.Trigger().Counts()
	m.counter("triggers_total", "Messages of machines that were acted upon: started something, or would have.", acted)
	for _, reason := range trigger.Reasons {
		m.counter("triggers_refused_total", "Messages to the trigger that were refused or that something was wrong with, by reason.", wrong[reason], "reason", reason)
	}
	fed := g.node.Feeds().Counts()
	for _, outcome := range feed.Outcomes {
		m.counter("badge_events_total", "Events of access-control systems, by what became of them.", fed[outcome], "reason", outcome)
	}
	refused := map[string]uint64{}
	for _, reasons := range g.node.Replica().Refused() {
		for reason, n := range reasons {
			refused[reason] += n
		}
	}
	for reason, n := range refused {
		m.counter("refused_entries_total", "Entries refused for their content, by reason.", n, "reason", reason)
		m.counter("entries_refused_total", "Entries refused for their content, by reason.", n, "reason", reason)
	}
}

// members says how each other member stands to this node.
func (g gauges) members(m meter) {
	now := g.now()
	news, backlogs, lacks := map[identity.NodeID]mesh.NodeNews{}, g.node.Mesh().Backlogs(), g.node.Mesh().Lacks()
	for _, n := range g.node.Mesh().Freshness() {
		news[n.Node] = n
	}
	for _, x := range g.node.Roster().Members() {
		if x.ID == g.node.Self().ID || x.Revoked != nil {
			continue
		}
		n, connected := news[x.ID], 0.0
		if n.State == mesh.Connected {
			connected = 1
		}
		m.gauge("peer_connected", "Whether a member has a standing connection with this node.", connected, "peer", x.Name)
		if waiting, ok := backlogs[x.ID]; ok {
			m.gauge("queue_bytes", "What waits to be sent to a member.", float64(waiting.Bytes), "peer", x.Name)
		}
		if lack, ok := lacks[x.ID]; ok {
			m.gauge("peer_events_behind", "Entries held here that a connected member did not hold when it was last compared with.", float64(lack.Entries), "peer", x.Name)
		}
		if pos, ok := g.node.Mesh().Announced(x.ID); ok {
			missing, _ := g.node.Replica().Behind(record.NodeID(x.ID), pos)
			m.gauge("events_behind", "Entries that a member has announced and that are missing here.", float64(missing), "peer", x.Name)
		}
		if !n.LastHeard.IsZero() {
			m.gauge("peer_lag_seconds", "How long ago a member was last known to live.", max(0, now.Sub(n.LastHeard).Seconds()), "peer", x.Name)
			m.gauge("clock_offset_seconds", "A member's clock minus ours.", n.ClockOffset.Seconds(), "peer", x.Name)
		}
		if n.AsOf.IsZero() {
			continue
		}
		age := max(0, now.Sub(n.AsOf).Seconds())
		if x.Role != identity.RoleRelay {
			m.gauge("freshness_age_seconds", "How long ago the list was complete for an entrance.", age, "entrance", x.Name)
		}
		m.gauge("node_news_age_seconds", "How long ago all that a node acknowledged was known here.", age, "node", x.Name)
		m.gauge("node_clock_offset_seconds", "A node's clock minus ours.", n.ClockOffset.Seconds(), "node", x.Name)
	}
}

// notices says how the outbox stands.
func (g gauges) notices(m meter) {
	s, now := g.node.Notices().Status(), g.now()
	m.gauge("notices_pending", "Notices that wait to be sent.", float64(s.Pending))
	age := 0.0
	if !s.Oldest.IsZero() {
		age = max(0, now.Sub(s.Oldest).Seconds())
	}
	m.gauge("notices_oldest_pending_seconds", "How long what waits longest has waited.", age)
	for _, c := range s.Channels {
		failing := 0.0
		if !c.Failing.IsZero() {
			failing = 1
		}
		m.gauge("notices_channel_failing", "Whether the last try over a channel failed by the channel's fault.", failing, "channel", c.Name)
	}
	g.node.Notices().Totals(func(channel, state string, n uint64) {
		m.counter("notices_total", "Notices that came to a state since the start.", n, "channel", channel, "state", state)
	})
}

// disk says how the disk does, where there is one.
func (g gauges) disk(m meter) {
	d, ok := g.store.(interface{ Metrics() store.Metrics })
	if !ok {
		return
	}
	s := d.Metrics()
	within := make(map[float64]uint64, len(store.FsyncBounds))
	for i, bound := range store.FsyncBounds {
		within[bound.Seconds()] = s.FsyncWithin[i]
	}
	m.histogram("fsync_seconds", "How long syncs of the write-ahead log took.", s.Fsyncs, s.FsyncTime.Seconds(), within)
	m.gauge("disk_free_bytes", "What is free on the disk of the data folder.", float64(s.FreeBytes))
	m.gauge("disk_floor_bytes", "What must be free for anything to be saved.", float64(s.FloorBytes))
	m.counter("store_fsyncs_total", "Syncs of the write-ahead log.", s.Fsyncs)
	m.gauge("store_fsync_p50_seconds", "Median of the latest 1,024 syncs.", s.FsyncP50.Seconds())
	m.gauge("store_fsync_p99_seconds", "99th percentile of the latest 1,024 syncs.", s.FsyncP99.Seconds())
	m.gauge("store_bytes", "What the database occupies.", float64(s.DiskBytes))
	m.gauge("store_wal_bytes", "What its log occupies.", float64(s.WALBytes))
}

// reasoned takes apart the names of counts that say why.
func reasoned(name string) (family, reason string, ok bool) {
	for _, family := range []string{"dropped", "refused"} {
		if reason, ok := strings.CutPrefix(name, family+"_"); ok {
			return family, reason, true
		}
	}
	return "", "", false
}

// meter sends single readings. labels are pairs of name and value.
type meter struct{ out chan<- prometheus.Metric }

func (m meter) gauge(name, help string, v float64, labels ...string) {
	m.send(prometheus.GaugeValue, name, help, v, labels)
}

func (m meter) counter(name, help string, v uint64, labels ...string) {
	m.send(prometheus.CounterValue, name, help, float64(v), labels)
}

func (m meter) histogram(name, help string, count uint64, sum float64, within map[float64]uint64) {
	d := prometheus.NewDesc("upprop_"+name, help, nil, nil)
	x, err := prometheus.NewConstHistogram(d, count, sum, within)
	if err != nil {
		x = prometheus.NewInvalidMetric(d, err)
	}
	m.out <- x
}

func (m meter) send(kind prometheus.ValueType, name, help string, v float64, labels []string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	d := prometheus.NewDesc("upprop_"+name, help, names, nil)
	x, err := prometheus.NewConstMetric(d, kind, v, values...)
	if err != nil {
		x = prometheus.NewInvalidMetric(d, err)
	}
	m.out <- x
}
