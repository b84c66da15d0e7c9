package node

import (
	"context"
	"errors"
	"strconv"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/deliveries"
	"github.com/upprop/upprop/node/notify"
)

// RemindDeliverySetting says after how many days whom a delivery waits for is told
// of it once more; 0 for never.
const RemindDeliverySetting = settingRemindDelivery

const (
	settingRemindDelivery = "deliveries.remind_after"
	// defaultRemindDelivery and maxRemindDelivery are days.
	defaultRemindDelivery, maxRemindDelivery = 3, 90
)

// ErrRemindDelivery is EditSetting's error about RemindDeliverySetting.
var ErrRemindDelivery = errors.New("that is no number of days after which somebody can be reminded of a delivery, and nothing was saved: write 1 to 90, or 0 to remind nobody")

func checkRemindDelivery(s string) error {
	if n, err := strconv.Atoi(s); err != nil || strconv.Itoa(n) != s || n < 0 || n > maxRemindDelivery {
		return ErrRemindDelivery
	}
	return nil
}

// RemindDelivery is after how many days whom a delivery waits for is told of it once
// more; 0 for never.
func (n *Node) RemindDelivery() int {
	if s, ok := n.replica.Setting(settingRemindDelivery); ok && checkRemindDelivery(s.Value.String()) == nil {
		days, _ := strconv.Atoi(s.Value.String()) // just checked
		return days
	}
	return defaultRemindDelivery
}

// Deliveries are what was left for somebody to pick up.
func (n *Node) Deliveries() *deliveries.Service { return n.deliveries }

// openDeliveries makes what keeps deliveries.
func (n *Node) openDeliveries() {
	n.deliveries = deliveries.New(deliveries.Config{
		Replica: n.replica, Vault: n.vault, Draw: n.visits.Draw, Desk: func() bool { return n.access().Dossiers },
		Place: func() record.Place { return place(n.Self()) }, Today: n.KeptFrom, Sure: n.expiry.SureToday, Days: func() record.Day { return n.termsNow().Delivery() },
		Act:    func(by, what string, ids []record.VisitID) error { return n.ActBy(by, what, ids, "") },
		Barred: n.Barred, Withheld: n.withheld, Mine: func(id record.VisitID) bool { return id.OwnedBy(record.NodeID(n.key.ID())) },
		RemindAfter: n.RemindDelivery, HostMail: n.hostMail, Changed: n.replica.Changed, Now: n.cfg.Now, Logger: n.log,
		Tell: func(l deliveries.Letter) error {
			return n.notices.Mail(notify.Letter{Visit: l.Delivery, To: l.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML, Until: l.Until, Once: l.Once})
		},
		Erase: func(ctx context.Context, ids []record.VisitID) error {
			_, err := n.Erase(ctx, ids...)
			return err
		},
	})
}
