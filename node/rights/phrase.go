package rights

import (
	"slices"
	"strings"
)

// phrases are the words of the texts by language, sort and key: first Swedish,
// then English.
var phrases = map[string]map[string][2]string{
	"datum": {
		"name":     {"Namn", "Name"},
		"company":  {"Företag", "Company"},
		"host":     {"Besöker", "Visits"},
		"email":    {"E-post", "E-mail"},
		"phone":    {"Telefon", "Telephone"},
		"purpose":  {"Ärende", "Purpose of visit"},
		"assist":   {"Hjälp vid utrymning", "Help to get out"},
		"photo":    {"Foto", "Photo"},
		"lang":     {"Språk", "Language"},
		"signed":   {"Underskrift", "Signature"},
		"presence": {"Tider och platser", "Times and places"},
	},
	"event": {
		"arrived":           {"anlände", "arrived"},
		"left":              {"gick ut", "left"},
		"moved":             {"sågs", "was seen"},
		"timed_out":         {"utcheckad av klockan", "signed out by the clock"},
		"badge_back":        {"brickan lämnades tillbaka", "the badge was handed back"},
		"corrected":         {"rättat", "corrected"},
		"carried":           {"fördes över till en senare dag", "carried over to a later day"},
		"marked safe":       {"markerad i säkerhet", "marked safe"},
		"marked missing":    {"markerad saknad", "marked missing"},
		"marked inside":     {"markerad inne", "marked inside"},
		"marked refuge":     {"markerad i skyddat utrymme", "marked in a refuge"},
		"added":             {"tillagd vid utrymning", "added at an evacuation"},
		"joined":            {"återfanns som en annan på listan", "found to be another on the list"},
		"restricted":        {"användningen begränsades", "its use was restricted"},
		"unrestricted":      {"begränsningen upphörde", "the restriction ended"},
		"erasure ordered":   {"radering beslutades", "erasure was ordered"},
		"consent withdrawn": {"ett samtycke togs tillbaka", "a consent was taken back"},
		"message sent":      {"ett meddelande skickades från receptionen", "a message was sent from a desk"},
		"erasure confirmed": {"radering bekräftades", "erasure was confirmed"},
	},
	"consent": {
		"assist": {"Hjälp vid utrymning", "Help to get out"},
		"notify": {"Meddelande vid larm", "Being told of an alarm"},
		"photo":  {"Foto", "Photo"},
	},
	"recipient": {
		"subject": {"du själv, registerutdrag", "yourself, a register extract"},
		"warden":  {"utrymningsledare, vid en utrymning eller övning", "a warden, in an evacuation or drill"},
	},
	"change": {
		"corrected":    {"rättelsen", "it was corrected"},
		"erased":       {"raderingen", "it was erased"},
		"restricted":   {"begränsningen", "its use was restricted"},
		"unrestricted": {"att begränsningen upphörde", "the restriction ended"},
	},
	"kind": {
		"access":        {"registerutdrag (artikel 15)", "access (Article 15)"},
		"rectification": {"rättelse (artikel 16)", "rectification (Article 16)"},
		"erasure":       {"radering (artikel 17)", "erasure (Article 17)"},
		"restriction":   {"begränsning (artikel 18)", "restriction (Article 18)"},
		"portability":   {"dataportabilitet (artikel 20)", "portability (Article 20)"},
		"objection":     {"invändning (artikel 21)", "objection (Article 21)"},
	},
	"role": {
		"desk":     {"reception", "desk"},
		"warden":   {"utrymningsledare", "warden"},
		"entrance": {"entré", "entrance"},
		"relay":    {"relä", "relay"},
	},
	"purpose": {
		"agreed": {"kunna visa vad personen har läst och gått med på", ""},
		"assist": {"hjälpa personen ut vid en utrymning", ""},
		"badge":  {"kunna känna igen den som bär en bricka", ""},
		"reach":  {"nå personen om besöket", ""},
		"safety": {"veta vem som är i byggnaden och hitta dem vid en utrymning", ""},
		"visit":  {"ta emot personen och meddela värden", ""},
	},
	"basis": {
		"a": {"samtycke (artikel 6.1 a)", ""},
		"b": {"avtal med personen (artikel 6.1 b)", ""},
		"c": {"rättslig förpliktelse (artikel 6.1 c)", ""},
		"d": {"skydd för grundläggande intressen (artikel 6.1 d)", ""},
		"e": {"uppgift av allmänt intresse (artikel 6.1 e)", ""},
		"f": {"berättigat intresse (artikel 6.1 f)", ""},
	},
	"by": {
		"operator at this node": {"operatören vid noden", ""},
	},
	"source": {
		"api":        {"ett annat system, genom programgränssnittet", ""},
		"command":    {"en person i receptionen, med kommando", ""},
		"correction": {"en rättelse som personen bad om", ""},
		"desk":       {"en receptionist, som personen berättade för", ""},
		"import":     {"en inläst fil", ""},
		"invitation": {"värden, i en inbjudan", ""},
		"kiosk":      {"personen själv, vid en kiosk", ""},
	},
}

// phrase is a word in a language; what there is no word for is told as it is.
func phrase(lang Lang, sort, key string) string {
	pair := phrases[sort][key]
	word := pair[1]
	if lang == Swedish {
		word = pair[0]
	}
	if word == "" {
		return key
	}
	return word
}

// inLang are reasons with those of their words in a language that nobody has
// edited: an operator's own words are told as they were written.
func (s *Service) inLang(all []Reason, lang Lang) []Reason {
	all = slices.Clone(all)
	for i, r := range all {
		all[i].Purpose = translated(lang, "purpose", defaults.Purposes, r.Purpose)
		all[i].LegalBasis = translated(lang, "basis", bases, r.LegalBasis)
		all[i].Source = translated(lang, "source", defaults.Sources, r.Source)
		if node, ok := strings.CutSuffix(r.By, ", "+s.cfg.By); ok {
			all[i].By = node + ", " + phrase(lang, "by", s.cfg.By)
		}
	}
	return all
}

func translated(lang Lang, sort string, all []Label, text string) string {
	if i := slices.IndexFunc(all, func(l Label) bool { return l.Text == text }); i >= 0 && lang == Swedish {
		return phrase(lang, sort, all[i].ID)
	}
	return text
}
