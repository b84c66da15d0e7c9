package phone

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/webkit"
)

//go:embed app/* pages/*.html words/*.toml
var files embed.FS

// policy is as strict as that of other pages but for connect-src: the page
// delivers to any node of the campus, whose addresses it learns as it goes. What
// it says there is said with the key of its pairing alone.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"connect-src 'self' https: http://127.0.0.1:* http://localhost:*; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"

// app is what is kept on a phone: every file of one release together, so that a
// phone never mixes two.
type app struct {
	files map[string][]byte
	// version names the files and what is in them.
	version string
}

// worker and shell have addresses of their own. What the worker keeps is written
// before what it does.
const worker, shell = "worker.js", "shell.html"

func openApp() (app, error) {
	a := app{files: map[string][]byte{}}
	own, err := fs.Sub(files, "app")
	if err != nil {
		return a, err
	}
	for _, f := range []struct {
		tree fs.FS
		glob string
	}{{own, "*"}, {webkit.Static(), "upprop.css"}, {webkit.Static(), "favicon.svg"}} {
		names, err := fs.Glob(f.tree, f.glob)
		if err != nil {
			return a, err
		}
		for _, name := range names {
			if a.files[name], err = fs.ReadFile(f.tree, name); err != nil {
				return a, fmt.Errorf("read %s: %w", name, err)
			}
		}
	}
	decoder, err := evac.Decoder()
	if err != nil {
		return a, fmt.Errorf("read the decoder of QR codes: %w", err)
	}
	maps.Copy(a.files, decoder)
	h := sha256.New()
	for _, name := range a.names() {
		fmt.Fprintf(h, "%s %d\n", name, len(a.files[name]))
		h.Write(a.files[name])
	}
	a.version = hex.EncodeToString(h.Sum(nil)[:8])
	kept := []string{"/phone"}
	for _, name := range a.names() {
		if name != worker && name != shell {
			kept = append(kept, "/phone/app/"+name)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "const version = %q, kept = [\n", a.version)
	for _, k := range kept {
		fmt.Fprintf(&b, "  %q,\n", k)
	}
	b.WriteString("];\n")
	a.files[worker] = append(b.Bytes(), a.files[worker]...)
	return a, nil
}

func (a app) names() []string {
	var out []string
	for name := range a.files {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// serve sends a file. All of them are asked for anew when the worker installs a
// release, and else come from what it keeps.
func (a app) serve(w http.ResponseWriter, r *http.Request, name string) {
	body, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kindOf(name))
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+a.version+`"`)
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), screen-wake-lock=(self), microphone=(), geolocation=()")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func kindOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		return mime.TypeByExtension(ext)
	}
}
