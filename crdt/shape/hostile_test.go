package shape

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/automerge/automerge-go"
)

const childEnv = "UPPROP_SHAPE_CHILD"

// What the child lets through to the core.
const (
	letAll     = "all"     // everything
	letShaped  = "shaped"  // what DecodeDay or DecodeCampus accepts
	letAllowed = "allowed" // what also passes Follows or Past.Check
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		if err := feedCore(mode, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// replica is what the child guards: one document of each kind.
type replica struct {
	day, campus *automerge.Doc
	tails       map[string]Day
	past        Past
}

func newReplica() *replica {
	return &replica{day: automerge.New(), campus: automerge.New(), tails: make(map[string]Day)}
}

// judge says which document raw belongs to, or why it is refused.
func (r *replica) judge(mode string, raw []byte) (doc *automerge.Doc, key string, err error) {
	d, dayErr := DecodeDay(raw)
	c, campusErr := DecodeCampus(raw)
	switch {
	case mode == letAll:
		return r.campus, "a", nil
	case dayErr == nil && mode == letAllowed:
		tail := r.tails[string(d.Actor)]
		if err := d.Follows(tail.Seq, tail.Hash); err != nil {
			return nil, "", err
		}
		r.tails[string(d.Actor)] = d
		return r.day, DayKey(d.Actor, d.Seq), nil
	case dayErr == nil:
		return r.day, DayKey(d.Actor, d.Seq), nil
	case campusErr == nil && mode == letAllowed:
		if err := r.past.Check(c); err != nil {
			return nil, "", err
		}
		r.past.Add(c)
		return r.campus, c.Key, nil
	case campusErr == nil:
		return r.campus, c.Key, nil
	}
	return nil, "", campusErr
}

// feedCore is the child: it reads frames (length, change) and gives those that
// mode lets through to the real core, in an empty and in a filled document. An
// empty frame starts afresh. Before each feeding it writes the frame's number,
// so that the parent knows what killed it.
func feedCore(mode string, in io.Reader, out io.Writer) error {
	frames := bufio.NewReader(in)
	r, passed := newReplica(), 0
	for n := 0; ; n++ {
		var size [4]byte
		if _, err := io.ReadFull(frames, size[:]); err != nil {
			fmt.Fprintln(out, "done", passed)
			return nil
		}
		raw := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(frames, raw); err != nil {
			return err
		}
		if len(raw) == 0 {
			r = newReplica()
			continue
		}
		doc, key, err := r.judge(mode, raw)
		if err != nil {
			continue
		}
		fmt.Fprintln(out, n)
		passed++
		// Into an empty document the core refuses what has dependencies; it
		// must only survive it.
		_ = use(automerge.New(), raw)
		if err := use(doc, raw); err != nil && mode == letAllowed {
			return fmt.Errorf("frame %d: %w", n, err)
		}
		if mode == letAllowed {
			if err := holds(doc, raw, key); err != nil {
				return fmt.Errorf("frame %d: %w", n, err)
			}
		}
		if passed%16 == 0 {
			if err := reopen(doc, key); err != nil && mode == letAllowed {
				return fmt.Errorf("frame %d: %w", n, err)
			}
		}
	}
}

// use applies a change and reads the document as a replica does.
func use(doc *automerge.Doc, raw []byte) error {
	if err := doc.LoadIncremental(raw); err != nil {
		return err
	}
	if _, err := doc.RootMap().Values(); err != nil {
		return err
	}
	doc.Heads()
	if len(doc.Save()) == 0 {
		return errors.New("nothing saved")
	}
	return nil
}

// holds checks that an allowed change has really been applied and is given
// back byte for byte.
func holds(doc *automerge.Doc, raw []byte, key string) error {
	c, err := Decode(raw)
	if err != nil {
		return err
	}
	change, err := doc.Change(automerge.ChangeHash(c.Hash))
	if err != nil {
		return err
	}
	if !bytes.Equal(change.Save(), raw) {
		return errors.New("the core gives back other bytes")
	}
	v, err := doc.RootMap().Get(key)
	if err == nil && v.IsVoid() {
		err = errors.New("the key is not there")
	}
	return err
}

// reopen loads the document as after a restart and writes to its copy.
func reopen(doc *automerge.Doc, key string) error {
	again, err := automerge.Load(doc.Save())
	if err != nil {
		return err
	}
	if len(again.Heads()) != len(doc.Heads()) {
		return errors.New("other heads after a restart")
	}
	if err := again.RootMap().Set(key, "written after all this"); err != nil {
		return err
	}
	if _, err = again.Commit(""); err != nil {
		return err
	}
	again.Save()
	return nil
}
