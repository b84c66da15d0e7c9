package webkit

import "io/fs"

// Static are the shared static files by their plain names, for a page that is
// kept on a device and is not rendered here.
func Static() fs.FS {
	f, err := fs.Sub(sharedFiles, "static")
	if err != nil {
		panic(err) // it is there at compile time
	}
	return f
}
