package api

import (
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
)

// RootFile is the request to export the campus root to a file on the node's
// machine, or to restore it from one, and the answer, without the passphrase.
type RootFile struct {
	Path       string `json:"path"`
	Passphrase Text   `json:"passphrase,omitzero"`
}

func (a *API) exportRoot(r *http.Request) (any, error) {
	return rootFile(r, a.cfg.Node.ExportRoot)
}

func (a *API) restoreRoot(r *http.Request) (any, error) {
	return rootFile(r, a.cfg.Node.RestoreRoot)
}

func rootFile(r *http.Request, act func(path, passphrase string) error) (any, error) {
	var in RootFile
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if !filepath.IsAbs(in.Path) {
		return nil, malformed("the path is not absolute", "send the whole path of the file")
	}
	if err := act(in.Path, in.Passphrase.Reveal()); err != nil {
		return nil, aboutFile(err)
	}
	return RootFile{Path: in.Path}, nil
}

// aboutFile passes on what is wrong with a file: the operator at the node
// reads it, and there is nothing personal in it.
func aboutFile(err error) error {
	switch {
	case errors.Is(err, fs.ErrExist):
		return unfit("there is a file of that name already", "choose another name: nothing is overwritten")
	case errors.Is(err, fs.ErrNotExist):
		return unfit("there is no such file or folder", "check the path")
	case errors.Is(err, fs.ErrPermission):
		return unfit("the node may not use that file", "choose one that the user who runs upprop may read and write")
	}
	if p := new(fs.PathError); errors.As(err, &p) {
		return unfit(err.Error(), "check the path, and the disk that it is on")
	}
	if e := judge(err); e.Status != http.StatusInternalServerError {
		return e
	}
	return sentence(http.StatusUnprocessableEntity, err.Error())
}
