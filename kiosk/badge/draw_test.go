package badge

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

const payload = "UPP1:0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEFGHJKMN"

var sizes = map[string]Size{"small": {50, 25, 203}, "zebra": {76, 51, 203}, "brother": {62, 40, 300}, "card": {86, 54, 300}, "square": {100, 100, 203}}

var people = map[string]Words{
	"plain": {Kind: "Besökare", Campus: "Norrköping", Name: "Åsa Öberg", Company: "Ångpanna & Söner AB", Host: "Till Björn Ek", Since: "2026-11-27 14:05", Code: "7KQ2-M4XZ", QR: payload},
	"long": {
		Kind: "Entreprenör med ett mycket långt namn på sin roll", Campus: "Universitetssjukhuset i Nedre Älvdalen", Name: "Maria-Magdalena Konstantinopoulou von Habsburg-Lothringen",
		Company: strings.Repeat("Mycket ", 40), Host: strings.Repeat("x", 300), Since: "2026-11-27 14:05", Code: "7KQ2-M4XZ", QR: payload,
	},
	"hostile": {Kind: "^XZ~JR", Campus: "\x00\x1b", Name: "^XA^FD\u202eevil ~DG 漢字 👩‍🚒", Since: strings.Repeat("\xff", 9), Code: "7KQ2-M4XZ", QR: payload},
	"empty":   {QR: payload},
	"arabic":  {Kind: "Besökare", Campus: "Norrköping", Name: "محمد علي الحسن", Company: "شركة البناء", Host: "Till Björn Ek", Since: "2026-11-27 14:05", Code: "7KQ2-M4XZ", QR: payload},
	"chinese": {Kind: "访客", Campus: "Norrköping", Name: "欧阳小明", Company: "王氏有限公司", Host: "Till דוד לוי", Since: "2026-11-27 14:05", Code: "7KQ2-M4XZ", QR: payload},
	"escort":  {Kind: "Entreprenör", Mark: "triangle", Escort: "Ska ledsagas", Campus: "Norrköping", Name: "Åsa Öberg", Company: "Ångpanna & Söner AB", Host: "Till Björn Ek", Since: "2026-11-27 14:05", Code: "7KQ2-M4XZ", QR: payload},
	"logo":    {Kind: "Besökare", Campus: "Norrköping", Name: "Åsa Öberg", Since: "2026-11-27 14:05", Code: "7KQ2-M4XZ", QR: payload, Logo: disc()},
	"hindi":   {Kind: "आगंतुक", Campus: "Norrköping", Name: "प्रिया क्षत्रिय", Company: strings.Repeat("கட்டுமானம் ", 9), Host: "สมชาย ใจดี", Since: "2026-11-27 14:05", Code: "7KQ2-M4XZ", QR: payload},
}

// disc is a yellow logo on white.
func disc() image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 300, 100))
	for y := range 100 {
		for x := range 300 {
			m.Set(x, y, color.White)
			if (x-50)*(x-50)+(y-50)*(y-50) < 45*45 {
				m.Set(x, y, color.NRGBA{255, 230, 0, 255})
			}
		}
	}
	return m
}

// A logo stands in the band, black on white whatever its colour is.
func TestLogoOnALabel(t *testing.T) {
	for s, size := range sizes {
		p, err := Draw(people["logo"], size)
		if err != nil {
			t.Fatal(s, err)
		}
		without, err := Draw(Words{Kind: "Besökare", QR: payload}, size)
		if err != nil {
			t.Fatal(s, err)
		}
		band, dark, light := max(size.dots(5), p.Bounds().Dy()/7), 0, 0
		for y := range band {
			for x := p.Bounds().Dx() / 2; x < p.Bounds().Dx(); x++ {
				if p.ColorIndexAt(x, y) != without.ColorIndexAt(x, y) {
					light++
				} else if light > 0 && p.ColorIndexAt(x, y) == 1 {
					dark++
				}
			}
		}
		if light < band*band/2 || dark < band*band/4 {
			t.Errorf("%s: %d white and %d black dots", s, light, dark)
		}
	}
}

// A sign is white on the band, left of the type, and each is another; that somebody is
// to be accompanied is white on black.
func TestSignOnALabel(t *testing.T) {
	for s, size := range sizes {
		seen := map[string]string{}
		for _, m := range append([]Mark{{}}, marks...) {
			w := people["escort"]
			w.Mark = m.ID
			p, err := Draw(w, size)
			if err != nil {
				t.Fatal(s, m.ID, err)
			}
			band := max(size.dots(5), p.Bounds().Dy()/7)
			corner := p.SubImage(image.Rect(size.dots(2), 0, size.dots(2)+band, band)).(*image.Paletted)
			white, dots := 0, ""
			for y := range band {
				for x := range band {
					if at := corner.ColorIndexAt(size.dots(2)+x, y); at == 0 {
						white++
						dots += fmt.Sprint(y, x, " ")
					}
				}
			}
			if seen[dots] != "" || m.ID != "" && (white < band*band/8 || white > band*band*2/3) {
				t.Errorf("%s: %q has %d white dots, and looks like %q", s, m.ID, white, seen[dots])
			}
			seen[dots] = m.ID + "."
		}
		w := people["escort"]
		with, err := Draw(w, size)
		w.Escort = ""
		without, err2 := Draw(w, size)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if most, was := longestRun(with), longestRun(without); most < size.dots(10) || was >= size.dots(10) {
			t.Errorf("%s: black for %d dots below the band, %d without an escort", s, most, was)
		}
	}
}

// longestRun is how long a line below the band is black without a break.
func longestRun(p *image.Paletted) (most int) {
	b := p.Bounds()
	for y := b.Dy() / 3; y < b.Dy(); y++ {
		run := 0
		for x := range b.Dx() {
			if run++; p.ColorIndexAt(x, y) == 0 {
				run = 0
			}
			most = max(most, run)
		}
	}
	return most
}

// Every label is of two colours and the size of the paper, and its code is read
// off it. With UPPROP_SHOTS=FOLDER the pictures are kept, to be looked at.
func TestDraw(t *testing.T) {
	for s, size := range sizes {
		for who, w := range people {
			p, err := Draw(w, size)
			if err != nil {
				t.Fatal(s, who, err)
			}
			if want := (image.Point{int(float64(size.Width*size.DPI) / 25.4), int(float64(size.Height*size.DPI) / 25.4)}); p.Bounds().Size() != want {
				t.Fatal(s, who, p.Bounds(), want)
			}
			bmp, err := gozxing.NewBinaryBitmapFromImage(p)
			if err != nil {
				t.Fatal(err)
			}
			got, err := qrcode.NewQRCodeReader().Decode(bmp, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
			if err != nil || got.GetText() != payload {
				t.Fatalf("%s, %s: the code reads %v, %v", s, who, got, err)
			}
			if dir := os.Getenv("UPPROP_SHOTS"); dir != "" {
				var b bytes.Buffer
				if err := png.Encode(&b, p); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "label-"+s+"-"+who+".png"), b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// Names that differ in a letter of their script differ on the label, and do so before
// the letters become □.
func TestScriptsOnLabels(t *testing.T) {
	size := sizes["zebra"]
	for script, two := range map[string][2]string{
		"Arabic": {"محمد", "محمود"}, "Hebrew": {"דוד", "דור"}, "Greek": {"Ελένη", "Ελένα"}, "Cyrillic": {"Катя", "Катю"}, "Thai": {"สมชาย", "สมชาว"},
		"Devanagari": {"प्रिया", "प्रीया"}, "Chinese": {"王小明", "王小朋"}, "Japanese": {"ひろし", "ひろこ"}, "Korean": {"김민수", "김민서"},
		"Tamil": {"நந்தினி", "நந்தினீ"}, "Georgian": {"გიორგი", "გიორგა"}, "Ethiopic": {"አበበ", "አበባ"},
	} {
		var pictures [3]string
		for i, name := range []string{two[0], two[1], strings.Repeat("□", len([]rune(two[0])))} {
			p, err := Draw(Words{Kind: "x", Name: name, QR: payload, Code: "7KQ2-M4XZ"}, size)
			if err != nil {
				t.Fatal(err)
			}
			pictures[i] = string(p.Pix)
		}
		if pictures[0] == pictures[1] || pictures[0] == pictures[2] {
			t.Errorf("%s: %s is not drawn", script, two[0])
		}
	}
}

func TestDrawRefuses(t *testing.T) {
	for _, s := range []Size{{}, {49, 30, 203}, {60, 24, 203}, {151, 50, 203}, {60, 40, 100}, {60, 40, 700}} {
		if _, err := Draw(people["plain"], s); err == nil {
			t.Error(s)
		}
	}
	w := people["plain"]
	if w.QR = strings.Repeat("q", 5000); w.QR != "" {
		if _, err := Draw(w, sizes["card"]); err == nil || strings.Contains(err.Error(), "qqq") {
			t.Error(err)
		}
	}
	w.QR = strings.Repeat("q", 1500)
	if _, err := Draw(w, sizes["small"]); err == nil {
		t.Error("a code that nobody can read")
	}
}

// A ZPL label is one picture, dot for dot the one that was drawn, and nothing that
// a name says is a command.
func TestZPL(t *testing.T) {
	for s, size := range sizes {
		for who, w := range people {
			p, err := Draw(w, size)
			if err != nil {
				t.Fatal(err)
			}
			unzpl(t, s+" "+who, ZPL(p), p)
		}
	}
	all := image.NewPaletted(image.Rect(0, 0, 3333, 4), people0)
	for i := range all.Pix {
		all.Pix[i] = uint8(i / 3333 % 2)
	}
	unzpl(t, "stripes", ZPL(all), all)
}

var people0 = mustPalette()

func mustPalette() (p color.Palette) {
	d, err := Draw(people["plain"], sizes["small"])
	if err != nil {
		panic(err)
	}
	return d.Palette
}

var zplLabel = regexp.MustCompile(`^\^XA\^PW(\d+)\^LL(\d+)\^LH0,0\^FO0,0\^GFA,(\d+),(\d+),(\d+),([0-9A-Fg-zG-Y,:!]*)\^FS\^PQ1\^XZ\n$`)

// unzpl is a printer.
func unzpl(t *testing.T, name string, b []byte, want *image.Paletted) {
	t.Helper()
	m := zplLabel.FindStringSubmatch(string(b))
	if m == nil {
		t.Fatalf("%s: no label: %.80q", name, b)
	}
	num := func(s string) int { n, _ := strconv.Atoi(s); return n }
	width, height, total, row := num(m[1]), num(m[2]), num(m[4]), num(m[5])
	if width != want.Bounds().Dx() || height != want.Bounds().Dy() || m[3] != m[4] || total != row*height || row*8 < width {
		t.Fatal(name, m[1:6])
	}
	digits, line, count := "", "", 0
	end := func() {
		digits += line
		line = ""
	}
	before := ""
	for _, c := range m[6] {
		switch {
		case c == ':':
			digits += before
			continue
		case c == ',':
			line += strings.Repeat("0", 2*row-len(line))
		case c == '!':
			line += strings.Repeat("F", 2*row-len(line))
		case c >= 'g':
			count += 20 * int(c-'g'+1)
			continue
		case c >= 'G':
			count += int(c - 'G' + 1)
			continue
		default:
			line += strings.Repeat(string(c), max(count, 1))
			count = 0
		}
		if len(line) > 2*row {
			t.Fatal(name, "a row is too long")
		}
		if len(line) == 2*row {
			before = line
			end()
		}
	}
	if len(digits) != 2*total {
		t.Fatal(name, len(digits), 2*total)
	}
	for y := range height {
		for x := range width {
			v, err := strconv.ParseUint(digits[y*2*row+x/4:y*2*row+x/4+1], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			if got := uint8(v >> (3 - x%4) & 1); got != want.Pix[y*want.Stride+x] {
				t.Fatal(name, "another dot at", x, y)
			}
		}
	}
}
