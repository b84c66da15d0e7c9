package doctor

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	slowSync   = 100 * time.Millisecond
	enoughSync = 20 // syncs before their p99 says anything
	absent     = time.Minute
	longAbsent = 24 * time.Hour
	offBy      = time.Minute
	settling   = 30 * time.Second // after the start, before silence counts
	soonEnds   = 30 * 24 * time.Hour
	standstill = 3 * time.Minute // longer than a node may take to fetch what it was told of
	rosterFull = 40_000
	// fewAhead is how many days ahead there should be keys at least: desks make
	// them for 90. Below tooFew, what is taken in now dies early.
	fewAhead = 60 * 24 * time.Hour
	tooFew   = 30 * 24 * time.Hour
)

// Examine says what is wrong with a running node.
func Examine(f Facts) []Finding {
	var out []Finding
	for _, rule := range []func(Facts) []Finding{
		standing, disk, screens, network, clock, keys, cases, keeping, poison, membership, members, places, fed, drills, printing, notices, passkeys,
	} {
		out = append(out, rule(f)...)
	}
	return out
}

func standing(f Facts) (out []Finding) {
	if f.Barred {
		out = append(out, Finding{
			"node-revoked", Fault, f.Name,
			"This node has been revoked.",
			"It checks nobody in or out, and what it records counts nowhere.",
			"If that was meant, switch it off. If not, make a token at an issuer and let it join anew with an empty data folder.",
		})
	}
	if f.Cloned {
		out = append(out, Finding{
			"cloned", Fault, f.Name,
			fmt.Sprintf("Two machines run with the identity of %s: this one and another.", f.Name),
			"Nothing is lost, but how fresh its news is cannot be said while both run.",
			"Stop one of the two. If both are needed, give that one an empty data folder and let it join anew with a token.",
		})
	}
	if !f.LostTo.IsZero() && !f.Gone {
		out = append(out, Finding{
			"lacks-own", Fault, f.Name,
			fmt.Sprintf("This node lacks what it acknowledged itself between %s.", hours(f.LostFrom, f.LostTo)),
			"It was put back to an old copy or its disk lost writes. Until it has them again, its lists say that they are not sure of this door.",
			"Leave it connected, and bring back the nodes that are silent: what others hold comes by itself. Revoke those that will not come back. Ask at this door who came and left in that time.",
		})
	}
	if !f.LostTo.IsZero() && f.Gone {
		out = append(out, Finding{
			"lost", Fault, f.Name,
			fmt.Sprintf("This node lost what it acknowledged between %s.", hours(f.LostFrom, f.LostTo)),
			"It was put back to an old copy or its disk lost writes, and no other node that can be reached has it. Visitors who came or left here in that time are missing.",
			"Ask at this door who came and left in that time, and check them in anew.",
		})
	}
	if !f.Ready && !f.Barred {
		out = append(out, Finding{
			"keys-missing", Fault, f.Name,
			"This node does not have the campus's keys yet.",
			"It checks nobody in, because it could not seal what a visitor tells.",
			"Check that it reaches another node (`upprop nodes`): the keys come by themselves with the first connection.",
		})
	}
	if !f.Crashed.IsZero() && f.Now.Sub(f.Crashed) < 7*24*time.Hour {
		out = append(out, Finding{
			"crashed", Warning, f.Name,
			"A run of this node ended by a fault of the program at " + Stamp(f.Crashed) + ".",
			"Nothing that was acknowledged is lost. It may happen again.",
			"Send the file crash.last of the data folder to who maintains the program, then delete it; install the newest release.",
		})
	}
	return out
}

func disk(f Facts) (out []Finding) {
	if f.Failed != "" {
		out = append(out, Finding{
			"disk-failed", Fault, f.Name,
			"Nothing can be saved: " + f.Failed + ".",
			"Nobody can be checked in or out here. The lists can still be read.",
			"Look at the disk (`dmesg`, `df`), mend or replace it, and start upprop again.",
		})
	}
	out = append(out, Room(f.Name, f.Disk.Free, f.Disk.Floor, f.Disk.Floor > 0)...)
	if f.Disk.Fsyncs >= enoughSync && f.Disk.FsyncP99 > slowSync {
		out = append(out, Finding{
			"disk-slow", Warning, f.Name,
			fmt.Sprintf("One save in a hundred takes longer than %s.", f.Disk.FsyncP99.Round(time.Millisecond)),
			"Visitors wait for the disk before they are welcomed, and a disk that becomes slow is often about to fail.",
			"Look what else writes to this disk, check its health (`smartctl -a`), or move the data folder to an SSD.",
		})
	}
	return out
}

// Room judges free disk against the floor below which writes are refused,
// where both are known.
func Room(node string, free, floor uint64, known bool) []Finding {
	switch {
	case !known:
		return nil
	case free < floor:
		return []Finding{{
			"disk-full", Fault, node,
			fmt.Sprintf("The disk has only %s left.", size(free)),
			"Nobody is checked in here until there is room.",
			"Free space on the disk of the data folder; the node goes on by itself.",
		}}
	case free < 8*floor:
		return []Finding{{
			"disk-nearly-full", Warning, node,
			fmt.Sprintf("The disk has %s left; below %s nothing more is saved.", size(free), size(floor)),
			"Check-ins go on, but not for long if something else fills the disk.",
			"Free space on the disk of the data folder, or move the folder to a larger one.",
		}}
	}
	return nil
}

func screens(f Facts) []Finding {
	left := f.WebUntil.Sub(f.Now)
	switch {
	case f.WebUntil.IsZero() || left > soonEnds:
		return nil
	case left <= 0:
		return []Finding{{
			"certificate-ended", Fault, f.Name,
			"The certificate of this node's screens ended at " + Stamp(f.WebUntil) + ".",
			"Tablets and handhelds refuse to show the screens. Checking in at the node itself goes on.",
			"If this machine's clock is right, let the node join anew with a token from the node that holds the campus root.",
		}}
	}
	return []Finding{{
		"certificate-ends", Warning, f.Name,
		"The certificate of this node's screens ends at " + Stamp(f.WebUntil) + ".",
		"After that tablets and handhelds refuse to show the screens.",
		"Let the node join anew in good time, with a token from the node that holds the campus root.",
	}}
}

func network(f Facts) (out []Finding) {
	others := slices.ContainsFunc(f.Members, func(m Member) bool { return !m.Revoked })
	if !others {
		return append(out, Finding{
			"single-node", Notice, f.Name,
			"This is the only node of the campus.",
			"Everything works, but whatever is recorded lies on this machine alone.",
			"Let a second node in: `upprop token create --role desk`.",
		})
	}
	local := len(f.Listen) > 0
	for _, a := range f.Listen {
		ap, err := netip.ParseAddrPort(a)
		local = local && err == nil && ap.Addr().IsLoopback()
	}
	connected := slices.ContainsFunc(f.Members, func(m Member) bool { return m.Connected })
	if local && !connected {
		out = append(out, Finding{
			"loopback-only", Warning, f.Name,
			"This node listens for other nodes on this machine alone (" + strings.Join(f.Listen, ", ") + ").",
			"No other machine can reach it; it can still reach others.",
			"Start it with `upprop run --listen 0.0.0.0:7460`, or the address of this machine.",
		})
	}
	if f.Book == 0 && !connected {
		out = append(out, Finding{
			"address-book-empty", Fault, f.Name,
			"This node knows the address of no other node.",
			"It cannot find its campus unless another node dials it.",
			"Put it on the same network as another node, which it then finds by itself, or let it join anew with a token.",
		})
	}
	return out
}

func clock(f Facts) (out []Finding) {
	if f.Jumped.Abs() > offBy {
		out = append(out, Finding{
			"clock-jumped", Warning, f.Name,
			fmt.Sprintf("The clock of this machine has jumped %s since the node was started.", way(f.Jumped)),
			"Order and lists stay right. Times shown for what was recorded meanwhile are by the wrong clock, and days are not dropped on this clock's word alone.",
			"Set the clock right and keep it so: `timedatectl set-ntp true`.",
		})
	}
	var offsets []time.Duration
	for _, m := range f.Members {
		if m.Connected && m.Measured && !m.Revoked {
			offsets = append(offsets, m.Offset)
		}
	}
	own := false
	if len(offsets) >= 2 {
		slices.Sort(offsets)
		// With an even number the one nearer to ours, so that one peer's fault
		// is not called ours.
		median := offsets[len(offsets)/2]
		if other := offsets[(len(offsets)-1)/2]; other.Abs() < median.Abs() {
			median = other
		}
		if own = median.Abs() > offBy; own {
			out = append(out, Finding{
				"own-clock-off", Fault, f.Name,
				fmt.Sprintf("The clock of this machine is %s most other nodes.", relation(-median)),
				"Nothing is lost and the order of events stays right, but the times on this node's screens and badges are wrong.",
				"Set this machine's clock right: `timedatectl set-ntp true`.",
			})
		}
	}
	for _, m := range f.Members {
		if !own && m.Measured && !m.Revoked && m.Offset.Abs() > offBy {
			out = append(out, Finding{
				"peer-clock-off", Warning, m.Name,
				fmt.Sprintf("The clock of %s is %s this node's.", m.Name, relation(m.Offset)),
				"Nothing is lost, but one of the two clocks is wrong and times from there are by that clock.",
				"Set the wrong one right: `timedatectl set-ntp true` on that machine.",
			})
		}
	}
	return out
}

func poison(f Facts) (out []Finding) {
	for _, p := range f.Poison {
		who := p.Author
		if who == "" {
			who = "a node that was not noted"
		}
		out = append(out, Finding{
			"quarantined", Fault, p.Author,
			fmt.Sprintf("A change by %s ended this process and is quarantined.", who),
			"It is not tried again. What the same node wrote after it in the same document (" + p.Doc + ") is missing here; everything else goes on.",
			fmt.Sprintf("Take %s for broken or hostile: look at that machine, revoke it (`upprop node revoke %q`) and let it join anew.", who, p.Author),
		})
	}
	for _, m := range f.Members {
		if len(m.Refused) == 0 {
			continue
		}
		reasons := slices.Sorted(maps.Keys(m.Refused))
		out = append(out, Finding{
			"refused", Fault, m.Name,
			fmt.Sprintf("Entries written by %s were refused here: %s.", m.Name, strings.Join(reasons, ", ")),
			"What it wrote after them in the same documents is missing here. Other nodes' entries are not touched.",
			fmt.Sprintf("Compare its release with this one's (`upprop nodes --json`) and update the older. If they are the same, take it for broken or hostile: look at that machine and revoke it (`upprop node revoke %q`).", m.Name),
		})
	}
	return out
}
