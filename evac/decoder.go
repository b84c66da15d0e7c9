package evac

import "io/fs"

// Decoder are the files by which a page reads QR codes where its browser cannot:
// decode.js, a worker, and jsQR.js, which it loads.
func Decoder() (map[string][]byte, error) {
	out := map[string][]byte{}
	for name, path := range map[string]string{"decode.js": "static/decode.js", "jsQR.js": "static/vendor/jsQR.js"} {
		b, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, err
		}
		out[name] = b
	}
	return out, nil
}
