package memnet_test

import (
	"crypto/ed25519"
	"testing"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/mesh/memnet"
	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/mesh/stream/streamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	streamtest.Run(t, func(testing.TB) streamtest.Factory {
		n := memnet.New(1)
		return func(_ testing.TB, priv ed25519.PrivateKey, admit stream.Admit) stream.Network {
			return n.Host(priv, admit)
		}
	})
}
