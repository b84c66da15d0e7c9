//go:build linux

// Package netns is a laboratory for tests: machines that are Linux network
// namespaces of their own, joined by veth pairs to a bridge in one more
// namespace, where nftables cuts links one way or both and loses packets, and
// netem delays them; where the kernel has no netem, this process carries the
// frames of that link by hand. It knows no upprop. It touches neither the host's own namespace nor its rules.
//
// It needs root (or CAP_SYS_ADMIN and CAP_NET_ADMIN), iproute2 and nftables.
//
// Invariant: whatever a test makes here is gone when the test ends; what a
// test that was killed left behind goes with the next laboratory.
package netns

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Lab is one bridge and the machines on it. Its methods end the test when
// the kernel refuses; they may be called from the test's goroutine only.
type Lab struct {
	t    testing.TB
	name string
}

// Machine is a namespace with one network card, eth0.
type Machine struct {
	Name string
	lab  *Lab
	ns   string
	port string // its end at the bridge
	addr string
}

var (
	labs  atomic.Int64
	sweep sync.Once
	ours  = regexp.MustCompile(`^up([0-9]+)-`)
)

// New makes a bridge without machines. Where the rights or the programs are
// lacking it skips the test, and says loudly what is thereby unproven.
func New(t testing.TB) *Lab {
	t.Helper()
	sweep.Do(removeStale)
	l := &Lab{t: t, name: fmt.Sprintf("up%d-%d", os.Getpid(), labs.Add(1))}
	t.Cleanup(func() { remove(l.name + "-sw") })
	for _, c := range []string{
		"ip netns add SW",
		"ip -n SW link add br0 type bridge mcast_snooping 0",
		"ip -n SW link set br0 up",
		"ip netns exec SW nft add table bridge lab",
		"ip netns exec SW nft add chain bridge lab links { type filter hook forward priority 0; }",
		"ip netns exec SW nft add set bridge lab cut { type ifname . ifname; }",
		"ip netns exec SW nft add rule bridge lab links iifname . oifname @cut drop",
		"ip netns exec SW nft add chain bridge lab weather { type filter hook forward priority 1; }",
	} {
		if err := run(strings.Fields(strings.ReplaceAll(c, "SW", l.name+"-sw"))...); err != nil {
			t.Skipf("\n*** PARTITIONS OF REAL NETWORKS ARE NOT TESTED HERE: %v\n*** It needs root (or CAP_SYS_ADMIN and CAP_NET_ADMIN), iproute2 and nftables.", err)
		}
	}
	return l
}

// Machine puts a machine on the bridge at an address such as 10.77.0.1/24.
func (l *Lab) Machine(name, addr string) *Machine {
	l.t.Helper()
	m := &Machine{Name: name, lab: l, ns: l.name + "-" + name, port: "p-" + name}
	l.t.Cleanup(func() { remove(m.ns) })
	sw := l.name + "-sw"
	l.must("ip", "netns", "add", m.ns)
	l.must("ip", "-n", sw, "link", "add", m.port, "type", "veth", "peer", "name", "eth0", "netns", m.ns)
	l.must("ip", "-n", sw, "link", "set", m.port, "master", "br0", "up")
	l.must("ip", "-n", m.ns, "link", "set", "lo", "up")
	l.must("ip", "-n", m.ns, "link", "set", "eth0", "up")
	m.Move(addr)
	return m
}

// Move gives the machine another address instead of the one it has.
func (m *Machine) Move(addr string) {
	m.lab.t.Helper()
	if m.addr != "" {
		m.lab.must("ip", "-n", m.ns, "addr", "flush", "dev", "eth0")
	}
	m.lab.must("ip", "-n", m.ns, "addr", "add", addr, "dev", "eth0")
	m.lab.must("ip", "-n", m.ns, "route", "replace", "224.0.0.0/4", "dev", "eth0")
	m.addr = addr
}

// Command is a command inside the machine. Started, its process is the
// command's own, to be signalled; it dies with the test.
func (m *Machine) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command("ip", append([]string{"netns", "exec", m.ns, name}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Dial connects to an address as a program on the machine would; its loopback
// is its own. The address is an IP and a port. Any goroutine may call it.
func (m *Machine) Dial(network, addr string) (c net.Conn, err error) {
	err = within(m.ns, func() (err error) {
		c, err = net.DialTimeout(network, addr, 5*time.Second)
		return err
	})
	return c, err
}

// Cut drops all that goes from one machine to the other; not the way back.
func (l *Lab) Cut(from, to *Machine) { l.t.Helper(); l.cut("add", from, to) }

// Part cuts both ways between every machine of one half and of the other.
func (l *Lab) Part(one, other []*Machine) {
	l.t.Helper()
	for _, a := range one {
		for _, b := range other {
			l.Cut(a, b)
			l.Cut(b, a)
		}
	}
}

func (l *Lab) cut(verb string, from, to *Machine) {
	l.t.Helper()
	l.nft(verb, "element", "bridge", "lab", "cut", fmt.Sprintf("{ %q . %q }", from.port, to.port))
}

// Split cuts the bridge into parts, at one instant and instead of every cut
// that was: machines of different parts hear nothing of each other, those of
// one part all. Who is in no part is cut off from nobody.
func (l *Lab) Split(parts ...[]*Machine) {
	l.t.Helper()
	script := "flush set bridge lab cut\n"
	for i, one := range parts {
		for j, other := range parts {
			for _, a := range one {
				for _, b := range other {
					if i != j {
						script += fmt.Sprintf("add element bridge lab cut { %q . %q }\n", a.port, b.port)
					}
				}
			}
		}
	}
	cmd := exec.Command("ip", "netns", "exec", l.name+"-sw", "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("split: %v: %s", err, out)
	}
}

// Heal undoes every Cut, Part and Split.
func (l *Lab) Heal() { l.t.Helper(); l.nft("flush", "set", "bridge", "lab", "cut") }

// Lose drops this many of a hundred packets at random, on every link and
// each way. It is nftables' own lottery, which every kernel has.
func (l *Lab) Lose(percent int) {
	l.t.Helper()
	l.nft("add", "rule", "bridge", "lab", "weather", "numgen", "random", "mod", "100", "<", strconv.Itoa(percent), "drop")
}

// NoMulticastDNS drops what machines announce of themselves.
func (l *Lab) NoMulticastDNS() {
	l.t.Helper()
	l.nft("add", "rule", "bridge", "lab", "weather", "udp", "dport", "5353", "drop")
}

// Clear undoes Lose and NoMulticastDNS.
func (l *Lab) Clear() { l.t.Helper(); l.nft("flush", "chain", "bridge", "lab", "weather") }

// Weather is what the machine's link does from now on to what it sends, and to
// what it is sent. Call it once for a machine.
func (m *Machine) Weather(w Weather) {
	m.lab.t.Helper()
	sw := m.lab.name + "-sw"
	if hasNetem() {
		m.lab.netem(sw, m.port, w)
		m.lab.netem(m.ns, "eth0", w)
		return
	}
	// The card's end goes behind the line; the bridge gets a new one by the
	// old name, which is what cuts go by.
	behind, end := "w-"+m.Name, "y-"+m.Name
	m.lab.must("ip", "-n", sw, "link", "set", m.port, "nomaster", "down")
	m.lab.must("ip", "-n", sw, "link", "set", m.port, "name", behind, "up")
	m.lab.veth(m.port, end)
	m.lab.must("ip", "-n", sw, "link", "set", m.port, "master", "br0")
	m.lab.plain(m.ns, "eth0")
	m.lab.plain(sw, m.port)
	m.lab.line(behind, end, w)
}

// Far moves machines to a second bridge, which one link with this weather
// joins to the first. Cut and Part do not know of that link: they are for
// machines on one bridge. Call it once, with no machine that has weather.
func (l *Lab) Far(w Weather, far ...*Machine) {
	l.t.Helper()
	sw := l.name + "-sw"
	l.must("ip", "-n", sw, "link", "add", "br1", "type", "bridge", "mcast_snooping", "0")
	l.must("ip", "-n", sw, "link", "set", "br1", "up")
	near, other := "t0", "t1"
	if hasNetem() {
		l.veth(near, other)
		l.netem(sw, near, w)
		l.netem(sw, other, w)
	} else {
		l.veth(near, "s0")
		l.veth(other, "s1")
		l.plain(sw, near)
		l.plain(sw, other)
		l.line("s0", "s1", w)
	}
	l.must("ip", "-n", sw, "link", "set", near, "master", "br0")
	l.must("ip", "-n", sw, "link", "set", other, "master", "br1")
	for _, m := range far {
		l.must("ip", "-n", sw, "link", "set", m.port, "master", "br1")
	}
}

// FarLink cuts the link to the far bridge, both ways, and mends it.
func (l *Lab) FarLink(up bool) {
	l.t.Helper()
	l.must("ip", "-n", l.name+"-sw", "link", "set", "t0", map[bool]string{true: "up", false: "down"}[up])
}

// hasNetem reports whether the kernel has the queueing discipline.
var hasNetem = sync.OnceValue(func() bool {
	ns := fmt.Sprintf("up%d-netem", os.Getpid())
	defer remove(ns)
	return run("ip", "netns", "add", ns) == nil &&
		run("ip", "netns", "exec", ns, "tc", "qdisc", "replace", "dev", "lo", "root", "netem", "delay", "1ms") == nil
})

func (l *Lab) netem(ns, card string, w Weather) {
	l.t.Helper()
	l.must("ip", "netns", "exec", ns, "tc", "qdisc", "replace", "dev", card, "root", "netem",
		"delay", fmt.Sprintf("%dus", w.Delay.Microseconds()), fmt.Sprintf("%dus", w.Jitter.Microseconds()),
		"loss", fmt.Sprintf("%g%%", w.Lose), "limit", strconv.Itoa(maxWaiting))
}

// line joins two cards of the switch by hand.
func (l *Lab) line(one, other string, w Weather) {
	l.t.Helper()
	if err := newLine(l.t, l.name+"-sw", one, other, w); err != nil {
		l.t.Fatal(err)
	}
}

func (l *Lab) plain(ns, card string) {
	l.t.Helper()
	if err := within(ns, func() error { return plain(card) }); err != nil {
		l.t.Fatal(err)
	}
}

// veth makes a pair of cards in the switch.
func (l *Lab) veth(one, other string) {
	l.t.Helper()
	sw := l.name + "-sw"
	l.must("ip", "-n", sw, "link", "add", one, "type", "veth", "peer", "name", other)
	l.must("ip", "-n", sw, "link", "set", one, "up")
	l.must("ip", "-n", sw, "link", "set", other, "up")
}

func (l *Lab) nft(args ...string) {
	l.t.Helper()
	l.must(append([]string{"ip", "netns", "exec", l.name + "-sw", "nft"}, args...)...)
}

func (l *Lab) must(args ...string) {
	l.t.Helper()
	if err := run(args...); err != nil {
		l.t.Fatal(err)
	}
}

func run(args ...string) error {
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// remove ends what runs in a namespace and deletes it, if it is there.
func remove(ns string) {
	out, err := exec.Command("ip", "netns", "pids", ns).Output()
	if err != nil {
		return
	}
	for _, f := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(f); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	_ = run("ip", "netns", "del", ns)
}

// removeStale removes what tests left whose process is gone.
func removeStale() {
	out, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return
	}
	for line := range strings.Lines(string(out)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if m := ours.FindStringSubmatch(name); m != nil {
			if pid, err := strconv.Atoi(m[1]); err == nil && syscall.Kill(pid, 0) == syscall.ESRCH {
				remove(name)
			}
		}
	}
}
