package evac

import (
	"io/fs"

	"github.com/upprop/upprop/kiosk/webkit"
)

// Decoder are the files by which a page reads QR codes where its browser cannot:
// decode.js, a worker, and jsQR.js, which it loads.
func Decoder() (map[string][]byte, error) {
	out := map[string][]byte{}
	for name, path := range map[string]string{"decode.js": "decode.js", "jsQR.js": "vendor/jsQR.js"} {
		b, err := fs.ReadFile(webkit.Static(), path)
		if err != nil {
			return nil, err
		}
		out[name] = b
	}
	return out, nil
}
