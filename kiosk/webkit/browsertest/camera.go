package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Camera is a picture in black and white that Chromium's fake camera shows,
// over and over.
func Camera(t testing.TB, black func(x, y int) bool, width, height int) string {
	t.Helper()
	frame := make([]byte, width*height*3/2)
	for i := range frame {
		frame[i] = 128 // no colour
	}
	for y := range height {
		for x := range width {
			frame[y*width+x] = 235
			if black(x, y) {
				frame[y*width+x] = 16
			}
		}
	}
	file := filepath.Join(t.TempDir(), "camera.y4m")
	film := []byte(fmt.Sprintf("YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n", width, height))
	for range 5 {
		film = append(append(film, "FRAME\n"...), frame...)
	}
	if err := os.WriteFile(file, film, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
