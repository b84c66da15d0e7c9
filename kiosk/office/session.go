package office

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

const (
	// idle is how long a session lasts without a request, lifetime how long at
	// most.
	idle     = 30 * time.Minute
	lifetime = 12 * time.Hour
	// maxSessions bounds the sessions of a node; the one that ends first goes.
	maxSessions = 1000
)

// Sessions are who is signed in on this node. They are in memory only: they end
// with the process, and are on no other node. They outlive the screens, and so
// does what is held for pages that operators look at.
type Sessions struct {
	*scs.SessionManager
	// shown are answers that are shown once: badges, join lines, one-time
	// passwords, by one-time id; done are forms that were sent in.
	shown *shelf[any]
	done  *shelf[string]
}

// Forget forgets what is held for pages. Idempotent.
func (s *Sessions) Forget() {
	s.shown.empty()
	s.done.empty()
}

// NewSessions makes the sessions of a node. name tells its cookie from that of
// another node on this machine. secure: the screens are served over HTTPS.
func NewSessions(name string, secure bool, log *slog.Logger) *Sessions {
	// Not scs.New: it starts a goroutine for a store of its own, which nobody can
	// reliably stop.
	m := &scs.SessionManager{
		Store: &sessionStore{held: map[string]session{}}, Codec: scs.GobCodec{},
		IdleTimeout: idle, Lifetime: lifetime, HashTokenInStore: true,
		Cookie: scs.SessionCookie{
			Name: "upprop-" + name, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
		},
	}
	if secure {
		m.Cookie.Name = "__Host-" + m.Cookie.Name
	}
	m.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		log.Error("a session was not served", "err", err.Error())
		http.Error(w, "the session could not be read: sign in again", http.StatusInternalServerError)
	}
	return &Sessions{m, newShelf[any](256, 5*time.Minute), newShelf[string](1024, 10*time.Minute)}
}

// around reads the session of a request and keeps what has changed of it.
func (s *Sessions) around(next http.Handler) http.Handler { return s.LoadAndSave(next) }

// none reports whether nobody is signed in here.
func (s *Sessions) none() bool {
	held, ok := s.Store.(*sessionStore)
	return ok && held.none()
}

// What a session holds.
const (
	keyOperator = "operator" // the id
	keyPassword = "password" // which password it began with
	keyOwes     = "owes"     // its operator had no second factor, and needs one
	keyPasskey  = "passkey"  // which passkey it began with; empty: none
	keyFirst    = "first"    // under which the first password is kept of who has none of their own
	// Who has shown a password, and not yet the second factor; and when, in Unix
	// seconds.
	keyWaits, keyWaitsPassword, keyWaitsSince = "waits", "waits password", "waits since"
)

// waiting is how long a second factor may come after the password.
const waiting = 5 * time.Minute

// begin starts a session under a new token, whatever was there before.
func (s *Sessions) begin(ctx context.Context, operator, password string, owes bool) error {
	if err := s.anew(ctx); err != nil {
		return err
	}
	s.Put(ctx, keyOperator, operator)
	s.Put(ctx, keyPassword, password)
	s.Put(ctx, keyOwes, owes)
	return nil
}

// await keeps that somebody has shown a password, and is nobody yet.
func (s *Sessions) await(ctx context.Context, operator, password string, now time.Time) error {
	if err := s.anew(ctx); err != nil {
		return err
	}
	s.Put(ctx, keyWaits, operator)
	s.Put(ctx, keyWaitsPassword, password)
	s.Put(ctx, keyWaitsSince, now.Unix())
	return nil
}

// pending is who has shown a password of late, and which.
func (s *Sessions) pending(ctx context.Context, now time.Time) (operator, password string, ok bool) {
	operator, since := s.GetString(ctx, keyWaits), time.Unix(s.GetInt64(ctx, keyWaitsSince), 0)
	return operator, s.GetString(ctx, keyWaitsPassword), operator != "" && now.Sub(since).Abs() < waiting
}

func (s *Sessions) anew(ctx context.Context) error {
	if err := s.Clear(ctx); err != nil {
		return err
	}
	return s.RenewToken(ctx)
}

// sessionStore keeps sessions in memory. Safe for concurrent use.
type sessionStore struct {
	mu   sync.Mutex
	held map[string]session
}

type session struct {
	data []byte
	ends time.Time
}

func (s *sessionStore) none() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.held {
		if time.Now().Before(one.ends) {
			return false
		}
	}
	return true
}

// Delete implements scs.Store.
func (s *sessionStore) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, token)
	return nil
}

// Find implements scs.Store.
func (s *sessionStore) Find(token string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.held[token]
	if !ok || !time.Now().Before(one.ends) {
		return nil, false, nil
	}
	return one.data, true, nil
}

// Commit implements scs.Store.
func (s *sessionStore) Commit(token string, data []byte, ends time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, first := time.Now(), ""
	for t, one := range s.held {
		if !now.Before(one.ends) {
			delete(s.held, t)
		} else if first == "" || one.ends.Before(s.held[first].ends) {
			first = t
		}
	}
	if _, known := s.held[token]; !known && len(s.held) >= maxSessions {
		delete(s.held, first)
	}
	s.held[token] = session{data, ends}
	return nil
}
