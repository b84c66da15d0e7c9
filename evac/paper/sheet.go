package paper

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/upprop/upprop/evac"
	"github.com/upprop/upprop/kiosk/letters"
)

// Measures of a page, in millimetres; sizes of letters are in points.
const (
	left, top, right, bottom = 12.0, 10.0, 198.0, 283.0
	wide                     = right - left
	small, body, strong      = 10.0, 11.0, 13.0
	font                     = "go"
)

// sheet is one paper while it is made.
type sheet struct {
	p     *Printer
	f     *fpdf.Fpdf
	h     Head
	asOf  time.Time
	title string
	say   evac.Reader
	// y is where the next line goes.
	y float64
	// head is drawn on every page; again, if any, on every page but where it was
	// set: the heading of what goes on.
	head, again func()
	// letters write what the font of the page does not, in pictures.
	letters  *letters.Writer
	pictures map[letters.Shape]picture
	bold     bool
	// odd: a letter could not be printed.
	odd bool
}

func (p *Printer) sheet(h Head, title string, asOf time.Time) *sheet {
	if h.Zone == nil {
		h.Zone = time.UTC
	}
	// The library panics at a picture that is not whole.
	if _, err := png.Decode(bytes.NewReader(h.Logo)); err != nil {
		h.Logo = nil
	}
	f := fpdf.New("P", "mm", "A4", "")
	s := &sheet{p: p, f: f, h: h, asOf: asOf, letters: letters.NewWriter(), pictures: map[letters.Shape]picture{}, head: func() {}}
	s.say = evac.Reader{
		Text:   func(key string, args map[string]any) string { return p.words.Text(h.Lang, key, s.isolated(args)) },
		Locale: h.Lang, Zone: h.Zone,
	}
	s.title = s.word(title)
	f.SetCompression(!p.plain)
	f.SetCatalogSort(true)
	f.SetCreationDate(asOf)
	f.SetModificationDate(asOf)
	f.SetProducer("Upprop", true)
	f.SetTitle(s.title, true)
	f.SetLang(string(h.Lang))
	f.AliasNbPages(pages)
	f.AddUTF8FontFromBytes(font, "", goregular.TTF)
	f.AddUTF8FontFromBytes(font, "B", gobold.TTF)
	f.SetAutoPageBreak(false, 0)
	return s
}

// word is the sentence for a key that has no placeholders.
func (s *sheet) word(key string) string { return s.say.Text(key, nil) }

func (s *sheet) size(points float64, bold bool) {
	style := ""
	if bold {
		style = "B"
	}
	s.bold = bold
	s.f.SetFont(font, style, points)
}

// page begins a new page.
func (s *sheet) page() {
	s.f.AddPage()
	s.f.SetDrawColor(0, 0, 0)
	s.y = top
	s.head()
	if s.again != nil {
		s.again()
	}
}

// room begins a new page where less than h is left of this one.
func (s *sheet) room(h float64) {
	if s.y+h > bottom {
		s.page()
	}
}

// put writes clean text, cut to a width, with its foot at y.
func (s *sheet) put(x, y, width float64, text string) {
	s.text(x, y, s.fit(text, width))
}

// line writes one line over the whole width and goes to the next.
func (s *sheet) line(text string, height float64) {
	s.put(left, s.y+height-1.4, wide, s.clean(text))
	s.y += height
}

// para writes a text on at most most lines.
func (s *sheet) para(text string, height float64, most int) {
	for _, l := range s.wrap(text, wide, most) {
		s.put(left, s.y+height-1.4, wide, l)
		s.y += height
	}
}

// heading writes a heading with a line under it.
func (s *sheet) heading(text string) {
	s.y += 2
	s.size(strong, true)
	s.line(text, 6.5)
	s.f.SetLineWidth(0.4)
	s.f.Line(left, s.y, right, s.y)
	s.y++
}

// banner says in a bar on top whether it is real: white on black when it is, a
// thick frame for a drill, a thin one at rest.
func (s *sheet) banner(kind string) {
	const high = 9.0
	text := s.word("paper.rest")
	s.f.SetFillColor(0, 0, 0)
	s.f.SetLineWidth(0.3)
	switch kind {
	case "real":
		text = s.word("paper.real")
		s.f.Rect(left, s.y, wide, high, "F")
		s.f.SetTextColor(255, 255, 255)
	case "drill":
		text = s.word("paper.drill")
		s.f.SetLineWidth(1)
		s.f.Rect(left, s.y, wide, high, "D")
	default:
		s.f.Rect(left, s.y, wide, high, "D")
	}
	s.size(15, true)
	s.put(left+3, s.y+6.6, 90, s.clean(text))
	s.size(body, true)
	s.f.Text(right-38, s.y+6.2, s.pageNumber())
	s.f.SetTextColor(0, 0, 0)
	s.y += high + 1
}

// place says whose paper it is and how old.
func (s *sheet) place() {
	site := string(s.h.Site)
	if site == "" {
		site = s.word("alarm.campus")
	}
	s.size(strong, true)
	s.put(left, s.y+6-1.4, wide-s.logo(), s.clean(s.say.Text("paper.place", map[string]any{"Campus": s.h.Campus, "Site": site})))
	s.y += 6
	s.size(body, false)
	s.line(s.title+". "+s.say.Text("paper.as_of", map[string]any{"Time": s.full(s.asOf), "Node": s.h.Node}), 5.5)
}

// logo draws the house's logo at the end of the line that says whose paper it is, and
// returns how wide it is with the space beside it; 0 where there is none. No logo
// holds a paper up, or shortens what it says of its age.
func (s *sheet) logo() float64 {
	const most, high, beside = 36.0, 6.4, 3.0
	if s.h.Logo == nil {
		return 0
	}
	o := fpdf.ImageOptions{ImageType: "PNG"}
	size := s.f.RegisterImageOptionsReader("logo", o, bytes.NewReader(s.h.Logo))
	if s.f.Err() || size == nil || size.Width() <= 0 || size.Height() <= 0 {
		s.f.ClearError()
		return 0
	}
	w, h := most, most*size.Height()/size.Width()
	if h > high {
		w, h = w*high/h, high
	}
	s.f.ImageOptions("logo", right-w, s.y-0.4, w, h, false, o, 0, "")
	return w + beside
}

// full is a time with its date, which a paper that lies about must have.
func (s *sheet) full(t time.Time) string {
	t = t.In(s.h.Zone)
	return s.h.Lang.ShortDate(t) + " " + s.h.Lang.ClockSeconds(t)
}

func (s *sheet) write(w io.Writer) error {
	if err := s.f.Output(w); err != nil {
		return fmt.Errorf("write paper: %w", err)
	}
	return nil
}
