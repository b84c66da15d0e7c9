package record

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

func told(actor byte, at HLC, h Help, over ...Stated) Stated {
	return callOf(actor, Event{Kind: RefugeTold, At: at, Point: "Stair B", Help: h}, over)
}

func heard(actor byte, at HLC, n uint32, over ...Stated) Stated {
	return callOf(actor, Event{Kind: RefugeHeard, At: at, Point: "Stair B", Count: n}, over)
}

func callOf(actor byte, e Event, over []Stated) Stated {
	e.Starts = []EvacID{{9}}
	for _, o := range over {
		e.Over = append(e.Over, o.ID)
	}
	return stated(actor, uint64(e.At), e)
}

// talkOf is the only talk of these, and the same in whatever order they come.
func talkOf(t *testing.T, all ...Stated) Talk {
	t.Helper()
	got := FoldCalls(all).In(alarm)
	if len(got) != 1 {
		t.Fatalf("%d talks", len(got))
	}
	for range 5 {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if again := FoldCalls(slices.Concat(all, all)).In(alarm); !reflect.DeepEqual(again, got) {
			t.Fatalf("%+v, and then %+v", got, again)
		}
	}
	return got[0]
}

func TestWhatIsToldStandsUntilWhoKnewOfItSaysElse(t *testing.T) {
	first := told(1, 5, HelpTold)
	coming := told(2, 4, HelpComing, first) // its clock is behind
	got := talkOf(t, first, coming)
	if got.Stands.Help != HelpComing || len(got.Beside) != 0 || len(got.Calls) != 2 {
		t.Errorf("%+v", got)
	}
	yes := heard(3, 6, 3, first)
	if got := talkOf(t, first, yes); !got.Read || got.Heard.Count != 3 {
		t.Errorf("%+v", got)
	}
	if got := talkOf(t, first, coming, yes); got.Read {
		t.Error("what nobody there can have read counts as read")
	}
	// Through what else its writer had.
	if got := talkOf(t, first, coming, heard(3, 7, 0, coming), heard(3, 8, 2, heard(3, 7, 0, coming))); !got.Read || got.Heard.Count != 2 {
		t.Errorf("%+v", got)
	}
}

func TestTwoHalvesThatTellDifferentThings(t *testing.T) {
	coming, stay := told(1, 5, HelpComing), told(2, 7, HelpStay)
	got := talkOf(t, coming, stay)
	if got.Stands.Help != HelpStay || len(got.Beside) != 1 || got.Beside[0].Help != HelpComing {
		t.Errorf("%+v", got)
	}
	// That nobody is left is not believed over who had not heard it.
	fetched := told(2, 9, HelpFetched)
	if got := talkOf(t, coming, fetched); got.Stands.Help != HelpComing || len(got.Beside) != 1 {
		t.Errorf("%+v", got)
	}
	if got := talkOf(t, told(1, 5, HelpFetched), told(2, 9, HelpFetched)); got.Stands.At != 9 || len(got.Beside) != 0 {
		t.Errorf("two who say the same are in doubt: %+v", got)
	}
	if got := talkOf(t, coming, stay, told(3, 3, HelpTold, coming, stay)); got.Stands.Help != HelpTold || len(got.Beside) != 0 {
		t.Errorf("who knew of both: %+v", got)
	}
}

func TestFetchedButSomebodyIsHeard(t *testing.T) {
	here := heard(3, 6, 2)
	if got := talkOf(t, here, told(1, 8, HelpFetched, here)); got.Still || !got.Known {
		t.Error("who had heard them is not believed")
	}
	if got := talkOf(t, here, told(1, 8, HelpFetched)); !got.Still || got.Known {
		t.Error("who had not heard them is believed")
	}
	out := told(1, 8, HelpFetched, here)
	if got := talkOf(t, here, out, heard(3, 9, 1, here, out)); !got.Still {
		t.Error("somebody is heard after it, and it says nothing")
	}
	if got := talkOf(t, here, out, heard(3, 9, 0, here, out)); got.Still || !got.Read {
		t.Error("who has read that they were fetched counts as still there")
	}
}

func TestCallsThatDoNotCount(t *testing.T) {
	other := told(1, 5, HelpComing)
	other.Event.Starts = []EvacID{{8}}
	late := told(2, 6, HelpComing)
	late.Standing = Late
	all := FoldCalls([]Stated{other, late, told(3, 7, "beamed"), stated(4, 1, Event{Kind: Swept, At: 9})})
	if got := all.In(alarm); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	// Where nobody has said at which refuge, by site.
	north, south := told(1, 5, HelpTold), told(1, 6, HelpComing)
	north.Event.Point, north.Event.Place.Site = "", "North"
	south.Event.Point, south.Event.Place.Site = "", "South"
	if got := FoldCalls([]Stated{north, south}).In(alarm); len(got) != 2 || got[0].Site != "North" || got[1].Stands.Help != HelpComing {
		t.Errorf("%+v", got)
	}
}

func TestLatestCallsNameAll(t *testing.T) {
	a := told(1, 5, HelpTold)
	b := heard(3, 6, 2, a)
	c := told(2, 7, HelpComing)
	all := FoldCalls([]Stated{a, b, c})
	if got := all.Latest(nil); len(got) != 2 || got[0] != c.ID || got[1] != b.ID {
		t.Errorf("%v", got)
	}
	// Who reads a screen that shows the first has not read the second.
	if got := all.Latest(&a.ID); len(got) != 1 || got[0] != b.ID {
		t.Errorf("%v", got)
	}
}
