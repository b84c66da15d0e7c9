package kiosk

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// held is how many values and names a drawer holds, whichever is more.
func held[V any](d *drawer[V]) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return max(len(d.slots), len(d.order))
}

func TestDrawerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDrawer[string](3, 5*time.Minute, time.Now)
		defer d.close()
		for i := range 4 {
			d.put(strconv.Itoa(i), "v"+strconv.Itoa(i))
			time.Sleep(time.Minute)
		}
		if _, ok := d.get("0"); ok || held(d) != 3 {
			t.Errorf("holds %d values, the oldest among them: %v", held(d), ok)
		}
		if got, found := d.put("3", "other"); !found || got != "v3" {
			t.Errorf("a second put replaced the first: %q", got)
		}
		// Nobody asks any more; time alone must empty it.
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if held(d) != 0 {
			t.Errorf("still holds %d values", held(d))
		}
		d.put("late", "v")
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if held(d) != 0 {
			t.Error("the timer does not start again")
		}
	})
}

func TestDrawerDropAndPutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDrawer[int](2, time.Minute, time.Now)
		defer d.close()
		for i := range 10 {
			d.put("same", i)
			d.drop("same")
		}
		d.put("same", 1)
		d.put("other", 2)
		if held(d) != 2 {
			t.Errorf("holds %d values", held(d))
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if held(d) != 0 {
			t.Errorf("still holds %d values", held(d))
		}
	})
}

func TestOnceForgetsRefusals(t *testing.T) {
	o := newOnce(8, time.Minute, time.Now)
	defer o.seen.close()
	calls := 0
	answer := func(err error) func() (string, error) {
		return func() (string, error) { calls++; return "/page", err }
	}
	bad := errors.New("no")
	if _, err := o.do(t.Context(), "id", []string{"a"}, answer(bad)); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	for range 3 {
		if to, err := o.do(t.Context(), "id", []string{"a"}, answer(nil)); err != nil || to != "/page" {
			t.Fatal(to, err)
		}
	}
	// The same characters split otherwise are another form.
	_, _ = o.do(t.Context(), "id", []string{"", "a"}, answer(nil))
	if calls != 3 {
		t.Errorf("asked %d times, want 3", calls)
	}
}

func TestOnceWaitsAndSurvivesPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOnce(8, time.Minute, time.Now)
		defer o.seen.close()
		go func() {
			defer func() { _ = recover() }()
			_, _ = o.do(context.Background(), "id", nil, func() (string, error) {
				time.Sleep(time.Second)
				panic("the house fell down")
			})
		}()
		synctest.Wait()
		if _, err := o.do(t.Context(), "id", nil, func() (string, error) { return "second", nil }); !errors.Is(err, errAborted) {
			t.Errorf("got %v, want errAborted", err)
		}
		if to, err := o.do(t.Context(), "id", nil, func() (string, error) { return "third", nil }); err != nil || to != "third" {
			t.Errorf("got %q, %v", to, err)
		}
	})
}
