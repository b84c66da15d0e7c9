package nodetest

import "testing"

// campusOf is a campus of n nodes that runs until the test's bubble ends.
func campusOf(t *testing.T, n int) *Campus {
	t.Helper()
	c, err := NewCampus(t.TempDir(), 1, n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}
