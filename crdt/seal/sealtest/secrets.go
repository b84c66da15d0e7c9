package sealtest

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// errShape means that a file is not as the vault writes it.
var errShape = errors.New("not a vault's file")

// Secrets are the secrets in a vault's file that is under no passphrase:
// bucket keys, and private keys or, under a PIN, what stands for them. It goes
// by the file's shape alone, so that a test can look for their bytes elsewhere.
func Secrets(file []byte) (buckets, private [][]byte, err error) {
	var f, body []any
	if err := cbor.Unmarshal(file, &f); err != nil {
		return nil, nil, fmt.Errorf("read vault: %w", err)
	}
	if len(f) < 3 {
		return nil, nil, errShape
	}
	raw, _ := f[2].([]byte)
	if err := cbor.Unmarshal(raw, &body); err != nil {
		return nil, nil, fmt.Errorf("read vault: %w", err)
	}
	if len(body) != 4 {
		return nil, nil, errShape
	}
	if buckets, err = column(body[1], 2); err != nil {
		return nil, nil, err
	}
	if private, err = column(body[2], 3); err != nil {
		return nil, nil, err
	}
	pin, err := column(body[3], 2)
	return buckets, append(private, pin...), err
}

// RingSecrets are the private keys in a grant or in the keyring file of
// earlier releases.
func RingSecrets(file []byte) ([][]byte, error) {
	var f []any
	if err := cbor.Unmarshal(file, &f); err != nil {
		return nil, fmt.Errorf("read keyring: %w", err)
	}
	if len(f) != 2 {
		return nil, errShape
	}
	return column(f[1], 2)
}

// column is the byte strings at one place of each of a list's arrays.
func column(list any, at int) (out [][]byte, err error) {
	rows, ok := list.([]any)
	if !ok {
		return nil, errShape
	}
	for _, r := range rows {
		row, _ := r.([]any)
		if len(row) <= at {
			return nil, errShape
		}
		b, ok := row[at].([]byte)
		if !ok || len(b) == 0 {
			return nil, errShape
		}
		out = append(out, b)
	}
	return out, nil
}
