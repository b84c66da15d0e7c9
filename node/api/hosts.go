package api

import (
	"errors"
	"net/http"

	"github.com/upprop/upprop/node/hosts"
)

// Host is somebody whom visitors come to see. An ID that is left out adds one.
type Host struct {
	ID   string `json:"id,omitempty"`
	Name Text   `json:"name"`
	Unit Text   `json:"unit,omitzero"`
	Mail Text   `json:"mail,omitzero"`
}

// HostQuery asks for hosts by the beginnings of words.
type HostQuery struct {
	Find Text `json:"find"`
}

// HostsFound answers it: a few.
type HostsFound struct {
	Hosts []Host `json:"hosts"`
	More  bool   `json:"more"`
	Count int    `json:"count"`
}

// HostFile is a CSV file of hosts.
type HostFile struct {
	CSV Text `json:"csv"`
	// Replace takes those off who are not in the file.
	Replace bool `json:"replace,omitempty"`
}

// HostImport answers it. Where rows are wrong nothing was saved.
type HostImport struct {
	Set     int        `json:"set"`
	Removed int        `json:"removed"`
	Faults  []RowFault `json:"faults"`
}

func hostOf(h hosts.Host) Host {
	return Host{ID: h.ID, Name: Text{h.Name}, Unit: Text{h.Unit}, Mail: Text{h.Mail}}
}

func (a *API) findHosts(r *http.Request) (any, error) {
	var in HostQuery
	if err := read(r, &in); err != nil {
		return nil, err
	}
	out := HostsFound{Hosts: []Host{}, Count: a.cfg.Node.Hosts().Count()}
	found, more := a.cfg.Node.Hosts().Find(in.Find.Reveal())
	for _, h := range found {
		out.Hosts = append(out.Hosts, hostOf(h))
	}
	out.More = more
	return out, nil
}

func (a *API) putHost(r *http.Request) (any, error) {
	var in Host
	if err := read(r, &in); err != nil {
		return nil, err
	}
	h, err := a.cfg.Node.Hosts().Put(r.Context(), "", hosts.Host{ID: in.ID, Name: in.Name.Private, Unit: in.Unit.Private, Mail: in.Mail.Private})
	return hostOf(h), err
}

func (a *API) removeHost(r *http.Request) (any, error) {
	return named(r, func(id string) error { return a.cfg.Node.Hosts().Remove(r.Context(), "", id) })
}

func (a *API) importHosts(r *http.Request) (any, error) {
	var in HostFile
	if err := read(r, &in); err != nil {
		return nil, err
	}
	out := HostImport{Faults: []RowFault{}}
	var err error
	out.Set, out.Removed, err = a.cfg.Node.Hosts().Import(r.Context(), "", []byte(in.CSV.Reveal()), in.Replace)
	var rows *hosts.ErrRows
	if errors.As(err, &rows) {
		for _, f := range rows.Rows {
			out.Faults = append(out.Faults, RowFault{f.Row, f.Err.Key, f.Err.Hint})
		}
		return out, nil
	}
	return out, err
}
