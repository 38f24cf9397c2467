package contract

import (
	"fmt"
	"testing"
)

// What keeps strangers out of an app is never taken out by a program.
func TestWhoMayComeInIsNotTakenOut(t *testing.T) {
	for _, tc := range []struct {
		reason, key string
		isTakenOut  bool
	}{
		{"a login of ingress-nginx", "nginx.ingress.kubernetes.io/auth-url", false},
		{"one of Traefik", "traefik.ingress.kubernetes.io/router.middlewares", false},
		{"a list of addresses", "haproxy.org/whitelist", false},
		{"a certificate's issuer", "cert-manager.io/cluster-issuer", true},
		{"a snippet", "nginx.ingress.kubernetes.io/configuration-snippet", true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			object := fmt.Sprintf("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {%s: x}}}", tc.key)
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
