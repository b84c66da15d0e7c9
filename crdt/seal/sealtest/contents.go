package sealtest

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Contents are what lies in a vault's file that is under no passphrase, read by
// its shape alone, as who steals it would.
type Contents struct {
	Buckets []Bucket
	Keys    []Key
}

// Bucket is a bucket key of a date, counted in days since 1970. Those of one
// date follow each other, the oldest first.
type Bucket struct {
	_    struct{} `cbor:",toarray"`
	Date int32
	Gen  uint32
	Key  []byte
}

// Key is a private key; under a PIN, Public is there too, and Secret a box.
type Key struct {
	_              struct{} `cbor:",toarray"`
	Audience, Date string
	Public, Secret []byte
}

// Read reads a vault's file.
func Read(file []byte) (Contents, error) {
	var f struct {
		_    struct{} `cbor:",toarray"`
		V    int
		KDF  cbor.RawMessage
		Body []byte
		Sum  []byte
	}
	if err := cbor.Unmarshal(file, &f); err != nil {
		return Contents{}, fmt.Errorf("read vault: %w", err)
	}
	var body struct {
		_       struct{} `cbor:",toarray"`
		Gen     uint32
		Buckets []Bucket
		Keys    []Key
		PIN     cbor.RawMessage
	}
	if err := cbor.Unmarshal(f.Body, &body); err != nil {
		return Contents{}, fmt.Errorf("read vault: %w", err)
	}
	return Contents{body.Buckets, body.Keys}, nil
}
