package sheet

import (
	"slices"
	"strings"

	"github.com/upprop/upprop/crdt"
	"github.com/upprop/upprop/crdt/shape"
)

// Parts are the settings that keep a file below a key, which ends with a slash. They
// are written with Write, so that all of them come or none. There are 26 names that
// sort as they were written: a file has no more parts.
func Parts(key string, file []byte) (all []crdt.Setting) {
	part := byte('a')
	for some := range slices.Chunk(file, shape.MaxSetting) {
		all = append(all, crdt.Setting{Key: key + string(part), Value: shape.Bytes(some)})
		part++
	}
	return all
}

// Whole is the file that the settings below a key keep; nil where they hold more than
// so many bytes. What settings say may be anybody's who can write them: whoever calls
// judges what is in it.
func Whole(s Settings, key string, most int) (file []byte) {
	parts := s.Settings(key)
	slices.SortFunc(parts, func(x, y crdt.Setting) int { return strings.Compare(x.Key, y.Key) })
	for _, p := range parts {
		if file = append(file, p.Value.Bytes()...); len(file) > most {
			return nil
		}
	}
	return file
}
