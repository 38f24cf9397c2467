package watch

import (
	"fmt"
	"log/slog"

	"sigs.k8s.io/controller-runtime/pkg/source"
)

// Logged is a source that is begun while the controller runs, and that is logged then by what it watches. Else it is logged as a value,
// of which no log can make JSON.
func Logged(of source.SyncingSource) source.SyncingSource { return logged{of} }

type logged struct{ source.SyncingSource }

// LogValue is what it watches.
func (l logged) LogValue() slog.Value { return slog.StringValue(l.String()) }

// String is what it watches.
func (l logged) String() string { return fmt.Sprint(l.SyncingSource) }
