package browsertest

import "os"

// All reports whether browsers go through everything (UPPROP_FLOWS=all): every language
// in both themes at all sizes. Otherwise each language and each theme is gone through
// once, so that `make check` stays short.
func All() bool { return os.Getenv("UPPROP_FLOWS") == "all" }
