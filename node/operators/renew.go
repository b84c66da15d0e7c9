package operators

import (
	"context"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

// renewEach is how often it is looked what dies soon.
const renewEach = time.Hour

// renew seals anew what stands and dies soon, under the same marks. It returns
// how many fields it renewed.
func (s *Service) renew(ctx context.Context) (n int, err error) {
	s.editing.Lock()
	defer s.editing.Unlock()
	if !s.cfg.Desk() || s.cfg.MayEdit() != nil {
		return 0, nil
	}
	if did, err := s.renewField(ctx, campusID, providerField); err != nil {
		return n, err
	} else if did {
		n++
	}
	for _, id := range s.ids() {
		for _, field := range append([]string{"alias", "password", "factor", idpField}, s.keyFields(id)...) {
			did, err := s.renewField(ctx, id, field)
			if err != nil {
				return n, err
			}
			if did {
				n++
			}
		}
		// A password that another operator set meanwhile, or an older release, is
		// brought into the form that it has beside the factor that stands.
		formed, err := s.formed(id, s.factored(id) != "")
		if err == nil && len(formed) > 0 {
			err = s.cfg.Settings.Set(ctx, formed...)
			n++
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (s *Service) renewField(ctx context.Context, id ID, field string) (bool, error) {
	at, ok := s.cfg.Settings.Setting(key(id, field))
	if !ok {
		return false, nil
	}
	name := key(id, field+"/"+at.Value.String())
	box, _ := s.cfg.Settings.Setting(name)
	dies, ok := s.cfg.Vault.BoxDies(box.Value.Bytes())
	if !ok || dies > s.cfg.Today()+near {
		return false, nil
	}
	plain, mark, err := s.open(id, field)
	if err != nil {
		return false, nil // its key has not come yet, or has died
	}
	defer clear(plain)
	anew, err := s.cfg.Vault.SealForDesks(label(id, field, mark), s.cfg.Today()+ahead, plain)
	if err != nil {
		return false, err
	}
	// Without a later key there is nothing to gain.
	if until, _ := s.cfg.Vault.BoxDies(anew); until <= dies {
		return false, nil
	}
	return true, s.cfg.Settings.Set(ctx, crdt.Setting{Key: name, Value: shape.Bytes(anew)})
}

// Run seals anew, at desks, what would die, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(renewEach)
	defer tick.Stop()
	for {
		if n, err := s.renew(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("operators' secrets could not be sealed anew; tried again later", "err", err)
		} else if n > 0 {
			s.cfg.Logger.Info("operators' secrets were sealed anew", "fields", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
