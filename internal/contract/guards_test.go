package contract

import (
	"fmt"
	"testing"
)

// What keeps strangers out of an app is never taken out by a program.
func TestWhoMayComeInIsNotTakenOut(t *testing.T) {
	for _, tc := range []struct {
		reason, key, value string
		isTakenOut         bool
	}{
		{"a login of ingress-nginx", "nginx.ingress.kubernetes.io/auth-url", "x", false},
		{"one of Traefik", "traefik.ingress.kubernetes.io/router.middlewares", "x", false},
		{"a list of addresses", "haproxy.org/whitelist", "x", false},
		{"a certificate's issuer", "cert-manager.io/cluster-issuer", "x", true},
		{"a snippet that shapes answers", "nginx.ingress.kubernetes.io/configuration-snippet", "more_set_headers 'X-Frame-Options: DENY';\nproxy_set_header X-Return 1;", true},
		{"a snippet that closes a path", "nginx.ingress.kubernetes.io/server-snippet", "location /metrics { deny all; }", false},
		{"one that does so by its answer", "nginx.ingress.kubernetes.io/server-snippet", "location /metrics { RETURN 404; }", false},
		{"one that answers itself", "nginx.ingress.kubernetes.io/server-snippet", "location /ping { return 200; }", true},
		{"one that asks another who it is, on a line of its own", "nginx.ingress.kubernetes.io/configuration-snippet", "# login\nauth_request /login;", false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			object := fmt.Sprintf("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {%s: %q}}}", tc.key, tc.value)
			count := 0
			for _, f := range Check(parse(t, object), terms()) {
				if f.Rule != "annotations" {
					continue
				}
				count++
				if isTakenOut := len(f.Patch) > 0; isTakenOut != tc.isTakenOut {
					t.Errorf("%s: taken out %t, want %t", f.Problem, isTakenOut, tc.isTakenOut)
				}
			}
			if count != 1 {
				t.Errorf("%d findings on the annotation, want 1", count)
			}
		})
	}
}
