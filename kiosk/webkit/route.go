package webkit

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/upprop/upprop/kiosk/lang"
)

// Route binds a method and a path pattern of net/http to a handler.
type Route struct {
	Method, Pattern string
	Handler         Handler
}

// Handler answers one request. What it returns is sent by the kit: a response
// as it is, an error as a page. It never writes by itself.
type Handler func(*Request) (Response, error)

// Request is a request with its language chosen and its form read.
type Request struct {
	*http.Request
	Locale lang.Locale
	engine *engine
	form   url.Values
	// withheld are values that the log must not show.
	withheld []string
}

// Field is a form field as a person meant it: valid text in composed form,
// without space around it. Judging it is not the edge's business.
func (r *Request) Field(name string) string {
	s := strings.ToValidUTF8(r.form.Get(name), "\uFFFD")
	return strings.TrimSpace(norm.NFC.String(s))
}

// Fields are all values of a field that may be given several times, each as Field
// gives it.
func (r *Request) Fields(name string) (out []string) {
	for _, s := range r.form[name] {
		out = append(out, strings.TrimSpace(norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))))
	}
	return out
}

// Lines is a form field of several lines, each ended by a line feed, as Field is
// one of one.
func (r *Request) Lines(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(r.Field(name), "\r\n", "\n"), "\r", "\n")
}

// Text is a sentence of the catalog in the reader's language.
func (r *Request) Text(key string, args map[string]any) string {
	return r.engine.cfg.Catalog.Text(r.Locale, key, args)
}

// TextIn is a sentence of the catalog in a given language.
func (r *Request) TextIn(l lang.Locale, key string) string {
	return r.engine.cfg.Catalog.Text(l, key, nil)
}

// Link is a path that keeps the reader's language.
func (r *Request) Link(path string) string { return keepLanguage(path, r.Locale) }

// Fragment renders one template of a page, for a live region.
func (r *Request) Fragment(page, block string, data any) ([]byte, error) {
	return r.engine.render(r.Locale, page, block, data)
}

func (e *engine) handle(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := e.request(r)
		if err := req.readForm(); err != nil {
			e.fail(w, req, err)
			return
		}
		res, err := h(req)
		if err == nil {
			err = res.respond(w, req)
		}
		if err != nil {
			e.fail(w, req, err)
		}
	})
}

// request chooses the language: the form's, else the link's, else the
// browser's. There is no cookie to ask consent for.
func (e *engine) request(r *http.Request) *Request {
	choice := r.URL.Query().Get("lang")
	return &Request{
		Request: r, engine: e,
		Locale: lang.ChooseFrom(e.cfg.Locales, choice, r.Header.Get("Accept-Language")),
	}
}

// File is a file that was sent with the form; nil for none.
func (r *Request) File(name string) ([]byte, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File[name]) == 0 {
		return nil, nil
	}
	f, err := r.MultipartForm.File[name][0].Open()
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	defer func() { _ = f.Close() }()
	body, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return body, nil
}

// parse reads a form of either kind, in memory: nothing of it is put on the disk.
func (r *Request) parse() error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return r.ParseForm()
	}
	return r.ParseMultipartForm(cmp.Or(r.engine.cfg.Body, maxBody))
}

func (r *Request) readForm() error {
	if r.Method != http.MethodPost {
		r.form = url.Values{}
		return nil
	}
	if err := r.parse(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return lang.Problem{Key: "request.too_large"}
		}
		return lang.Problem{Key: "request.malformed"}
	}
	r.form = r.PostForm
	if l := lang.Locale(r.form.Get("lang")); slices.Contains(r.engine.cfg.Locales, l) {
		r.Locale = l
	}
	return nil
}
