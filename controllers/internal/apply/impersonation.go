package apply

import (
	"context"
	"net/http"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

type installerKey struct{}

// AsInstaller returns a context in which requests are made as the installer
// account of a namespace, so that RBAC in the API server, and not the care of
// this program, keeps an app inside it.
func AsInstaller(ctx context.Context, namespace string) context.Context {
	return context.WithValue(ctx, installerKey{}, namespace)
}

// InstallerUser returns the user name of a namespace's installer account.
func InstallerUser(namespace string) string {
	return "system:serviceaccount:" + namespace + ":" + v1alpha1.InstallerName
}

// Impersonation makes a transport honour AsInstaller. One client, one connection
// pool and one RESTMapper then serve every tenant: who asks is but a header.
func Impersonation(next http.RoundTripper) http.RoundTripper {
	return impersonation{next}
}

type impersonation struct{ next http.RoundTripper }

// RoundTrip sends the request on, as the installer where its context says so.
func (i impersonation) RoundTrip(req *http.Request) (*http.Response, error) {
	namespace, ok := req.Context().Value(installerKey{}).(string)
	if !ok {
		return i.next.RoundTrip(req)
	}
	clone := req.Clone(req.Context())
	clone.Header.Set("Impersonate-User", InstallerUser(namespace))
	return i.next.RoundTrip(clone)
}

// Always makes a transport, which honours AsInstaller, send each request as the installer of a namespace.
func Always(namespace string, next http.RoundTripper) http.RoundTripper {
	return always{namespace: namespace, next: next}
}

type always struct {
	namespace string
	next      http.RoundTripper
}

// RoundTrip sends the request on, as the installer.
func (a always) RoundTrip(req *http.Request) (*http.Response, error) {
	return a.next.RoundTrip(req.WithContext(AsInstaller(req.Context(), a.namespace)))
}
