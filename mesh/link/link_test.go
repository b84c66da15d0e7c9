package link

import (
	"crypto/ed25519"
	"testing"

	"go.uber.org/goleak"

	"github.com/upprop/upprop/mesh/stream"
	"github.com/upprop/upprop/mesh/stream/streamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	streamtest.Run(t, func(testing.TB) streamtest.Factory {
		return func(t testing.TB, priv ed25519.PrivateKey, admit stream.Admit) stream.Network {
			l, err := Listen(Config{Key: priv, Listen: "127.0.0.1:0", Admit: admit})
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
	})
}
