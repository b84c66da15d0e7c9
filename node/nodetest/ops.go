package nodetest

// ops are all kinds of steps. Their order is part of what a seed means.
var ops []op

func init() {
	ops = []op{
		{"check-in", work, 30, (*Campus).checkIn},
		{"check-out", work, 22, (*Campus).checkOut},
		{"out-again", work, 3, (*Campus).checkOutAgain},
		{"setting", work, 4, (*Campus).edit},
		{"stop", work, 2, (*Campus).stopOne},
		{"start", work, 12, (*Campus).startOne},
		{"erase", work, 5, (*Campus).erase},
		{"rectify", work, 4, (*Campus).rectify},
		{"drill", work, 2, (*Campus).drill},
		{"end-drill", work, 1, (*Campus).endDrill},

		{"partition", "partition", 5, (*Campus).partition},
		{"heal", "partition", 4, (*Campus).heal},
		{"cut", "link", 4, (*Campus).cutPair},
		{"cut-one-way", "link", 4, (*Campus).cutOneWay},
		{"restore-pair", "link", 3, (*Campus).restorePair},
		{"drop", "link", 4, (*Campus).drop},
		{"delay", "slow", 3, (*Campus).delay},
		{"stick", "slow", 2, (*Campus).stick},
		{"flap", "slow", 2, (*Campus).flap},
		{"echo", "echo", 5, (*Campus).echo},
		{"power-cut", "crash", 6, (*Campus).powerCut},
		{"blackout", "crash", 1, (*Campus).blackout},
		{"move", "move", 3, (*Campus).move},
		{"erase-twice", "partition", 2, (*Campus).eraseTwice},
		{"erase-cut", "crash", 4, (*Campus).eraseCut},
		{"come-back", "late", 4, (*Campus).comeBack},
		{"jam", "vault", 3, (*Campus).jam},
		{"unjam", "vault", 4, (*Campus).unjam},
		{"disk-full", "disk", 3, (*Campus).diskFull},
		{"disk-free", "disk", 3, (*Campus).diskFree},
		{"disk-fails", "disk", 2, (*Campus).diskFails},
		{"clock-jump", "clock", 4, (*Campus).clockJump},
		{"clock-drift", "clock", 2, (*Campus).clockDrift},
		{"clock-right", "clock", 3, (*Campus).clockRight},
		{"copy", "copy", 4, (*Campus).backUp},
		{"put-back", "copy", 3, (*Campus).putBack},
		{"set-back", "copy", 3, (*Campus).setBack},
		{"join", "members", 2, (*Campus).joinOne},
		{"revoke", "members", 1, (*Campus).revoke},
		{"clock-years", "years", 3, (*Campus).clockYears},
		{"years-right", "years", 2, (*Campus).clockRight},
		{"close-down", "away", 1, (*Campus).closeDown},

		{"alarm", "alarm", 6, (*Campus).alarm},
		{"mark", "alarm", 26, (*Campus).mark},
		{"unmark", "alarm", 6, (*Campus).unmark},
		{"mark-twice", "alarm", 5, (*Campus).markTwice},
		{"add", "alarm", 4, (*Campus).add},
		{"all-clear", "alarm", 1, (*Campus).allClear},

		{"let-die", "away", 4, (*Campus).letDie},
		{"drawer", Drawer, 6, (*Campus).drawer},
	}
}

// kind finds an op by its name.
func kind(name string) (op, bool) {
	for _, o := range ops {
		if o.name == name {
			return o, true
		}
	}
	return op{}, false
}
