package doctor

import (
	"fmt"
	"time"
)

// keys judges keys that should be gone, and erasures that may not be known.
func keys(f Facts) (out []Finding) {
	out = append(out, vault(f)...)
	out = append(out, ahead(f)...)
	if f.Vault.Untidy != "" {
		out = append(out, Finding{
			"vault-untidy", Fault, f.Name,
			"Keys that were replaced could not be overwritten on the disk: " + f.Vault.Untidy + ".",
			"Who takes this disk may open what has been erased. No new keys can be kept, so that nobody is taken in on a new date, and erasures wait.",
			"Look at the disk and at the rights of the files vault.keys.old and vault.keys.new in the data folder; it is tried again every minute.",
		})
	}
	if f.Bare {
		means := "It shows no names, in an evacuation neither, and it has not asked for the keys that open them."
		if f.InClear > 0 {
			means = fmt.Sprintf("It shows no names, in an evacuation neither. %d keys that an earlier release fetched lie on its disk in clear: who takes it reads cards.", f.InClear)
		}
		out = append(out, Finding{
			"no-pin", Fault, f.Name, "No PIN has been chosen on this handheld.", means,
			"Choose one: on its screen at /warden, or with `upprop pin set`. It then fetches the keys from the next desk or handheld that it reaches.",
		})
	}
	if f.WatchBlind && f.Now.Sub(f.Started) > settling {
		out = append(out, Finding{
			"watch-blind", Warning, f.Name, "This entrance does not hold the watch list.",
			"Nobody who comes here is compared with it before a desk is in touch; the desk then compares whom this entrance took in.",
			"Connect it to a desk: it holds the list in its memory alone, and has started while none could be reached.",
		})
	}
	if x := f.Expiry; x.Waiting > 0 {
		since := x.Since.UTC().Format(time.DateOnly)
		what := fmt.Sprintf("Keys of %d past dates, the first %s, have not been destroyed yet: ", x.Waiting, since)
		means := "What was sealed to those dates is not opened any more, but it could be by who takes this machine's disk."
		do := fmt.Sprintf("Check the date of this machine (`date`). If it is right: `upprop expire --until %s`.", f.Now.UTC().Format(time.DateOnly))
		severity := Warning
		switch x.Why {
		case "contradicted":
			what += "every node that is heard has another time."
			do = "Set right whichever clock is wrong: `timedatectl set-ntp true`. The rest goes by itself."
		case "jumped":
			what += "this machine's clock has jumped, or it was off for long, and no node bears its time out."
			do = "Connect this node to another one, and it goes by itself. " + do
		default:
			severity = Notice
			what += "one date goes for each day that this node runs, so that a wrong clock cannot destroy much."
			do = "Nothing, if it can wait. " + do
		}
		out = append(out, Finding{"keys-wait", severity, f.Name, what, means, do})
	}
	if !f.Unknown.IsZero() && f.Now.Sub(f.Started) > settling {
		out = append(out, Finding{
			"erasures-unknown", Warning, f.Name,
			"No other node has confirmed since " + Stamp(f.Unknown) + " that this one has heard of all erasures.",
			"It may show the name of somebody whose particulars have been erased elsewhere meanwhile.",
			"Connect it to another node: it then asks at once, by itself.",
		})
	}
	return out
}

// vault judges what became of the file with this node's keys.
func vault(f Facts) []Finding {
	if f.Vault.Missing.IsZero() {
		return nil
	}
	means := "What visitors told before that is not read here any more, unless other nodes hand it on."
	severity, do := Fault, "Stop upprop, put vault.keys back from where it is kept, over the new one, and start again; the sooner, the less is lost. If it is lost for good, leave it: other nodes hand on what they hold."
	switch {
	case f.Vault.Standing > 0:
		means += fmt.Sprintf(" %d keys that are sealed to are not held here.", f.Vault.Standing)
		do += " Connect every desk and handheld: keys that none of them has are replaced by themselves. One that is gone for good must be revoked or written off first (`upprop node revoke NAME`, `upprop node write-off NAME`)."
	case f.Vault.Lacking > 0:
		severity = Warning
		means += fmt.Sprintf(" %d keys are with nobody any more and have been replaced: what was sealed to them stays unread.", f.Vault.Lacking)
	}
	return []Finding{{
		"vault-missing", severity, f.Name,
		"The file with this node's keys (vault.keys) was missing at its start at " + Stamp(f.Vault.Missing) + ", and an empty one was made.",
		means, do,
	}}
}

// ahead judges for how long there are keys to seal to.
func ahead(f Facts) []Finding {
	left := f.KeysUntil.Sub(f.Now)
	if f.KeysUntil.IsZero() || !f.Ready || left >= fewAhead {
		return nil
	}
	severity, means := Warning, "Desks make them 90 days ahead, so none has for some time, or its clock is in doubt. Nobody notices yet."
	if left < tooFew {
		severity, means = Fault, "Names told now are forgotten on that date, before 30 days are over, and after it nobody is taken in."
	}
	return []Finding{{
		"keys-end", severity, f.Name,
		"There are keys to seal names to until " + f.KeysUntil.UTC().Format(time.DateOnly) + " only.", means,
		"Connect this node to a desk, and see that its clock is right (`upprop doctor` there): it makes keys by itself within minutes. Where no desk is left, let one in: `upprop token create --role desk`.",
	}}
}
