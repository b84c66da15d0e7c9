// What the page says, in Swedish and English. {x} is filled in; of two forms the
// first is for one.

export const words = {
  en: {
    skip: "Skip to the list", title: "Who is inside?", other: "Svenska", 
    start_title: "This phone is not paired", start_text: "Scan the QR code that a node shows under Pair a phone, or that upprop phone pair --qr prints. The link can also be pasted here.",
    start_link: "Link", start_do: "Pair", start_bad: "That is no link of a pairing. Copy all of it, or scan the code again.",
    over_ended: "The pairing has ended", over_text: "This phone has forgotten the list and everything that was on it. To go on, pair it anew.",
    over_waiting: ["{n} mark had not reached any node and is gone.", "{n} marks had not reached any node and are gone."],
    over_forgotten: "The phone has forgotten", elsewhere: "Upprop is open in another window", elsewhere_text: "Close that window, and this one goes on by itself.",
    broken: "This browser cannot keep the list", broken_text: "It has no storage or no encryption here: private windows and addresses without https have not. Open the page in an ordinary window over https.",
    contact: "In contact with {node}. List from {time}.", first: "Looking for a node.",
    lost: "No contact with any node since {since}. The list is from {time}.", lost_none: "No contact with any node. There is no list yet.",
    stranger: "The nodes in reach do not know this pairing. Pair the phone anew at a desk.",
    waits: ["{n} mark waits.", "{n} marks wait."],
    real: "EVACUATION since {time}", drill: "Drill since {time}. Not a real alarm.", campus: "All sites", rest: "No evacuation was running when the list was read.",
    counts_find: "to find", counts_safe: "safe or left", doubt: "{n} not sure", behind: "{door} last heard {time}", behind_never: "{door} has never been heard", 
    scope_v: "Visitors only; staff are not counted.", scope_s: "Visitors and those staff who are reported.", scope_fed: "Visitors, and staff as fed from {feeds}.", fed: "{feed} (last heard {time})", fed_silent: "{feed} (SILENT since {time})", fed_never: "{feed} (NEVER heard)", fed_doubt: "Staff may be missing from the list: {feeds}", none_s: "Nobody to find on this list. Whoever has not registered is not counted: the building may not be empty.", names_no: "Names are not shown by this node. Search by badge.", unknown: "Which names have been erased is not known here since {time}.",
    camera_no: "The camera cannot be used. Type the badge's code, or allow the camera in the browser.",
    find: "Find a name, company, host or badge", scan: "Scan a badge", close: "Close", show: "Show", show_find: "To find", show_safe: "Safe", show_all: "All",
    point: "You are at", no_point: "No point chosen", refuge: "refuge", people: "People",
    found: ["{n} person shown.", "{n} people shown."], found_of: "{n} of {all} shown.", found_none: "Nobody on the list matches.", none: "Nobody to find on this list. Staff are not counted: the building may not be empty.", more: "Show more",
    not_listed: "Badge {code} is not on the list.",
    inside: "Inside", safe: "Safe", missing: "Missing", refuge_s: "At a refuge", left: "Left", probably_left: "Probably left", unconfirmed: "Not confirmed",
    do_safe: "Safe", do_missing: "Missing", do_more: "More", do_inside: "Seen inside", do_refuge: "At a refuge",
    host: "Host: {name}", assist: "Needs help:", disputed: "Reports differ", not_sure: "not sure", by: "{node} {time}", at: "at {point}",
    kept: "kept on this phone", recorded: "recorded at {node}", failed: "failed", undone: "taken back",
    said_kept: "{who}: {what}. Kept on this phone; no node has it yet.", said_rec: "{who}: {what}. Recorded at {node}.", said_undo: "{who}: taken back.", said_failed: "{who}: not recorded. {why}",
    undo: "Undo", again: "Try again", drop: "Remove",
    add: "Add a person", add_text: "Name or description", add_hint: "Of somebody who is not on the list.", add_safe: "Add as safe here", add_missing: "Add as missing", add_empty: "Write a few words about the person.",
    own: "Done on this phone", own_none: "Nothing yet.", undo_of: "Undo", added: "added", m_add: "Added",
    about: "This phone", pairing: "Pairing {id} {label}. Ends {time}.", nodes: "Nodes it delivers to", node_add: "Another node's address", node_hint: "As it stands on that node's screen. The mark goes to whichever answers.",
    node_do: "Add the node", node_bad: "That is no address of a node. It begins with https://.", node_here: "this page is from it", node_last: "answered last", remove: "Remove",
    forget: "Forget everything", forget_text: "Empties this phone. Marks that wait are lost. The pairing itself is ended at a desk.", forget_do: "Empty this phone", forget_sure: "Press again to empty it",
    lost_now: "Contact lost. Marks are kept on this phone.", regained: "In contact again.", began: "An evacuation has begun.", failed_why: "{error}: {hint}",
    refuges_hint: "What you press is shown where they wait, at once. It is not kept to be said later.", refuges: "Refuges", refuges_n: ["Refuges: {n} waits", "Refuges: {n} wait"], refuges_open: ["Refuges: {n} is to be answered", "Refuges: {n} are to be answered"],
    place_none: "Place not said", place_at: "{site}, place not said", waiting_n: ["{n} waits here", "{n} wait here"],
    help_told: "We know of you", help_coming: "Help is coming", help_stay: "Stay there", help_fetched: "All are fetched", fetched_sure: "Press again: all are fetched",
    told_none: "No answer yet.", told_by: "“{says}”, said by {node}, {time}.", is_read: "They have answered since.", not_read: "Nobody there has answered since.", since_told: ["{n} came after that was said.", "{n} came after that was said."],
    heard_n: ["Heard from there {time}: {n} person ({node}).", "Heard from there {time}: {n} people ({node})."], heard_read: "Somebody there has read the answer, {time} ({node}).", still_there: "They were told that all are fetched, and somebody may still be there.",
    told_ok: "{place} is told: {says}. Recorded at {node}.", told_failed: "They are not told. {why}", told_lost: "No node answered. See above whether they have been told, or press again.", told_alone: "No contact with any node: they cannot be told now.",
    "badge.ambiguous": "Two people have this badge code. Choose the person in the list, or scan the badge.", "badge.malformed": "That is no badge code.", "badge.forged": "That code was not made by a node of this campus.",
    "evacuation.not_covered": "No evacuation that covers this person is running as far as the node knows. Start one, then try again.", "evacuation.no_point": "The muster point's name cannot be used.",
    "disk.full": "The node's disk is full. Another node is tried.", "store.broken": "The node's disk has failed. Another node is tried.", "phone.fault": "The node has a fault. It is tried again.",
  },
  sv: {
    skip: "Till listan", title: "Vem är inne?", other: "English", 
    start_title: "Telefonen är inte ihopparad", start_text: "Skanna QR-koden som en nod visar under Para ihop en telefon, eller som upprop phone pair --qr skriver ut. Länken kan också klistras in här.",
    start_link: "Länk", start_do: "Para ihop", start_bad: "Det är ingen länk till en ihopparning. Kopiera hela, eller skanna koden igen.",
    over_ended: "Ihopparningen har upphört", over_text: "Telefonen har glömt listan och allt som fanns på den. Para ihop den på nytt för att fortsätta.",
    over_waiting: ["{n} markering hade inte nått någon nod och är borta.", "{n} markeringar hade inte nått någon nod och är borta."],
    over_forgotten: "Telefonen har glömt allt", elsewhere: "Upprop är öppet i ett annat fönster", elsewhere_text: "Stäng det fönstret, så fortsätter det här av sig självt.",
    broken: "Webbläsaren kan inte spara listan", broken_text: "Den har ingen lagring eller kryptering här: det saknas i privata fönster och på adresser utan https. Öppna sidan i ett vanligt fönster över https.",
    contact: "Kontakt med {node}. Listan är från {time}.", first: "Söker en nod.",
    lost: "Ingen kontakt med någon nod sedan {since}. Listan är från {time}.", lost_none: "Ingen kontakt med någon nod. Det finns ingen lista ännu.",
    stranger: "Noderna inom räckhåll känner inte till ihopparningen. Para ihop telefonen på nytt vid en reception.",
    waits: ["{n} markering väntar.", "{n} markeringar väntar."],
    real: "UTRYMNING sedan {time}", drill: "Övning sedan {time}. Inget skarpt larm.", campus: "Alla platser", rest: "Ingen utrymning pågick när listan lästes.",
    counts_find: "att hitta", counts_safe: "i säkerhet eller ute", doubt: "{n} osäkra", behind: "{door} hördes senast {time}", behind_never: "{door} har aldrig hörts", 
    scope_v: "Bara besökare; personal räknas inte.", scope_s: "Besökare och den personal som rapporteras.", scope_fed: "Besökare, och personal enligt {feeds}.", fed: "{feed} (hördes senast {time})", fed_silent: "{feed} (TYST sedan {time})", fed_never: "{feed} (ALDRIG hörd)", fed_doubt: "Personal kan saknas på listan: {feeds}", none_s: "Ingen att hitta på listan. Den som inte är anmäld räknas inte: huset behöver inte vara tomt.", names_no: "Noden visar inga namn. Sök på bricka.", unknown: "Vilka namn som raderats är inte känt här sedan {time}.",
    camera_no: "Kameran kan inte användas. Skriv brickans kod, eller tillåt kameran i webbläsaren.",
    find: "Sök namn, företag, värd eller bricka", scan: "Skanna bricka", close: "Stäng", show: "Visa", show_find: "Att hitta", show_safe: "I säkerhet", show_all: "Alla",
    point: "Du står vid", no_point: "Ingen plats vald", refuge: "utrymningsplats", people: "Personer",
    found: ["{n} person visas.", "{n} personer visas."], found_of: "{n} av {all} visas.", found_none: "Ingen på listan stämmer.", none: "Ingen att hitta på listan. Personal räknas inte: byggnaden kanske inte är tom.", more: "Visa fler",
    not_listed: "Bricka {code} finns inte på listan.",
    inside: "Inne", safe: "I säkerhet", missing: "Saknas", refuge_s: "Vid utrymningsplats", left: "Har gått", probably_left: "Har troligen gått", unconfirmed: "Obekräftad",
    do_safe: "I säkerhet", do_missing: "Saknas", do_more: "Mer", do_inside: "Sedd inne", do_refuge: "Vid utrymningsplats",
    host: "Värd: {name}", assist: "Behöver hjälp:", disputed: "Uppgifterna går isär", not_sure: "osäkert", by: "{node} {time}", at: "vid {point}",
    kept: "sparad i telefonen", recorded: "lagrad på {node}", failed: "misslyckades", undone: "ångrad",
    said_kept: "{who}: {what}. Sparat i telefonen; ingen nod har det ännu.", said_rec: "{who}: {what}. Lagrat på {node}.", said_undo: "{who}: ångrat.", said_failed: "{who}: inte lagrat. {why}",
    undo: "Ångra", again: "Försök igen", drop: "Ta bort",
    add: "Lägg till en person", add_text: "Namn eller beskrivning", add_hint: "Av någon som inte finns på listan.", add_safe: "Lägg till som i säkerhet här", add_missing: "Lägg till som saknad", add_empty: "Skriv några ord om personen.",
    own: "Gjort på den här telefonen", own_none: "Inget ännu.", undo_of: "Ångra", added: "tillagd", m_add: "Tillagd",
    about: "Den här telefonen", pairing: "Ihopparning {id} {label}. Upphör {time}.", nodes: "Noder den lämnar till", node_add: "En annan nods adress", node_hint: "Som den står på nodens skärm. Markeringen går till den som svarar.",
    node_do: "Lägg till noden", node_bad: "Det är ingen adress till en nod. Den börjar med https://.", node_here: "sidan kommer därifrån", node_last: "svarade senast", remove: "Ta bort",
    forget: "Glöm allt", forget_text: "Tömmer telefonen. Markeringar som väntar går förlorade. Själva ihopparningen avslutas vid en reception.", forget_do: "Töm telefonen", forget_sure: "Tryck igen för att tömma",
    lost_now: "Kontakten bröts. Markeringar sparas i telefonen.", regained: "Kontakt igen.", began: "En utrymning har börjat.", failed_why: "{error}: {hint}",
    refuges_hint: "Det du trycker visas genast där de väntar. Det sparas inte för att sägas senare.", refuges: "Utrymningsplatser", refuges_n: ["Utrymningsplatser: {n} väntar", "Utrymningsplatser: {n} väntar"], refuges_open: ["Utrymningsplatser: {n} behöver svar", "Utrymningsplatser: {n} behöver svar"],
    place_none: "Plats ej angiven", place_at: "{site}, plats ej angiven", waiting_n: ["{n} väntar här", "{n} väntar här"],
    help_told: "Vi vet om er", help_coming: "Hjälp är på väg", help_stay: "Stanna där", help_fetched: "Alla är hämtade", fetched_sure: "Tryck igen: alla är hämtade",
    told_none: "Inget svar ännu.", told_by: "”{says}”, sagt av {node}, {time}.", is_read: "De har svarat sedan dess.", not_read: "Ingen där har svarat sedan dess.", since_told: ["{n} kom efter att det sades.", "{n} kom efter att det sades."],
    heard_n: ["Hört därifrån {time}: {n} person ({node}).", "Hört därifrån {time}: {n} personer ({node})."], heard_read: "Någon där har läst svaret, {time} ({node}).", still_there: "De fick veta att alla är hämtade, och någon kan vara kvar.",
    told_ok: "{place} har fått veta: {says}. Lagrat på {node}.", told_failed: "De har inte fått veta det. {why}", told_lost: "Ingen nod svarade. Se ovan om de har fått veta det, eller tryck igen.", told_alone: "Ingen kontakt med någon nod: de kan inte få veta något nu.",
    "badge.ambiguous": "Två personer har den brickkoden. Välj personen i listan, eller skanna brickan.", "badge.malformed": "Det är ingen brickkod.", "badge.forged": "Koden är inte gjord av någon nod i anläggningen.",
    "evacuation.not_covered": "Ingen utrymning som gäller personen pågår så vitt noden vet. Starta en och försök igen.", "evacuation.no_point": "Återsamlingsplatsens namn kan inte användas.",
    "disk.full": "Nodens disk är full. En annan nod prövas.", "store.broken": "Nodens disk är trasig. En annan nod prövas.", "phone.fault": "Noden har ett fel. Det försöks igen.",
  },
};

const chosen = "upprop-lang";
let lang = localStorage.getItem(chosen) || (navigator.languages.some(l => /^sv\b/i.test(l)) && !/^en\b/i.test(navigator.language) ? "sv" : "en");
if (!words[lang]) lang = "en";

export const language = () => lang;

export function switchLanguage() {
  lang = lang === "sv" ? "en" : "sv";
  localStorage.setItem(chosen, lang);
}

// t is a sentence in the reader's language; args.n chooses the form.
export function t(key, args = {}) {
  let s = words[lang][key] ?? key;
  if (Array.isArray(s)) s = s[args.n === 1 ? 0 : 1];
  return s.replace(/\{(\w+)\}/g, (all, name) => args[name] ?? "");
}

// clock is the time of day with seconds, and the day where it is not today.
export function clock(ms, withDay = false) {
  const d = new Date(ms), two = n => String(n).padStart(2, "0");
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  const far = withDay || d.toDateString() !== new Date().toDateString();
  return far ? `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}` : time;
}
