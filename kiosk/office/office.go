// Package office is what those who work at a desk see: signing in, the desk
// with who is here today, and the campus's nodes, operators and settings. It
// decides nothing about visits, operators or nodes: it asks the node and shows
// the answer. On a node that is no desk it says which nodes are.
//
// Invariant: nothing of a person is shown, and nothing is done, but for an
// operator who stands at that moment and whose role has the act; and what is
// done is on record with the operator's id.
package office

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/upprop/upprop/kiosk/badge"
	"github.com/upprop/upprop/kiosk/lang"
	"github.com/upprop/upprop/kiosk/webkit"
	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/doctor"
	"github.com/upprop/upprop/node/look"
	"github.com/upprop/upprop/node/operators"
	"github.com/upprop/upprop/node/plans"
)

//go:embed pages/*.html parts/* static/* words/*.toml
var files embed.FS

// Words is the catalog of these screens, beside the base catalog.
func Words() fs.FS { return sub("words") }

// sub is one of the embedded folders, which are there at compile time.
func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return f
}

// Config describes the office of one node. Node, Sessions, Nodes, Findings,
// AtNode and Logger are required.
type Config struct {
	Node     *node.Node
	Sessions *Sessions
	// Nodes are all nodes as this one sees them, Findings what is wrong.
	Nodes    func() []api.Node
	Findings func() []doctor.Finding
	// AtNode reports whether a request comes from the machine that the node
	// runs on, and not through anything in between.
	AtNode func(*http.Request) bool
	// NodeName, Site and CampusName are shown to people.
	NodeName, Site, CampusName string
	// PDF puts a text on pages, with a line on each that says whose copy it is; nil:
	// nothing is handed out as PDF.
	PDF func(w io.Writer, l lang.Locale, text, mark string) error
	// LanguageTemplate are the words of a language for visitors, as a file to be
	// translated; nil: it is not handed out.
	LanguageTemplate func(lang string) ([]byte, error)
	// Print prints badges on labels; nil: there is no label printer.
	Print badge.Printer
	// Hosts are names under which the node may be called besides localhost
	// and IP addresses, as webkit.Config has them.
	Hosts []string
	// Zone is the zone of the times shown; nil means time.Local.
	Zone *time.Location
	// Clock tells the time; nil means time.Now.
	Clock  func() time.Time
	Logger *slog.Logger
}

// Office serves /login, /desk and /admin. It is safe for concurrent use.
type Office struct {
	cfg     Config
	handler http.Handler
	// shown and done are those of the sessions.
	shown *shelf[any]
	done  *shelf[string]
	// gone is closed by Close, and ends the live streams.
	gone   chan struct{}
	goOnce sync.Once
}

// New builds the office of one node.
func New(cfg Config) (*Office, error) {
	if cfg.Node == nil || cfg.Sessions == nil || cfg.Nodes == nil || cfg.Findings == nil || cfg.AtNode == nil || cfg.Logger == nil {
		return nil, errors.New("office: Node, Sessions, Nodes, Findings, AtNode and Logger are required")
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	words, err := lang.Load(Words())
	if err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	o := &Office{
		cfg: cfg, gone: make(chan struct{}),
		shown: cfg.Sessions.shown, done: cfg.Sessions.done,
	}
	screens, err := webkit.New(webkit.Config{
		Prefix: "/desk", Pages: sub("pages"), Assets: sub("static"), Parts: []fs.FS{sub("parts"), badge.Parts()}, Catalog: words,
		Place: webkit.Place{Campus: cfg.CampusName, Site: cfg.Site, Node: cfg.NodeName}, Look: cfg.Node.Look().Now,
		Hosts: cfg.Hosts, Zone: cfg.Zone, Clock: cfg.Clock, Logger: cfg.Logger,
		// A logo, or a plan, is the largest that is sent; a document's page has its texts in every
		// language.
		Body: max(look.MaxUpload, plans.MaxUpload) + 64<<10,
	}, o.routes())
	if err != nil {
		return nil, fmt.Errorf("office: %w", err)
	}
	o.handler = cfg.Sessions.around(screens)
	return o, nil
}

func (o *Office) routes() []webkit.Route {
	get := func(pattern string, h webkit.Handler) webkit.Route {
		return webkit.Route{Method: "GET", Pattern: pattern, Handler: h}
	}
	post := func(pattern string, h webkit.Handler) webkit.Route {
		return webkit.Route{Method: "POST", Pattern: pattern, Handler: h}
	}
	return append([]webkit.Route{
		get("/login", o.loginForm), post("/login", o.login), post("/logout", o.logout),
		get("/login/password", o.signedIn(o.passwordForm)), post("/login/password", o.signedIn(o.password)),
		get("/login/code", o.codeForm), post("/login/code", o.code),
		get("/login/factor", o.signedIn(o.factorForm)), post("/login/factor", o.signedIn(o.setFactor)),
		get("/login/idp", o.toProvider), get("/login/idp/back", o.fromProvider),
		get("/admin/login", o.may(operators.Nodes, o.providerForm)), post("/admin/login", o.may(operators.Nodes, o.setProvider)),
		post("/login/passkey", o.loginPasskey), post("/login/passkey/ask", o.askPasskey),
		get("/login/passkeys", o.signedIn(o.passkeysForm)), post("/login/passkeys", o.signedIn(o.changePasskeys)),
		get("/login/recovery/{page}", o.signedIn(o.recovery)),

		get("/desk", o.may(operators.View, o.desk)), get("/desk/{$}", o.may(operators.View, o.desk)),
		get("/desk/live", o.may(operators.View, o.live)),
		get("/desk/awake", o.may(operators.View, o.awake)),
		post("/desk/find", o.may(operators.View, o.find)), get("/desk/find", o.may(operators.View, o.desk)),
		get("/desk/new", o.may(operators.Create, o.arriveForm)), post("/desk/new", o.may(operators.Create, o.arrive)),
		get("/desk/welcome/{page}", o.may(operators.Create, o.welcome)),
		get("/desk/visit/{visit}", o.may(operators.View, o.visit)),
		post("/desk/visit/{visit}/approval", o.may(operators.Approve, o.approve)),
		post("/desk/visit/{visit}/out", o.may(operators.Create, o.checkOut)),
		post("/desk/visit/{visit}/back", o.may(operators.Create, o.badgeBack)),
		post("/desk/visit/{visit}/seen", o.may(operators.Create, o.stillHere)),
		post("/desk/visit/{visit}/dossier", o.may(operators.Change, o.dossier)),
		post("/desk/visit/{visit}/correct", o.may(operators.Change, o.correct)),
		post("/desk/visit/{visit}/move", o.may(operators.Create, o.moveTo)),
		post("/desk/visit/{visit}/message", o.may(operators.Create, o.sendMessage)),
		post("/desk/visit/{visit}/link", o.may(operators.Privacy, o.mailLink)),
		post("/desk/visit/{visit}/badge", o.may(operators.Print, o.reprint)),
		get("/desk/visit/{visit}/photo", o.may(operators.Photos, o.photo)),
		post("/desk/visit/{visit}/photo", o.may(operators.Photos, o.takePhoto)),
		post("/desk/visit/{visit}/photo/remove", o.may(operators.Photos, o.removePhoto)),

		get("/desk/statistics", o.may(operators.View, o.statistics)),
		get("/desk/expected", o.may(operators.View, o.expected)), post("/desk/expected", o.may(operators.View, o.expected)),
		get("/desk/invite", o.may(operators.Create, o.inviteForm)), post("/desk/invite", o.may(operators.Create, o.invite)),
		get("/desk/import", o.may(operators.Create, o.importForm)), post("/desk/import", o.may(operators.Create, o.importFile)),
		get("/desk/invitation/{invitation}", o.mayAny(o.invitationPage, operators.Change, operators.Approve)),
		post("/desk/invitation/{invitation}", o.mayAny(o.actOnInvitation, operators.Create, operators.Approve)),
		get("/desk/invitation/{invitation}/change", o.may(operators.Change, o.changeInvitation)),

		get("/desk/deliveries", o.may(operators.View, o.deliveries)), post("/desk/deliveries", o.may(operators.View, o.deliveries)),
		get("/desk/delivery", o.may(operators.Deliver, o.deliveryForm)), post("/desk/delivery", o.may(operators.Deliver, o.takeDelivery)),
		get("/desk/delivery/{delivery}", o.may(operators.View, o.deliveryPage)),
		post("/desk/delivery/{delivery}", o.may(operators.Deliver, o.actOnDelivery)),
		post("/desk/hosts", o.may(operators.Deliver, o.findHosts)),

		get("/admin", o.may(operators.Nodes, o.nodes)), get("/admin/{$}", o.may(operators.Nodes, o.nodes)),
		post("/admin/nodes", o.may(operators.Nodes, o.addNode)),
		get("/admin/joining/{page}", o.may(operators.Nodes, o.joining)),
		get("/admin/node/{node}", o.may(operators.Nodes, o.node)),
		post("/admin/node/{node}/revoke", o.may(operators.Nodes, o.revoke)),
		get("/admin/operators", o.may(operators.Nodes, o.operators)),
		post("/admin/operators", o.may(operators.Nodes, o.addOperator)),
		post("/admin/operators/factor", o.may(operators.Nodes, o.requireFactors)),
		get("/admin/operator/{operator}", o.may(operators.Nodes, o.operator)),
		post("/admin/operator/{operator}", o.may(operators.Nodes, o.changeOperator)),
		get("/admin/password/{page}", o.may(operators.Nodes, o.oneTime)),
		get("/admin/hosts", o.may(operators.Nodes, o.hosts)), post("/admin/hosts/find", o.may(operators.Nodes, o.hosts)),
		post("/admin/hosts", o.may(operators.Nodes, o.changeHosts)), get("/admin/hosts/{host}", o.may(operators.Nodes, o.host)),
		get("/admin/types", o.may(operators.Nodes, o.types)), post("/admin/types", o.may(operators.Nodes, o.addType)),
		get("/admin/types/{type}", o.may(operators.Nodes, o.typePage)),
		post("/admin/types/{type}", o.may(operators.Nodes, o.changeType)),
		get("/admin/documents", o.may(operators.Nodes, o.documents)), post("/admin/documents", o.may(operators.Nodes, o.addDocument)),
		get("/admin/documents/{document}", o.may(operators.Nodes, o.documentPage)),
		post("/admin/documents/{document}", o.may(operators.Nodes, o.changeDocument)),
		get("/admin/points", o.may(operators.Nodes, o.points)), post("/admin/points", o.may(operators.Nodes, o.changePoints)),
		get("/admin/plan", o.may(operators.Nodes, o.plan)), post("/admin/plan", o.may(operators.Nodes, o.changePlan)),
		get("/admin/plan/picture", o.may(operators.Nodes, o.planPicture)),
		get("/admin/wardens", o.may(operators.Nodes, o.wardens)), post("/admin/wardens", o.may(operators.Nodes, o.changeWardens)),
		get("/admin/history", o.may(operators.Nodes, o.history)), post("/admin/history", o.may(operators.Nodes, o.undoSetting)),
		get("/admin/look", o.may(operators.Nodes, o.look)), post("/admin/look", o.may(operators.Nodes, o.changeLook)),
		get("/admin/look/preview", o.may(operators.Nodes, o.previewLook)),
		get("/admin/badges", o.may(operators.Nodes, o.badges)), post("/admin/badges", o.may(operators.Nodes, o.changeBadges)),
		get("/admin/badges/preview", o.may(operators.Nodes, o.previewBadge)), get("/admin/badges/label.png", o.may(operators.Nodes, o.labelPicture)),
		get("/admin/badges/photo.png", o.may(operators.Nodes, o.nobodysPhoto)),
		get("/admin/printers", o.may(operators.Nodes, o.printers)), post("/admin/printers", o.may(operators.Nodes, o.changePrinters)),
		get("/admin/notices", o.may(operators.Nodes, o.notices)), post("/admin/notices", o.may(operators.Nodes, o.changeNotices)),
		get("/admin/languages", o.may(operators.Nodes, o.languages)), post("/admin/languages", o.may(operators.Nodes, o.changeLanguages)),
		get("/admin/languages/template/{lang}", o.may(operators.Nodes, o.languageTemplate)),
		get("/admin/settings", o.may(operators.Nodes, o.settings)),
		post("/admin/settings", o.may(operators.Nodes, o.setSetting)),
	}, slices.Concat(o.rightsRoutes(), o.watchRoutes(), o.callRoutes())...)
}

// ServeHTTP serves the screens.
func (o *Office) ServeHTTP(w http.ResponseWriter, r *http.Request) { o.handler.ServeHTTP(w, r) }

// Close ends the live streams. Sessions go on, with what is held for pages: they
// are Sessions'. Idempotent.
func (o *Office) Close() error {
	o.goOnce.Do(func() { close(o.gone) })
	return nil
}
