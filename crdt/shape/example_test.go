package shape_test

import (
	"encoding/hex"
	"fmt"
	"log"
	"time"

	"github.com/automerge/automerge-go"

	"github.com/upprop/upprop/crdt/shape"
)

// An event goes from the document of its writer to that of a reader.
func Example() {
	actor := []byte{0xca, 0xfe}
	writer := automerge.New()
	if err := writer.SetActorID(hex.EncodeToString(actor)); err != nil {
		log.Fatal(err)
	}
	if err := writer.RootMap().Set(shape.DayKey(actor, 1), []byte("arrived")); err != nil {
		log.Fatal(err)
	}
	// A pointer to the zero time leaves the time out; no option means now.
	hash, err := writer.Commit("", automerge.CommitOptions{Time: &time.Time{}})
	if err != nil {
		log.Fatal(err)
	}
	change, err := writer.Change(hash)
	if err != nil {
		log.Fatal(err)
	}
	raw, err := shape.Normalise(change.Save())
	if err != nil {
		log.Fatal(err)
	}

	// raw travels. The reader checks it before the core sees it.
	day, err := shape.DecodeDay(raw)
	if err != nil {
		log.Fatal(err)
	}
	if err := day.Follows(0, [32]byte{}); err != nil {
		log.Fatal(err)
	}
	reader := automerge.New()
	if err := reader.LoadIncremental(raw); err != nil {
		log.Fatal(err)
	}
	v, err := reader.RootMap().Get(shape.DayKey(actor, 1))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %d %s %v\n", hex.EncodeToString(day.Actor), day.Seq, v.Bytes(), day.Hash == hash)
	// Output: cafe 1 arrived true
}

// The same bytes without the core.
func ExampleEncodeDay() {
	actor := []byte{0xca, 0xfe}
	raw, hash, err := shape.EncodeDay(shape.Day{Actor: actor, Seq: 1, Event: []byte("arrived")})
	if err != nil {
		log.Fatal(err)
	}
	next, _, err := shape.EncodeDay(shape.Day{Actor: actor, Seq: 2, Prev: hash, Event: []byte("left")})
	if err != nil {
		log.Fatal(err)
	}
	doc := automerge.New()
	if err := doc.LoadIncremental(append(raw, next...)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(doc.RootMap().Len())
	// Output: 2
}
