package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/upprop/upprop/cmd/internal/socket"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/api"
)

// maxAnswer is the largest answer of a node that is read, in bytes.
const maxAnswer = 256 << 20

// client asks the running node of a data folder.
type client struct {
	folder string
	http   *http.Client
}

func newClient(folder string) *client {
	path := node.Folder(folder).Socket()
	return &client{folder: folder, http: &http.Client{
		Timeout: 60 * time.Second,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return socket.Dial(ctx, path) },
		},
	}}
}

// ask does one verb and takes in the answer. in may be nil.
func (c *client) ask(ctx context.Context, method, path string, in, out any) error {
	raw, err := c.raw(ctx, method, path, in)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return errors.New("the node's answer could not be read: check that both are the same release with `upprop version`")
	}
	return nil
}

// raw does one verb and returns the answer as it came. Errors are *api.Error
// where the node refused.
func (c *client) raw(ctx context.Context, method, path string, in any) ([]byte, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("write request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.absent(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, c.absent(err)
	}
	if res.StatusCode/100 == 2 {
		return raw, nil
	}
	e := api.Error{Status: res.StatusCode}
	if json.Unmarshal(raw, &e) != nil || e.Message == "" {
		e.Message = fmt.Sprintf("the node answered with status %d: check that both are the same release with `upprop version`", res.StatusCode)
	}
	return nil, &e
}

// absent says why the node does not answer.
func (c *client) absent(err error) error {
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() || errors.Is(err, context.Canceled) {
		return errors.New("the node did not answer in time: nothing is known of whether it was done; look with `upprop visit list`, then try again")
	}
	var broke *net.OpError
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.As(err, &broke) && broke.Op == "read" {
		return errors.New("the node stopped while it was asked: start it again, then look with `upprop visit list` whether it was done")
	}
	if _, gone := os.Stat(filepath.Join(c.folder, "node.json")); gone != nil {
		return node.ErrNoNode
	}
	return fmt.Errorf("the node is not running on this data folder: start it with `upprop run --data %s`", c.folder)
}
