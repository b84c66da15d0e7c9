package stream

import (
	"context"
	"fmt"
	"io"
	"time"
)

// PingProtocol is answered by every Network with [AnswerPing], to members.
const PingProtocol = "/upprop/ping/1"

// pingPatience bounds how long an answering side waits for the next byte.
const pingPatience = 10 * time.Second

// AnswerPing is a Handler that sends every byte back. It is for
// implementations of Network.
func AnswerPing(_ context.Context, s Stream) {
	defer s.Reset()
	var one [1]byte
	for {
		if s.SetDeadline(time.Now().Add(pingPatience)) != nil {
			return
		}
		if _, err := io.ReadFull(s, one[:]); err != nil {
			if err == io.EOF {
				_ = s.Close()
			}
			return
		}
		if _, err := s.Write(one[:]); err != nil {
			return
		}
	}
}

// MeasurePing times one round trip on an open stream of PingProtocol. It
// gives up when ctx ends.
func MeasurePing(ctx context.Context, s Stream) (time.Duration, error) {
	stop := context.AfterFunc(ctx, s.Reset)
	defer stop()
	one := [1]byte{1}
	start := time.Now()
	if _, err := s.Write(one[:]); err != nil {
		return 0, pingError(ctx, err)
	}
	if _, err := io.ReadFull(s, one[:]); err != nil {
		return 0, pingError(ctx, err)
	}
	return time.Since(start), nil
}

func pingError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("ping: %w", err)
}
