package watch

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// TestLogged logs a source as the controller does with one that is begun while it runs.
func TestLogged(t *testing.T) {
	secret := &unstructured.Unstructured{}
	secret.SetAPIVersion("v1")
	secret.SetKind("Secret")
	of := source.Kind[client.Object](&informertest.FakeInformers{}, secret, handler.Funcs{})
	for format, handles := range map[string]func(*bytes.Buffer) slog.Handler{
		"json": func(out *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(out, nil) },
		"text": func(out *bytes.Buffer) slog.Handler { return slog.NewTextHandler(out, nil) },
	} {
		var out bytes.Buffer
		logr.FromSlogHandler(handles(&out)).Info("Starting EventSource", "source", Logged(of))
		if line := out.String(); strings.Contains(line, "!ERROR") || !strings.Contains(line, "[v1 Secret]") {
			t.Errorf("as %s: %s", format, line)
		}
	}
}
