package contract

import (
	"strings"
	"testing"
)

func TestMentions(t *testing.T) {
	in := func(namespace, env string) string {
		return strings.Replace(web("{containers: [{name: c, image: ghcr.io/shop/x, env: ["+env+"]}]}"), "name: web}", "name: web, namespace: "+namespace+"}", 1)
	}
	const field = "Deployment/web: spec.template.spec.containers[0].env[0].value"
	for _, tc := range []struct{ reason, objects, says string }{
		{"nothing names it", in("shop", "{name: URL, value: 'http://db:80'}"), ""},
		{"the address of a Service does", in("shop", "{name: URL, value: 'http://db.shop.svc'}"), field + ": it names the namespace shop, which is taken off"},
		{"a variable does", in("shop", "{name: POD_NAMESPACE, value: shop}"), field},
		{"a word that is no namespace", in("shop", "{name: KIND, value: shop}"), ""},
		{"a name that begins with it", in("shop", "{name: URL, value: 'http://db.shop-test.svc'}"), ""},
		{"it is the tenant's own", in("vinje-prod", "{name: URL, value: 'http://db.vinje-prod.svc'}"), ""},
		{"the API server is there everywhere", in("default", "{name: URL, value: 'https://kubernetes.default.svc'}"), ""},
		{"another Service of that namespace is not", in("default", "{name: URL, value: 'https://db.default.svc'}"), field},
		{"no object has a namespace", web("{containers: [{name: c, env: [{name: URL, value: 'http://db.shop.svc'}]}]}"), ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			found := Mentions(parse(t, tc.objects), "vinje-prod")
			if text := Text(found); (text == "") != (tc.says == "") || !strings.Contains(text, tc.says) || len(Refusals(found)) > 0 {
				t.Errorf("it says %q, want the warning %q", text, tc.says)
			}
		})
	}
}
