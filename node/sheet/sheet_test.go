package sheet

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
)

// most is how many entries one commit may hold.
const most = 256

// core is settings as the core keeps them: it writes no value upon the same one,
// although that was set by a node that does not count.
type core struct {
	stand   map[string]string
	commits int
	longest int
	fail    error
}

func (c *core) Settings(string) []crdt.Setting { return nil }
func (c *core) SettingsVersion() uint64        { return 0 }

func (c *core) Set(ctx context.Context, all ...crdt.Setting) error {
	var drafts []crdt.Draft
	for _, s := range all {
		drafts = append(drafts, crdt.Draft{Setting: &s})
	}
	_, err := c.Commit(ctx, drafts...)
	return err
}

func (c *core) Commit(_ context.Context, drafts ...crdt.Draft) ([]record.EventID, error) {
	c.longest = max(c.longest, len(drafts))
	if len(drafts) > most {
		return nil, crdt.ErrDraft
	}
	if c.fail != nil {
		return nil, c.fail
	}
	next := map[string]string{}
	for k, v := range c.stand {
		next[k] = v
	}
	for _, d := range drafts {
		if d.Setting == nil {
			continue
		}
		if next[d.Setting.Key] == d.Setting.Value.String() {
			return nil, fmt.Errorf("commit: %w", &crdt.OverruledError{Key: d.Setting.Key})
		}
		next[d.Setting.Key] = d.Setting.Value.String()
	}
	c.stand = next
	c.commits++
	return nil, nil
}

// What a node that does not count has set is written over, and nothing else
// twice: as many settings as a commit holds go into one.
func TestWhatDoesNotCountIsWrittenOver(t *testing.T) {
	c := &core{stand: map[string]string{}}
	var all []crdt.Setting
	for i := range most - 3 {
		all = append(all, Text(fmt.Sprintf("x/%d", i), "anew"))
	}
	for _, stale := range []int{0, 7, most - 4} {
		c.stand[all[stale].Key] = "anew"
	}
	if err := Write(t.Context(), c, all...); err != nil || c.commits != 1 || c.longest != most || len(c.stand) != len(all) {
		t.Fatal(c.commits, c.longest, err)
	}
	for _, s := range all {
		if c.stand[s.Key] != "anew" {
			t.Error(s.Key, "stands at another value")
		}
	}
	act := crdt.Draft{Acts: []record.Act{{Kind: record.ActAudit}}}
	set := crdt.Setting{Key: "x/1", Value: shape.String("anew")}
	if err := Commit(t.Context(), c.Commit, act, crdt.Draft{Setting: &set}); err != nil || c.commits != 2 || c.longest != most {
		t.Error("with an act:", c.commits, err)
	}
	// What is refused for another reason is so once.
	for _, fail := range []error{crdt.ErrDraft, context.Canceled} {
		c.fail, c.longest = fail, 0
		if err := Write(t.Context(), c, all[0]); !errors.Is(err, fail) || c.longest != 1 {
			t.Error(c.longest, err)
		}
	}
	// A core that goes on refusing is asked no more than once for each.
	c.fail, c.longest = &crdt.OverruledError{Key: "x/0"}, 0
	if err := Write(t.Context(), c, all[0]); !errors.Is(err, crdt.ErrDraft) || c.longest != 2 {
		t.Error(c.longest, err)
	}
}
