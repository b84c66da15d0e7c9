package points

import (
	"context"
	"strconv"
	"strings"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/crdt/shape"
	"github.com/upprop/upprop/node/sheet"
)

// Before is what a field of a point ("text/sv") says before anybody has set it;
// false where it is not put back: how a point is called.
func Before(field string) (string, bool) {
	switch what, _, _ := strings.Cut(field, "/"); what {
	case "kind":
		return string(removed), true
	case "site", "position", "at", "text":
		return "", true
	case "capacity":
		return "0", true
	case "x", "y":
		return strconv.Itoa(NoPlace), true
	}
	return "", false
}

// PutBack says anew what one field of a point said once, by the point's id in the
// settings. A point that was removed comes back as it was. Errors: as of Put and
// Remove.
func (b *Book) PutBack(ctx context.Context, by, id, field, value string) error {
	f := sheet.Groups(b.cfg.Settings, prefixPoint)[id]
	name := record.PointName(f["name"].String())
	_, known := b.find(name)
	var e Edit
	what, of, _ := strings.Cut(field, "/")
	switch {
	case what == "kind" && value == string(removed):
		return b.Remove(ctx, by, name)
	case what == "kind":
		kind := Kind(value)
		if e.Kind = &kind; !known {
			e = lastSaid(f, e)
		}
	case !known:
		return errNoPoint
	case what == "site":
		site := record.SiteID(value)
		e.Site = &site
	case what == "position":
		e.Position = &value
	case what == "at":
		e.At = &value
	case what == "text":
		e.Text = map[string]string{of: value}
	case what == "capacity" || what == "x" || what == "y":
		n, err := strconv.Atoi(value)
		if err != nil {
			return errNoPoint
		}
		*map[string]**int{"capacity": &e.Capacity, "x": &e.X, "y": &e.Y}[what] = &n
	default:
		return errNoPoint
	}
	_, err := b.Put(ctx, by, name, e)
	return err
}

// lastSaid has an edit say all that was said of a point last.
func lastSaid(f map[string]shape.Value, e Edit) Edit {
	site, position, at, capacity := record.SiteID(f["site"].String()), f["position"].String(), f["at"].String(), int(f["capacity"].Int())
	e.Site, e.Position, e.At, e.Capacity, e.Text = &site, &position, &at, &capacity, sheet.ByLanguage(f, "text")
	if x, y := f["x"], f["y"]; x.Kind() == shape.KindInt && y.Kind() == shape.KindInt {
		left, top := int(x.Int()), int(y.Int())
		e.X, e.Y = &left, &top
	}
	return e
}

// PutBackDuty assigns anew, or takes, what one field of a warden or duty
// ("point/…") said once, empty for nothing. Errors: as of Assign and Take.
func (b *Book) PutBackDuty(ctx context.Context, by, id, field, value string) error {
	f := sheet.Groups(b.cfg.Settings, prefixWarden)[id]
	who, now := f["who"].String(), f[field].String()
	isZone := strings.HasPrefix(field, "zone/")
	text := value
	if value == "" {
		text = now
	}
	site, zone, _ := strings.Cut(text, "/")
	switch {
	case value == "" && isZone:
		return b.Take(ctx, by, who, nil, []Zone{{record.SiteID(site), record.ZoneID(zone)}})
	case value == "":
		return b.Take(ctx, by, who, []record.PointName{record.PointName(text)}, nil)
	}
	d := Duty{Name: strings.TrimPrefix(strings.TrimPrefix(who, ofDuty), ofNode), Free: strings.HasPrefix(who, ofDuty)}
	if isZone {
		d.Site, d.Zone = record.SiteID(site), record.ZoneID(zone)
	} else {
		d.Point = record.PointName(text)
	}
	return b.Assign(ctx, by, d)
}
