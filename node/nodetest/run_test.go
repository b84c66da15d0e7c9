package nodetest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// A step that breaks a promise is told of and kept, whether or not it says
// what it did; one that could not be done is neither.
func TestTheGuiltyStepIsKept(t *testing.T) {
	before := ops
	defer func() { ops = before }()
	ops = append(slices.Clone(before),
		op{"do-nothing", work, 0, func(*Campus, Step) (string, error) { return "", nil }},
		op{"break-in-silence", work, 0, func(*Campus, Step) (string, error) { return "", violated("goes on", "it does not") }},
	)
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 2)
		var res Result
		if err := c.play([]Step{{N: 3, Do: "do-nothing"}, {N: 7, Do: "break-in-silence"}}, &res); err == nil {
			t.Fatal("nothing broke")
		}
		if !slices.Equal(res.Done, []int{7}) {
			t.Errorf("kept are the steps %v", res.Done)
		}
		if len(res.Trace) != 2 || !strings.Contains(res.Trace[0], "break-in-silence") {
			t.Errorf("told is %q", res.Trace)
		}
	})
}

// The connection that is lost is the seed's choice, and named.
func TestTheSeedChoosesWhichConnectionIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := campusOf(t, 3)
		did, err := c.drop(Step{A: 1, B: 0})
		if did != "the connection of n1 and n2 is lost" || err != nil {
			t.Errorf("%q, %v", did, err)
		}
		if slices.Contains(c.Houses[1].now().host.Peers(), c.Houses[2].ID) {
			t.Error("it stands")
		}
	})
}

// What is drawn under a seed is the seed's.
func TestTheSeedDecidesWhoIsWho(t *testing.T) {
	ids := func(seed uint64) (out []string) {
		defer Chance(seed)()
		synctest.Test(t, func(t *testing.T) {
			c, err := NewCampus(t.TempDir(), seed, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range c.Houses {
				out = append(out, h.ID.Short())
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		return out
	}
	if a, b, other := ids(1), ids(1), ids(2); a[0] != b[0] || a[0] == other[0] {
		t.Errorf("the nodes are %v, %v again, and %v by another seed", a, b, other)
	}
}
