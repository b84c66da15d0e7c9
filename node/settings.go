package node

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/operators"
)

// Errors of EditSetting.
var (
	ErrNoSetting    = errors.New("there is no such setting to edit")
	ErrSettingValue = errors.New("this value cannot be used: write 1 to 64 bytes of plain text without slashes")
)

// CampusNameSetting is the setting that says what the campus is called.
const CampusNameSetting = settingCampusName

// editable are the settings that people edit, with what they may be.
var editable = map[string]func(string) error{
	settingCampusName: func(s string) error {
		if record.CheckPlaceName(s) != nil {
			return ErrSettingValue
		}
		return nil
	},
	settingSignOutAfter:   checkSignOutAfter,
	settingReceptionPhone: checkReceptionPhone,
	settingRemindDelivery: checkRemindDelivery,
	settingDomain:         checkDomain,
	settingDrillEvery: func(s string) error {
		if n, err := strconv.Atoi(s); err != nil || strconv.Itoa(n) != s || n < 0 || n > maxDrillEvery {
			return ErrDrillEvery
		}
		return nil
	},
}

// DrillEverySetting says after how many days without a drill that is said; 0
// for never.
const DrillEverySetting = settingDrillEvery

const (
	settingDrillEvery = "drill.every"
	settingDrillLast  = "drill.last"
	// defaultDrillEvery and maxDrillEvery are days.
	defaultDrillEvery, maxDrillEvery = 365, 3650
)

// ErrDrillEvery is EditSetting's error about DrillEverySetting.
var ErrDrillEvery = errors.New("write a number of days between 1 and 3650, or 0 to be reminded of no drill")

// DrillEvery is after how many days without a drill that is said; 0 for never.
func (n *Node) DrillEvery() int {
	if s, ok := n.replica.Setting(settingDrillEvery); ok {
		if days, err := strconv.Atoi(s.Value.String()); err == nil && days >= 0 {
			return days
		}
	}
	return defaultDrillEvery
}

// LastDrill is the day on which the campus last began a drill, as far as is known;
// where none ever has, none, and Founded says since when there could have been.
func (n *Node) LastDrill() (day record.Day, known bool) {
	if s, ok := n.replica.Setting(settingDrillLast); ok {
		if d, err := record.ParseDay(s.Value.String()); err == nil {
			day, known = d, true
		}
	}
	for _, x := range n.replica.Evacuations() {
		if d := record.DayOf(x.At.Time()); x.Drill && (!known || d > day) {
			day, known = d, true
		}
	}
	return day, known
}

// Founded is when the first member of the campus was let in.
func (n *Node) Founded() (at time.Time) {
	for _, m := range n.roster.Members() {
		if at.IsZero() || m.IssuedAt.Before(at) {
			at = m.IssuedAt
		}
	}
	return at
}

// keepDrill writes down the day of the last drill where the starts themselves are
// not kept for as long. Whoever may edit settings does; all write the same.
func (n *Node) keepDrill(ctx context.Context) error {
	day, known := n.LastDrill()
	if !known || n.Barred() != nil || !(members{n.roster}).mayEdit(record.NodeID(n.key.ID())) {
		return nil
	}
	if s, ok := n.replica.Setting(settingDrillLast); ok && s.Value.String() == day.String() {
		return nil
	}
	if err := (register{n.replica}).Set(ctx, crdt.Setting{Key: settingDrillLast, Value: shape.String(day.String())}); err != nil {
		return fmt.Errorf("note the last drill: %w", err)
	}
	return nil
}

// runDrills keeps the day of the last drill up to date until ctx ends.
func (n *Node) runDrills(ctx context.Context) error {
	for {
		changed := n.replica.Changed()
		err := n.keepDrill(ctx)
		if err != nil && ctx.Err() == nil {
			n.log.Warn("the day of the last drill could not be noted; tried again", "err", err)
		}
		// Changes come by the thousand; a drill is not in a hurry.
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(drillTick):
		}
		if err != nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

const drillTick = 10 * time.Second

// EditSetting sets a setting that people edit, durably, and puts that on
// record. Errors: ErrNoSetting, ErrSettingValue, operators.ErrNotHere.
func (n *Node) EditSetting(ctx context.Context, by, key, value string) error {
	check, ok := editable[key]
	if !ok {
		return ErrNoSetting
	}
	if err := check(value); err != nil {
		return err
	}
	if n.Barred() != nil || !(members{n.roster}).mayEdit(record.NodeID(n.key.ID())) {
		return operators.ErrNotHere
	}
	if err := n.ActBy(by, "setting.set", nil, key); err != nil {
		return err
	}
	if err := (register{n.replica}).Set(ctx, crdt.Setting{Key: key, Value: shape.String(value)}); err != nil {
		return fmt.Errorf("edit setting: %w", err)
	}
	return nil
}
