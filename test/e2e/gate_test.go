package e2e_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/allmenning/allmenning/test/operator"
)

// gate is between the operator and the API server. It passes everything on, counts
// what is written, and holds statuses back on request: the objects of an app are
// then applied, and nobody has noted it.
type gate struct {
	proxy *httputil.ReverseProxy
	// kubeconfig leads an operator through the gate, with its own account's rights.
	kubeconfig string
	written    atomic.Int64
	// moved counts specs of AppInstallations among what is written.
	moved   atomic.Int64
	holding atomic.Bool
	held    atomic.Int64
}

func newGate(t *testing.T, w *world) *gate {
	t.Helper()
	config, err := w.plane.ConfigFor(operator.Identity)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	server, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	g.proxy = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(server) },
		Transport:     transport,
		FlushInterval: -1,                         // watches deliver at once
		ErrorLog:      log.New(io.Discard, "", 0), // a killed client is no news here
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := &http.Server{Handler: g}
	go func() { _ = front.Serve(listener) }()
	t.Cleanup(func() { _ = front.Close() })
	err = clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"gate": {Server: "http://" + listener.Addr().String()}},
		Contexts:       map[string]*clientcmdapi.Context{"gate": {Cluster: "gate"}},
		CurrentContext: "gate",
	}, g.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ServeHTTP passes a request on, or keeps it for ever.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPatch && g.holding.Load() && strings.Contains(r.URL.Path, "/appinstallations/") && strings.HasSuffix(r.URL.Path, "/status") {
		g.held.Add(1)
		<-r.Context().Done() // the operator dies while it waits for the answer
		return
	}
	if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/events") {
		g.written.Add(1)
		if strings.Contains(r.URL.Path, "/appinstallations/") && !strings.HasSuffix(r.URL.Path, "/status") {
			g.moved.Add(1)
		}
	}
	g.proxy.ServeHTTP(w, r)
}
