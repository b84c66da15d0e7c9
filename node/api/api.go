// Package api is the node's interface for programs: JSON over HTTP, the same
// on the local socket and on the network. It decides nothing about visits or
// members; it asks the node and writes down the answer.
//
// Invariant: an answer of 2xx to an act means that the act is durable on this
// node, and no personal data is ever in a URL, a log or an error.
package api

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/upprop/upprop/node"
	"github.com/upprop/upprop/node/privacy"
)

// Config is what an API is made of; Node and Logger are required.
type Config struct {
	Node *node.Node
	// Privacy and Audit are what the node does for those; nil: nothing.
	Privacy Privacy
	Audit   Audit
	// Release is this program's version.
	Release string
	// Web is where the screens are, empty when there are none.
	Web string
	// Started is when this run of the node began.
	Started time.Time
	// Now is the clock; nil means time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// API answers programs. Safe for concurrent use.
type API struct{ cfg Config }

// New makes an API.
func New(cfg Config) *API {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &API{cfg: cfg}
}

// route is one verb of the interface.
type route struct {
	method, path string
	// local: on the socket only, whoever asks.
	local bool
	// open: without a token too; nothing of the house is in the answer, but to
	// who has signed the request.
	open bool
	// file: the request brings one.
	file   bool
	answer func(*API, *http.Request) (any, error)
}

func routes() []route {
	return []route{
		{method: "GET", path: "/api/v1/openapi.json", open: true, answer: (*API).document},
		{method: "GET", path: "/api/v1/status", answer: (*API).status},
		{method: "GET", path: "/api/v1/doctor", answer: (*API).doctor},
		{method: "GET", path: "/api/v1/visits", answer: (*API).listVisits},
		{method: "POST", path: "/api/v1/visits", answer: (*API).checkIn},
		{method: "POST", path: "/api/v1/visits/out", answer: (*API).checkOut},
		{method: "GET", path: "/api/v1/evacuation", answer: (*API).runningEvacuation},
		{method: "POST", path: "/api/v1/evacuation", answer: (*API).startEvacuation},
		{method: "POST", path: "/api/v1/evacuation/end", answer: (*API).endEvacuation},
		{method: "POST", path: "/api/v1/evacuation/marks", answer: (*API).mark},
		{method: "POST", path: "/api/v1/evacuation/marks/undo", answer: (*API).undo},
		{method: "POST", path: "/api/v1/evacuation/people", answer: (*API).addPerson},
		{method: "POST", path: "/api/v1/evacuation/join", answer: (*API).joinPerson},
		{method: "POST", path: "/api/v1/evacuation/sweeps", answer: (*API).sweep},
		{method: "POST", path: "/api/v1/evacuation/refuges", answer: (*API).tellRefuge},
		{method: "POST", path: "/api/v1/evacuation/refuges/heard", answer: (*API).hearRefuge},
		{method: "POST", path: "/api/v1/trigger", open: true, answer: (*API).trigger},
		{method: "GET", path: "/api/v1/triggers", local: true, answer: (*API).listTriggers},
		{method: "POST", path: "/api/v1/triggers", local: true, answer: (*API).addTrigger},
		{method: "DELETE", path: "/api/v1/triggers", local: true, answer: (*API).removeTrigger},
		{method: "GET", path: "/api/v1/printer", local: true, answer: (*API).showPrinter},
		{method: "POST", path: "/api/v1/printer", local: true, answer: (*API).setPrinter},
		{method: "DELETE", path: "/api/v1/printer", local: true, answer: (*API).removePrinter},
		{method: "POST", path: "/api/v1/printer/test", local: true, answer: (*API).testPrinter},
		{method: "GET", path: "/api/v1/badge-printer", local: true, answer: (*API).showLabels},
		{method: "POST", path: "/api/v1/badge-printer", local: true, answer: (*API).setLabels},
		{method: "DELETE", path: "/api/v1/badge-printer", local: true, answer: (*API).removeLabels},
		{method: "POST", path: "/api/v1/badge-printer/test", local: true, answer: (*API).testLabels},
		{method: "POST", path: "/api/v1/badges", open: true, answer: (*API).takeBadges},
		{method: "GET", path: "/api/v1/feeds", local: true, answer: (*API).listFeeds},
		{method: "POST", path: "/api/v1/feeds", local: true, answer: (*API).addFeed},
		{method: "DELETE", path: "/api/v1/feeds", local: true, answer: (*API).removeFeed},
		{method: "POST", path: "/api/v1/feeds/import", local: true, answer: (*API).importFeed},
		{method: "GET", path: "/api/v1/points", answer: (*API).listPoints},
		{method: "POST", path: "/api/v1/points", answer: (*API).putPoint},
		{method: "DELETE", path: "/api/v1/points", answer: (*API).removePoint},
		{method: "GET", path: "/api/v1/plans", answer: (*API).listPlans},
		{method: "POST", path: "/api/v1/plans", file: true, answer: (*API).setPlan},
		{method: "GET", path: "/api/v1/plans/picture", answer: (*API).planPicture},
		{method: "GET", path: "/api/v1/wardens", answer: (*API).listWardens},
		{method: "POST", path: "/api/v1/wardens", answer: (*API).assignWarden},
		{method: "DELETE", path: "/api/v1/wardens", answer: (*API).relieveWarden},
		{method: "GET", path: "/api/v1/screens", answer: (*API).listScreens},
		{method: "POST", path: "/api/v1/screens", answer: (*API).putScreen},
		{method: "GET", path: "/api/v1/types", answer: (*API).listKinds},
		{method: "POST", path: "/api/v1/types", answer: (*API).putKind},
		{method: "GET", path: "/api/v1/languages", answer: (*API).listLanguages},
		{method: "POST", path: "/api/v1/languages", file: true, answer: (*API).addLanguage},
		{method: "DELETE", path: "/api/v1/languages", answer: (*API).removeLanguage},
		{method: "POST", path: "/api/v1/languages/offer", answer: (*API).offerLanguages},
		{method: "GET", path: "/api/v1/badge-layout", answer: (*API).showBadgeLayout},
		{method: "POST", path: "/api/v1/badge-layout", answer: (*API).setBadgeLayout},
		{method: "GET", path: "/api/v1/look", answer: (*API).showLook},
		{method: "POST", path: "/api/v1/look", file: true, answer: (*API).setLook},
		{method: "GET", path: "/api/v1/papers", answer: (*API).listPapers},
		{method: "POST", path: "/api/v1/papers", answer: (*API).putPaper},
		{method: "GET", path: "/api/v1/invitations", answer: (*API).listInvitations},
		{method: "POST", path: "/api/v1/invitations", answer: (*API).invite},
		{method: "POST", path: "/api/v1/invitations/off", answer: (*API).callOff},
		{method: "POST", path: "/api/v1/invitations/decide", answer: (*API).decide},
		{method: "POST", path: "/api/v1/invitations/skip", answer: (*API).skipOccasion},
		{method: "POST", path: "/api/v1/invitations/send", answer: (*API).sendInvitation},
		{method: "POST", path: "/api/v1/invitations/import", file: true, answer: (*API).importInvitations},
		{method: "GET", path: "/api/v1/deliveries", answer: (*API).listDeliveries},
		{method: "POST", path: "/api/v1/deliveries", answer: (*API).takeDelivery},
		{method: "POST", path: "/api/v1/deliveries/find", answer: (*API).findDeliveries},
		{method: "POST", path: "/api/v1/deliveries/end", answer: (*API).endDelivery},
		{method: "POST", path: "/api/v1/deliveries/put-back", answer: (*API).putBackDelivery},
		{method: "GET", path: "/api/v1/deliveries/reminder", answer: (*API).deliveryReminder},
		{method: "POST", path: "/api/v1/deliveries/reminder", answer: (*API).setDeliveryReminder},
		{method: "POST", path: "/api/v1/hosts", answer: (*API).putHost},
		{method: "DELETE", path: "/api/v1/hosts", answer: (*API).removeHost},
		{method: "POST", path: "/api/v1/hosts/find", answer: (*API).findHosts},
		{method: "POST", path: "/api/v1/hosts/import", file: true, answer: (*API).importHosts},
		{method: "GET", path: "/api/v1/watch", local: true, answer: (*API).listWatch},
		{method: "POST", path: "/api/v1/watch", local: true, answer: (*API).addWatch},
		{method: "DELETE", path: "/api/v1/watch", local: true, answer: (*API).removeWatch},
		{method: "POST", path: "/api/v1/watch/terms", local: true, answer: (*API).setWatchTerms},
		{method: "GET", path: "/api/v1/watch/alerts", local: true, answer: (*API).watchAlerts},
		{method: "POST", path: "/api/v1/watch/alerts", local: true, answer: (*API).answerWatch},
		{method: "GET", path: "/api/v1/nodes", answer: (*API).listNodes},
		{method: "POST", path: "/api/v1/nodes/revoke", answer: (*API).revoke},
		{method: "POST", path: "/api/v1/nodes/writeoff", answer: (*API).writeOff},
		{method: "POST", path: "/api/v1/erasures", answer: (*API).erase},
		{method: "GET", path: "/api/v1/erasures", answer: (*API).erasureStatus},
		{method: "GET", path: "/api/v1/erasures/all", answer: (*API).erasureStatuses},
		{method: "POST", path: "/api/v1/erasures/search", answer: (*API).searchErasure},
		{method: "POST", path: "/api/v1/erasures/confirm", answer: (*API).confirmErasure},
		{method: "POST", path: "/api/v1/erasures/cancel", answer: (*API).cancelErasure},
		{method: "POST", path: "/api/v1/subjects/rectify", answer: (*API).rectify},
		{method: "POST", path: "/api/v1/subjects/export", answer: (*API).exportSubject},
		{method: "POST", path: "/api/v1/subjects/extract", answer: (*API).extractSubject},
		{method: "POST", path: "/api/v1/subjects/recipients", answer: (*API).listRecipients},
		{method: "POST", path: "/api/v1/subjects/disclose", answer: (*API).disclose},
		{method: "POST", path: "/api/v1/subjects/told", answer: (*API).tell},
		{method: "POST", path: "/api/v1/subjects/restrict", answer: (*API).restrict},
		{method: "POST", path: "/api/v1/subjects/object", answer: (*API).object},
		{method: "GET", path: "/api/v1/holds", answer: (*API).listHolds},
		{method: "POST", path: "/api/v1/holds", answer: (*API).addHold},
		{method: "POST", path: "/api/v1/holds/renew", answer: (*API).renewHold},
		{method: "POST", path: "/api/v1/holds/lift", answer: (*API).liftHold},
		{method: "GET", path: "/api/v1/kept", answer: (*API).listKept},
		{method: "GET", path: "/api/v1/cases", answer: (*API).listCases},
		{method: "POST", path: "/api/v1/cases", answer: (*API).openCase},
		{method: "POST", path: "/api/v1/cases/decide", answer: (*API).decideCase},
		{method: "POST", path: "/api/v1/cases/extend", answer: (*API).extendCase},
		{method: "POST", path: "/api/v1/cases/letter", answer: (*API).caseLetter},
		{method: "GET", path: "/api/v1/purposes", answer: (*API).listPurposes},
		{method: "POST", path: "/api/v1/purposes", answer: (*API).setPurpose},
		{method: "POST", path: "/api/v1/subjects/consents", answer: (*API).subjectConsents},
		{method: "POST", path: "/api/v1/subjects/withdraw", answer: (*API).withdraw},
		{method: "POST", path: "/api/v1/photos", file: true, answer: (*API).setPhoto},
		{method: "POST", path: "/api/v1/photos/open", answer: (*API).openPhoto},
		{method: "GET", path: "/api/v1/consents", answer: (*API).consentWords},
		{method: "POST", path: "/api/v1/consents", answer: (*API).setConsentWords},
		{method: "GET", path: "/api/v1/calls", answer: (*API).listCalls},
		{method: "POST", path: "/api/v1/calls", answer: (*API).answerCall},
		{method: "GET", path: "/api/v1/reception", answer: (*API).reception},
		{method: "POST", path: "/api/v1/reception", answer: (*API).setReception},
		{method: "GET", path: "/api/v1/domain", answer: (*API).domain},
		{method: "POST", path: "/api/v1/domain", answer: (*API).setDomain},
		{method: "GET", path: "/api/v1/sign-out", answer: (*API).signOut},
		{method: "POST", path: "/api/v1/sign-out", answer: (*API).setSignOut},
		{method: "GET", path: "/api/v1/statistics", answer: (*API).statistics},
		{method: "GET", path: "/api/v1/retention", answer: (*API).retention},
		{method: "POST", path: "/api/v1/retention", answer: (*API).setRetention},
		{method: "POST", path: "/api/v1/breaches", answer: (*API).reportBreach},
		{method: "POST", path: "/api/v1/documents", answer: (*API).writeDocument},
		{method: "GET", path: "/api/v1/wheel", answer: (*API).wheel},
		{method: "POST", path: "/api/v1/wheel", answer: (*API).reviewed},
		{method: "POST", path: "/api/v1/documents/house", answer: (*API).setHouse},
		{method: "POST", path: "/api/v1/expire", local: true, answer: (*API).expire},
		{method: "GET", path: "/api/v1/names", answer: (*API).names},
		{method: "POST", path: "/api/v1/pin", local: true, answer: (*API).setPIN},
		{method: "POST", path: "/api/v1/pin/unlock", local: true, answer: (*API).unlock},
		{method: "POST", path: "/api/v1/pin/lock", local: true, answer: (*API).lock},
		{method: "POST", path: "/api/v1/passphrase", local: true, answer: (*API).setPassphrase},
		{method: "GET", path: "/api/v1/settings/history", local: true, answer: (*API).settingHistory},
		{method: "POST", path: "/api/v1/settings/undo", local: true, answer: (*API).undoSetting},
		{method: "GET", path: "/api/v1/operators", local: true, answer: (*API).listOperators},
		{method: "POST", path: "/api/v1/operators", local: true, answer: (*API).addOperator},
		{method: "POST", path: "/api/v1/operators/reset", local: true, answer: (*API).resetOperator},
		{method: "POST", path: "/api/v1/operators/change", local: true, answer: (*API).changeOperator},
		{method: "GET", path: "/api/v1/operators/factors", local: true, answer: (*API).factorRules},
		{method: "POST", path: "/api/v1/operators/factors", local: true, answer: (*API).setFactorRule},
		{method: "GET", path: "/api/v1/operators/idp", local: true, answer: (*API).idp},
		{method: "POST", path: "/api/v1/operators/idp", local: true, answer: (*API).setIdP},
		{method: "DELETE", path: "/api/v1/operators/idp", local: true, answer: (*API).removeIdP},
		{method: "GET", path: "/api/v1/audit", answer: (*API).listAudit},
		{method: "GET", path: "/api/v1/audit/verify", answer: (*API).verifyAudit},
		{method: "GET", path: "/api/v1/phones", answer: (*API).listPhones},
		{method: "POST", path: "/api/v1/phones", answer: (*API).pairPhone},
		{method: "POST", path: "/api/v1/phones/revoke", answer: (*API).revokePhone},
		{method: "GET", path: "/api/v1/notices", answer: (*API).notices},
		{method: "POST", path: "/api/v1/notices/settings", local: true, answer: (*API).setNotices},
		{method: "POST", path: "/api/v1/notices/remove", local: true, answer: (*API).removeNotices},
		{method: "POST", path: "/api/v1/notices/test", local: true, answer: (*API).testNotices},
		{method: "POST", path: "/api/v1/tokens", answer: (*API).createToken},
		{method: "POST", path: "/api/v1/issuers", answer: (*API).grantIssuer},
		{method: "POST", path: "/api/v1/backup", local: true, answer: (*API).writeBackup},
		{method: "POST", path: "/api/v1/root/export", local: true, answer: (*API).exportRoot},
		{method: "POST", path: "/api/v1/root/restore", local: true, answer: (*API).restoreRoot},
	}
}

// Register puts every route on mux. What is served there is guarded by Local
// or Bearer; a request that came through neither is refused.
func (a *API) Register(mux *http.ServeMux) {
	for _, r := range routes() {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) { a.serve(w, req, r) })
	}
	mux.HandleFunc("/api/v1/", func(w http.ResponseWriter, req *http.Request) { a.lost(w, req) })
}

func (a *API) serve(w http.ResponseWriter, req *http.Request, r route) {
	who := callerOf(req)
	switch {
	case !r.open && who == stranger:
		refuse(w, errUnauthorized)
		return
	case r.local && who != atNode:
		refuse(w, errLocalOnly)
		return
	}
	began := time.Now()
	most := int64(maxBody)
	if r.file {
		most = maxFile
	}
	req.Body = http.MaxBytesReader(w, req.Body, most)
	if r.method != http.MethodGet {
		req = req.WithContext(node.Doing(req.Context(), privacy.Operator))
	}
	out, err := r.answer(a, req)
	status := http.StatusOK
	if err == nil {
		write(w, status, out)
	} else {
		status = a.fail(w, r, err)
	}
	a.cfg.Logger.Debug("request", "route", r.path, "method", r.method, "status", status, "duration", time.Since(began))
}

// lost answers a path or a method that does not exist.
func (a *API) lost(w http.ResponseWriter, req *http.Request) {
	var allowed []string
	for _, r := range routes() {
		if r.path == req.URL.Path {
			allowed = append(allowed, r.method)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		refuse(w, &Error{Status: http.StatusMethodNotAllowed, Message: "this is not done with " + cmp.Or(req.Method, "GET"), Hint: "use " + strings.Join(allowed, " or ")})
		return
	}
	refuse(w, &Error{Status: http.StatusNotFound, Message: "there is no such thing in this interface", Hint: "/api/v1/openapi.json lists all there is"})
}

func (a *API) fail(w http.ResponseWriter, r route, err error) int {
	e := judge(err)
	if e.Status == http.StatusInternalServerError {
		ref := reference()
		e.Hint = fmt.Sprintf("look in this node's log for reference %s", ref)
		a.cfg.Logger.Error("request not served", "reference", ref, "route", r.path, "err", err.Error())
	}
	refuse(w, e)
	return e.Status
}
