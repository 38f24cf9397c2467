package buildpool_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/allmenning/allmenning/controllers/internal/buildpool"
	"github.com/allmenning/allmenning/internal/bundle"
)

// TestSlowTrialsLeaveAWorkerToBuilds: two versions that take all the time that there is are offered at once, and what municipalities have is
// built before one of them is done.
func TestSlowTrialsLeaveAWorkerToBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	p := pool(t, buildpool.Limits{Memory: 224 << 20, Time: 3 * time.Second})
	var warm sync.WaitGroup
	for i := range 2 {
		warm.Go(func() {
			if _, err := p.Build(flat(settings+fmt.Sprintf("data: {warm: up-%d}\n", i)), vinje()); err != nil {
				t.Error(err)
			}
		})
	}
	warm.Wait()
	before := spent(t)

	var trials sync.WaitGroup
	var ended atomic.Int32
	for _, salt := range []string{"a", "b"} {
		trials.Go(func() {
			_, err := p.Try(burning(salt), vinje())
			var exceeded *buildpool.Exceeded
			ended.Add(1)
			if !errors.As(err, &exceeded) {
				t.Errorf("%v, want that it takes too long", err)
			}
		})
	}
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for ended.Load() == 0 && spent(t)-before < 200*time.Millisecond { // until one is under way
		<-look.C
	}
	if _, err := p.Build(flat(settings), vinje()); err != nil || ended.Load() > 0 {
		t.Errorf("%v: a build waited for %d trials", err, ended.Load())
	}
	trials.Wait()
}

// burning is a chart that takes all the time that there is.
func burning(salt string) bundle.Bundle {
	const loop = "{{ range until 1000 }}"
	return folder(map[string]string{
		"Chart.yaml":       "apiVersion: v2\nname: burning\nversion: 1.0.0\ndescription: " + salt + "\n",
		"templates/a.yaml": strings.Repeat(loop, 4) + strings.Repeat("{{ end }}", 4) + "\n",
	})
}

// spent is how long the workers have kept processors busy.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var all time.Duration
	for _, pid := range children(t) {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
		for _, ticks := range fields[11:13] {
			n, err := strconv.ParseInt(ticks, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			all += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return all
}
