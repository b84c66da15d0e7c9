package sim

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

const (
	// most is how much processor time one campus may take: what turns in
	// circles takes all there is.
	most = 3 * time.Minute
	// idle is for how many looks one may take next to none: what waits for ever
	// takes nothing. Looks are counted and not time: a process that is stopped,
	// or has not had its turn, does not look either.
	idle = 300
	look = time.Second
	// none is what counts as next to none.
	none = 100 * time.Millisecond
)

// watch ends the process, with what every goroutine is doing, when the campus
// that begins now makes no headway. Real time alone says nothing: the machine
// may have other work.
func watch() (done func()) {
	stop := make(chan struct{})
	began := spent()
	go func() {
		t := time.NewTicker(look)
		defer t.Stop()
		for last, quiet := began, 0; ; quiet++ {
			select {
			case <-stop:
				return
			case <-t.C:
			}
			now := spent()
			if now-last >= none {
				last, quiet = now, 0
			}
			why := ""
			switch {
			case now-began > most:
				why = fmt.Sprintf("it has taken %v of processor time", most)
			case quiet > idle:
				why = fmt.Sprintf("it has waited for %v", idle*look)
			default:
				continue
			}
			fmt.Fprintf(os.Stderr, "the campus makes no headway: %s\n", why)
			stacks := make([]byte, 1<<20)
			_, _ = os.Stderr.Write(stacks[:runtime.Stack(stacks, true)])
			os.Exit(3)
		}
	}()
	return func() { close(stop) }
}

// spent is how much processor time this process has taken.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
