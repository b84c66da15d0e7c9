package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/store"
	"github.com/upprop/upprop/node/doctor"
)

// clockSlack is how far behind its own files a clock may be.
const clockSlack = time.Minute

// Crash is where a run that ends by its own fault leaves its last words;
// LastCrash is where they are kept once the next run has seen them.
func (f Folder) Crash() string { return f.path("crash") }

// LastCrash is the last words of the latest run that ended by its own fault.
func (f Folder) LastCrash() string { return f.path("crash.last") }

// Checkup looks at the folder from outside, whether a node runs on it or not;
// answers says that one does and answered. The process that runs the node must
// not call it: see store.Inspect.
func (f Folder) Checkup(now time.Time, answers bool) []doctor.Finding {
	switch _, err := f.load(); {
	case errors.Is(err, ErrNoNode):
		return []doctor.Finding{{
			Code: "no-node", Severity: doctor.Fault,
			What:  fmt.Sprintf("There is no node in %s.", f),
			Means: "Nothing can run here yet.",
			Do:    "Name the right folder with --data, or make a campus with `upprop init`, or join one with `upprop join`.",
		}}
	case errors.Is(err, ErrNewerData):
		return []doctor.Finding{newerData()}
	case err != nil:
		return []doctor.Finding{{
			Code: "folder-damaged", Severity: doctor.Fault,
			What:  "The data folder cannot be read: " + err.Error() + ".",
			Means: "The node does not start. What it had told other nodes is safe there.",
			Do:    "Mend the disk or the rights of the user who runs upprop; else restore a backup of the folder, or let the machine join anew with an empty one.",
		}}
	}
	out := f.rights()
	c, err := store.Inspect(f.database())
	if err != nil {
		out = append(out, doctor.Finding{
			Code: "folder-damaged", Severity: doctor.Fault,
			What:  "The database cannot be looked at: " + err.Error() + ".",
			Means: "The node may not start.",
			Do:    "Run this as the user who runs upprop; if that is so already, restore a backup of the folder, or let the machine join anew with an empty one.",
		})
	}
	if c.Newer {
		out = append(out, newerData())
	}
	if answers {
		return out
	}
	if c.Holder != 0 {
		since := ""
		if c.HolderRuns > 0 {
			since = fmt.Sprintf(", which has run for %v,", c.HolderRuns.Round(time.Second))
		}
		out = append(out, doctor.Finding{
			Code: "not-answering", Severity: doctor.Fault,
			What:  fmt.Sprintf("Process %d%s has the data folder open but does not answer.", c.Holder, since),
			Means: "It is just starting or stopping, or it is stuck. Nobody can be checked in here until it answers.",
			Do:    fmt.Sprintf("Try again in half a minute. If nothing has changed, end it (`kill %d`, then `kill -9 %d`) and start upprop again: nothing acknowledged is lost.", c.Holder, c.Holder),
		})
	} else {
		out = append(out, doctor.Finding{
			Code: "not-running", Severity: doctor.Fault,
			What:  "The node is not running.",
			Means: "Nobody can be checked in or out here, and this machine shows no list. The other nodes go on without it.",
			Do:    fmt.Sprintf("Start it: `upprop run --data %s`. If it stops again, its log says why.", f),
		})
		out = append(out, f.leftBehind(now)...)
	}
	out = append(out, doctor.Room("", c.FreeBytes, min(max(c.TotalBytes/100, 16<<20), 64<<20), c.TotalBytes > 0)...)
	return out
}

func newerData() doctor.Finding {
	return doctor.Finding{
		Code: "newer-format", Severity: doctor.Fault,
		What:  "The data folder was written by a newer release of upprop.",
		Means: "This release does not touch it. Nothing is lost.",
		Do:    "Install that release, or restore a backup made by this one.",
	}
}

// rights are files that others on this machine could read.
func (f Folder) rights() (out []doctor.Finding) {
	for _, path := range []string{string(f), f.key(), f.root(), f.keyring(), f.vault(), f.webKey(), f.triggers(), f.feeds()} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		mode, what := "600", "the file holds keys or secrets"
		if info.IsDir() {
			mode, what = "700", "the folder holds keys and personal data"
		}
		out = append(out, doctor.Finding{
			Code: "rights-too-wide", Severity: doctor.Warning,
			What:  fmt.Sprintf("Other users of this machine may use %s (rights %o).", path, info.Mode().Perm()),
			Means: "They could read or change what is theirs to leave alone: " + what + ".",
			Do:    fmt.Sprintf("chmod %s %s", mode, path),
		})
	}
	return out
}

// leftBehind is what the last run left, while none is there.
func (f Folder) leftBehind(now time.Time) (out []doctor.Finding) {
	if who, ok := crdt.InGuard(f.guard()); ok {
		by := "a change"
		if !who.IsZero() {
			by = "a change by node " + who.String()
		}
		out = append(out, doctor.Finding{
			Code: "ended-applying", Severity: doctor.Warning,
			What:  "The last run ended while " + by + " was taken in.",
			Means: "Either it was killed at that moment, or the change ended it. Nothing acknowledged is lost.",
			Do:    "Start the node: if the change is to blame it is quarantined by itself, and `upprop doctor` then names the author.",
		})
	}
	if info, err := os.Stat(f.Crash()); err == nil && info.Size() > 0 {
		out = append(out, doctor.Finding{
			Code: "crashed", Severity: doctor.Warning,
			What:  "The last run ended by a fault of the program at " + doctor.Stamp(info.ModTime()) + ".",
			Means: "Nothing that was acknowledged is lost. It may happen again.",
			Do:    fmt.Sprintf("Send %s to who maintains the program, and start the node again.", f.Crash()),
		})
	}
	if last := f.lastWritten(); last.Sub(now) > clockSlack {
		out = append(out, doctor.Finding{
			Code: "clock-behind-files", Severity: doctor.Fault,
			What:  fmt.Sprintf("The clock of this machine says %s, but this node last wrote at %s.", doctor.Stamp(now), doctor.Stamp(last)),
			Means: "The clock has gone back, often because its battery is empty. Nothing would be lost, but times would be wrong.",
			Do:    "Set the clock right before the node is started: `timedatectl set-ntp true`.",
		})
	}
	return out
}

// lastWritten is the newest time that the file system has for the database.
func (f Folder) lastWritten() (last time.Time) {
	_ = filepath.WalkDir(f.database(), func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read says nothing
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
		return nil
	})
	return last
}

// Condition says how this node's disk does, and why nothing can be saved if
// so.
func (n *Node) Condition() (disk store.Metrics, failure error) {
	if d, ok := n.store.(interface{ Metrics() store.Metrics }); ok {
		disk = d.Metrics()
	}
	// An empty batch writes nothing and is refused where nothing can be
	// written.
	if _, err := n.store.Write(&store.Batch{}); err != nil {
		return disk, err
	}
	return disk, n.replica.Failure()
}
