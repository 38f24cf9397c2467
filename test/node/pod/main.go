// Command pod is what sample apps run in tests. It answers with its name, and tries others when it is asked:
//
//	GET /              its name, on each of PORTS
//	GET /try?to=A&to=B tries each, side by side, and says what answered: {"A": {"answer": "..."}, "B": {"fault": "..."}}
//	GET /first         how each of FIRST was reached in the pod's first moments
//	GET /hold?to=A     opens a connection that it keeps using; GET /held says whether it still lives
//
// What is tried is http:HOST:PORT, udp:HOST:PORT or tcp:HOST:PORT; the last two ask as a client of DNS does. With
// &from=ADDRESS it is tried from that address.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	host, err := os.Hostname()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	name := cmp.Or(os.Getenv("NAME"), host)
	var moments firstMoments
	for _, target := range strings.FieldsFunc(os.Getenv("FIRST"), func(r rune) bool { return r == ',' }) {
		go moments.watch(target)
	}
	var held connections

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		fmt.Fprintln(w, name, local)
	})
	mux.HandleFunc("/try", func(w http.ResponseWriter, r *http.Request) {
		answer(w, tryAll(r.Context(), r.URL.Query()["to"], r.FormValue("from")))
	})
	mux.HandleFunc("/first", func(w http.ResponseWriter, _ *http.Request) { answer(w, moments.all()) })
	mux.HandleFunc("/hold", func(w http.ResponseWriter, r *http.Request) { answer(w, held.open(r.Context(), r.FormValue("to"))) })
	mux.HandleFunc("/held", func(w http.ResponseWriter, _ *http.Request) { answer(w, held.all()) })
	for port := range strings.SplitSeq(cmp.Or(os.Getenv("PORTS"), "8080,9090"), ",") {
		server := &http.Server{Addr: ":" + port, Handler: mux, ReadHeaderTimeout: time.Minute}
		go func() {
			fmt.Fprintln(os.Stderr, server.ListenAndServe())
			os.Exit(1)
		}()
	}
	fmt.Fprintf(os.Stderr, "%s answers\n", name)
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
	time.Sleep(linger()) //nolint:forbidigo // it plays an app that takes its time to end
}

// linger is how long it goes on after it was asked to end: LINGER, such as 20s.
func linger() time.Duration {
	d, err := time.ParseDuration(os.Getenv("LINGER"))
	if err != nil {
		return 0
	}
	return d
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // who asked has gone, where it fails
}

// outcome is what became of an attempt: an answer, or the fault.
type outcome struct {
	Answer string `json:"answer,omitempty"`
	Fault  string `json:"fault,omitempty"`
}

// tryAll tries every target, side by side.
func tryAll(ctx context.Context, targets []string, from string) map[string]outcome {
	all := map[string]outcome{}
	var turn sync.Mutex
	var group sync.WaitGroup
	for _, target := range targets {
		group.Go(func() {
			o := try(ctx, target, from)
			turn.Lock()
			defer turn.Unlock()
			all[target] = o
		})
	}
	group.Wait()
	return all
}
