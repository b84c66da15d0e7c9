package kiosk_test

import (
	"context"
	"strings"

	"github.com/upprop/upprop/kiosk"
	. "github.com/upprop/upprop/kiosk/webkit/browsertest"
)

const submit = "main form button[type=submit]"

// flows are all that a visitor does at a door.
var flows = []Flow{
	{Name: "chooses a language", From: "/kiosk?lang=en", Steps: []Step{
		Press(`.languages a[hreflang="{lang}"]`), Stands("start", ".choices", "start.lede"),
		Press(".choice.first"), Stands("types", ".type-choices", "types.title"),
		Press(".language-menu summary"), Stands("languages", ".language-menu[open] .languages", ""),
		Press(`.language-menu a[hreflang="{lang}"]`), Stands("", ".type-choices", "types.title"),
	}},
	{Name: "skips to the content", From: "/kiosk?lang={lang}", By: Keyboard, Steps: []Step{
		Press(".skip"), Stands("", "main:target", "start.lede"), Press(".choice.first"), Stands("", ".type-choices", ""),
	}},
	{Name: "walks in, finds the host, needs help, and leaves by the badge", From: "/kiosk?lang={lang}", Steps: []Step{
		Press(".choice.first"), Stands("", ".type-choices", "types.none_fits"),
		Press(`a[href*="/arrive/visitor"]`), Stands("arrive", "#name", "arrive.lede"),
		Press(submit), Stands("arrive-fault", ".summary", "name.empty"),
		Press(".summary a"), Stands("", "#name:focus", ""),
		Write("#name", "Anna-Lena Öberg"),
		Write("#host", "kar"), Stands("hosts", ".hosts button", ""),
		Press(".hosts li:last-child button"), Stands("", "#host:focus", ""),
		Write("#company", "Ekström & Söner AB"),
		Press("[name=needs_help]"), Stands("", "#assist", "arrive.assist_text"),
		Write("#assist", "Rullstol"),
		Press("[name=under16]"), Stands("arrive-assist", "[name=guardian]", "arrive.guardian"), Press("[name=guardian]"),
		Press(submit), Stands("welcome", ".badge", "welcome.next_alarm"), Keep(".badge .qr", "badge"),
		Press(`a[href*="/pass"]`), Stands("pass", ".pass .qr", "pass.photograph"), Keep(".pass .qr", "pass"),
		Press(`main a[href*="/welcome/"]`), Stands("", ".badge", "welcome.code_hint"),
		Press(".finish"), Begins(".choices"), Press(`.languages a[hreflang="{lang}"]`), Stands("", ".choices", "start.lede"),
		Show("badge"), Stands("goodbye-named", ".goodbye", "goodbye.lede"),
		Press(".goodbye a"), Begins(".choices"), Press(`.languages a[hreflang="{lang}"]`), Stands("", ".choices", "start.lede"),
		Show("badge"), Stands("", ".goodbye", "goodbye.already"),
	}},
	{Name: "comes back with the pass", From: "/kiosk?lang={lang}", Steps: []Step{
		Show("pass"), Stands("arrive-pass", "#company", "arrive.by_pass"),
		Press(submit), Stands("", ".badge", "welcome.next_wear"), Press(".finish"), Begins(".choices"),
	}},
	{Name: "signs by name", From: "/kiosk/arrive?lang={lang}", Steps: []Step{
		Press(`a[href*="/arrive/contractor"]`), Stands("contractor", "#signature", "sign.heading"),
		Write("#name", "ليلى حداد"), Press(submit), Stands("unsigned", ".summary", "document.unsigned"),
		Write("#phone", "070-174 06 05"), Write("#signature", "ليلى حداد"),
		Press(submit), Stands("welcome-contractor", ".badge", "welcome.next_leave"),
	}},
	{Name: "signs with a finger", From: "/kiosk/arrive/contractor?lang={lang}", By: Finger, Steps: []Step{
		Stands("", ".draw canvas", "sign.draw"), Write("#name", "Åke Berg"),
		Sign("canvas"), Stands("", `form:has([name=drawing]:not([value=""]))`, ""),
		Press("[data-draw-clear]"), Stands("", `form:has([name=drawing][value=""])`, ""),
		Sign("canvas"), Stands("drawn", `form:has([name=drawing]:not([value=""]))`, ""),
		Press(submit), Stands("", ".badge", ""), Meanwhile("drawn"),
	}},
	{Name: "delivers, and waits for the reception", From: "/kiosk/arrive?lang={lang}", Steps: []Step{
		Press(`a[href*="/arrive/delivery"]`), Stands("", "#name", ""),
		Write("#name", waits), Press(submit), Stands("welcome-wait", ".receipt", "welcome.next_reception"),
	}},
	{Name: "comes with a group", From: "/kiosk/arrive?lang={lang}", Steps: []Step{
		Press(`a[href*="/arrive/group"]`), Stands("", "#with", "arrive.with_hint"),
		Write("#name", "Lärare Ek"), Write("#with", "Bo Ek\nMaximiliana Konstantinidou-Vasilopoulos"), Stands("group", "#with:focus", ""),
		Press(submit), Stands("group-welcome", ".badge + .badge", "welcome.next_wear"),
	}},
	{Name: "is invited, by name and code", From: "/kiosk?lang={lang}", Steps: []Step{
		Press(`a[href*="/invited"]`), Stands("invited", "#code", "invited.lede"),
		Write("#code", "1234"), Write("#name", "Åsa"), Press(submit), Stands("invited-fault", ".summary", "invitations.wrong"),
		Write("#code", "7k3m-9q2x-4trb"), Press(submit), Stands("invited-form", "#company", "arrive.expected"),
		Press(submit), Stands("", ".badge", ""),
	}},
	{Name: "is invited, by QR", From: "/kiosk?lang={lang}", Steps: []Step{
		Show("INVITE" + strings.Repeat("7K3M", 40)), Stands("", "#company", "arrive.expected"),
		Press(submit), Stands("", ".badge", "welcome.code_hint"),
	}},
	{Name: "filled in and signed before", From: "/kiosk?lang={lang}", Steps: []Step{
		Show("INVITEEARLY" + strings.Repeat("7K3M", 40)), Stands("invited-early", ".filled", "arrive.before"),
		Press(submit), Stands("", ".badge", ""),
	}},
	{Name: "leaves by code", From: "/kiosk?lang={lang}", Steps: []Step{
		Press(`a.choice[href*="/leave"]`), Stands("leave", "#code", "leave.lede"),
		Write("#code", "hej"), Press(submit), Stands("leave-fault", ".summary", "badge.malformed"),
		Write("#code", "7k3m9q28"), Press(submit), Stands("goodbye", ".goodbye", "goodbye.hand_in"),
		Press(".goodbye a"), Begins(".choices"),
	}},
	{Name: "leaves by name", From: "/kiosk/leave?lang={lang}", Steps: []Step{
		Press(`a[href*="/leave/name"]`), Stands("leave-name", "#knows", "leave.name_lede"),
		Write("#name", "Bo Marker"), Write("#knows", "1"), Press(submit), Stands("leave-name-fault", ".summary", "self.not_found"),
		Write("#knows", "0701740605"), Press(submit), Stands("", ".goodbye", "goodbye.hand_in"),
	}},
	{Name: "calls for help, and goes on with the form", From: "/kiosk/arrive/visitor?lang={lang}", Steps: []Step{
		Write("#name", "Bo Ek"), Press(".aid button[formaction]"), Stands("help", ".help-state", "help.calling_text"),
		Press(`main a[href*="/kiosk/held/"]`), Stands("", `#name[value="Bo Ek"]`, "arrive.lede"),
		Press(`main a[href^="/kiosk?"]`), Stands("", ".choices", ""),
		Press(".aid form button"), Stands("", ".help-state", "help.calling_text"), Meanwhile("cut"), Stands("help-cut", ".help-else", "help.cut_text"),
		Press("main form button"), Stands("", ".choices", ""),
	}},
	{Name: "reads about privacy, and what is kept", From: "/kiosk?lang={lang}", Steps: []Step{
		Press(`.foot a[href*="/privacy"]`), Stands("privacy", ".prose", "privacy.lede"),
		Press(`a[href*="/kiosk/mine"]`), Stands("mine-who", "#knows", "mine.knows_hint"),
		Write("#code", "K7M4-2QXP"), Write("#knows", "wrong"), Press(submit), Stands("mine-who-fault", ".summary", "self.refused"),
		Write("#knows", "0701740605"), Press(submit), Stands("mine", ".extract", "mine.correct_hint"),
		Write("#company", "Bolaget"), Press("[value=rectify]"), Stands("", "[role=status]", "mine.corrected"),
		Press("[value=withdraw]"), Stands("", "[role=status]", "mine.withdrawn"),
		Press("[value=erase]"), Stands("mine-asked", "[role=status]", "mine.asked"),
		Press("[value=close]"), Stands("", ".choices", ""),
	}},
	{Name: "knows a badge and a name", From: "/kiosk/mine?lang={lang}", Steps: []Step{
		Write("#code", "K7M4-2QXP"), Write("#knows", "Bo Marker"), Press(submit), Stands("mine-at-desk", ".extract", "self.at_desk"),
	}},
	{Name: "is lost", From: "/kiosk/nowhere?lang={lang}", Steps: []Step{
		Stands("missing", ".problem", "page.missing"), Press("main a"), Stands("", ".choices", ""),
	}},
	{Name: "is told to go out", From: "/kiosk?lang={lang}", Steps: []Step{
		Meanwhile("drill"), Stands("evac-drill", `.evac[data-kind="drill"]`, "alert.is_drill"),
		Meanwhile("alarm"), Stands("evac-real", `.evac[data-kind="real"]`, "alert.step_out"),
		Press(".evac-out a"), Stands("evac-leave", ".evac-banner", "alert.show"),
		Write("#code", "7k3m9q29"), Press(submit), Stands("evac-goodbye", ".goodbye", "goodbye.lede"),
		Press(".evac-banner a"), Stands("", ".evac", "alert.check_out_hint"), Meanwhile("over"), Stands("", ".choices", ""),
	}},
	{Name: "waits at a refuge", From: "/kiosk?lang={lang}", Steps: []Step{
		Meanwhile("refuge"), Stands("", ".evac-refuge", "refuge.none"),
		Press(`.refuge-counts [value="3"]`), Stands("evac-refuge", ".refuge-heard", "refuge.coming"),
		Meanwhile("over"), Stands("", ".choices", ""),
	}},
	{Name: "writes when it begins", From: "/kiosk/arrive/visitor?lang={lang}", Steps: []Step{
		Write("#name", "Bo Ek"), Meanwhile("alarm"), Stands("evac-held", ".evac-held", "alert.held"),
		Meanwhile("over"), Stands("evac-resume", ".resume", "alert.resume_text"),
		Press("[value=continue]"), Stands("", `#name[value="Bo Ek"]`, "arrive.title"),
	}},
}

// waits is a visitor whom the reception is to meet.
const waits = "Gunnar Ek"

// busyDoor is a door that has all that a door may have, and what happens there.
func busyDoor(c *kiosk.Config, h *house, drawn func()) map[string]func() {
	reception(c)
	(&own{}).at(c)
	h.wait = waits
	h.signs = true
	types := c.Types()
	types[0].Note = map[string]string{"sv": "Kaffe finns på plan 2.\nToaletter: till vänster.", "en": "There is coffee on floor 2.", "ar": "القهوة في الطابق 2."}
	types[0].Wifi = kiosk.Wifi{Network: "Lindholmen gäst", Password: "hej-hej-1234", Code: "WIFI:T:WPA;S:Lindholmen gäst;P:hej-hej-1234;;"}
	c.Types = func() []kiosk.Type { return types }
	desk := &porter{}
	c.Help, c.Phone = desk, "031-123 45 67"
	c.Entrances = func() []string { return []string{"Östra grinden", "Västra porten"} }
	var a alarm
	a.at(c)
	refuge := realOne
	refuge.Here = &kiosk.Point{Name: "Trapphus B, plan 2", Refuge: true, Talk: kiosk.Refuge{}}
	c.Hear = func(_ context.Context, _ string, count int, _ string) error {
		heard := refuge
		heard.Here = &kiosk.Point{Name: "Trapphus B, plan 2", Refuge: true, Talk: kiosk.Refuge{
			Told: &kiosk.Told{Help: "coming", Role: "warden", At: at}, Beside: []kiosk.Told{{Help: "stay", Role: "desk", At: at}}, Seen: "x:1", Heard: at, Count: count,
		}}
		a.set(&heard)
		return nil
	}
	return map[string]func(){
		"drill": func() { a.set(&drillOne) }, "alarm": func() { a.set(&realOne) }, "refuge": func() { a.set(&refuge) }, "over": func() { a.set(nil) },
		"cut":   func() { desk.set(kiosk.Call{On: true, State: kiosk.CallWaiting, Cut: true}) },
		"drawn": drawn,
	}
}
