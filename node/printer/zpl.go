package printer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

const (
	zplScheme   = "zpl"
	defaultZPL  = "9100"
	zplSendsIn  = 10 * time.Second
	zplAnswers  = 2 * time.Second
	statusLines = 3
	longestLine = 128
)

// sendLabel gives a badge to a printer in the language that it speaks. What it
// returns names no person.
func sendLabel(ctx context.Context, to string, l Label) error {
	if strings.HasPrefix(to, zplScheme+":") {
		return byZPL(ctx, to, l.ZPL)
	}
	near, cancel := context.WithTimeout(ctx, labelPatience)
	defer cancel()
	if err := reach(near, to); err != nil {
		return err
	}
	return send(ctx, to, "Upprop", l.PDF)
}

// byZPL asks a printer on a raw socket how it is (~HS, host status return, of
// the Zebra Programming Guide) and, unless it says that it cannot print, sends
// the label. One that does not answer in zplAnswers is sent it all the same:
// many that understand ZPL do not know the question.
func byZPL(ctx context.Context, to string, label []byte) error {
	u, err := url.Parse(to)
	if err != nil {
		return errAddress
	}
	near, cancel := context.WithTimeout(ctx, labelPatience)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(near, "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), defaultZPL)))
	if err != nil {
		return errUnreachable
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	if _, err := c.Write([]byte("~HS\r\n")); err != nil {
		return errUnreachable
	}
	_ = c.SetReadDeadline(time.Now().Add(zplAnswers))
	if why := condition(c); why != nil {
		return why
	}
	_ = c.SetWriteDeadline(time.Now().Add(zplSendsIn))
	if _, err := c.Write(label); err != nil {
		return errors.New("it did not take the badge whole")
	}
	// The printer has it when it has read to the end.
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.CloseWrite()
	}
	_ = c.SetReadDeadline(time.Now().Add(zplAnswers))
	var rest [512]byte
	for {
		if _, err := c.Read(rest[:]); err != nil {
			if errors.Is(err, net.ErrClosed) || isReset(err) {
				return errors.New("it broke off")
			}
			return nil
		}
	}
}

func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !op.Timeout()
}

// condition is why a printer says that it cannot print; nil where it can, or
// says nothing that is understood. Its answer is three lines between STX and
// ETX; the first is aaa,b,c,…: b is paper out, c is paused; in the second, the
// third field is head up, and the fourth ribbon out.
func condition(c net.Conn) error {
	var all []byte
	buf := make([]byte, longestLine)
	for bytes.Count(all, []byte{etx}) < statusLines && len(all) < statusLines*longestLine {
		n, err := c.Read(buf)
		all = append(all, buf[:n]...)
		if err != nil {
			break
		}
	}
	return ailing(all)
}

const (
	stx = 0x02
	etx = 0x03
)

func ailing(answer []byte) error {
	var lines [][]string
	for _, l := range bytes.Split(answer, []byte{etx}) {
		if i := bytes.IndexByte(l, stx); i >= 0 {
			lines = append(lines, strings.Split(string(l[i+1:]), ","))
		}
	}
	said := func(line, field int) bool {
		return line < len(lines) && field < len(lines[line]) && strings.TrimSpace(lines[line][field]) == "1"
	}
	for _, s := range []struct {
		line, field int
		why         string
	}{{0, 1, "it is out of labels"}, {1, 2, "its head is open"}, {1, 3, "it is out of ribbon"}, {0, 2, "it is paused"}} {
		if said(s.line, s.field) {
			return fmt.Errorf("%s", s.why)
		}
	}
	return nil
}
